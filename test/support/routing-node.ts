// A node as the routing bridge sees it, of several ports: kernel, dataplane and ospfd as sets, each of which may fail or be silent.
import { type DataplaneApi, DpvsError, type Method } from '../../api/index.js';
import { type KernelAddress, KernelError, type KernelEvent, type Rtnetlink } from '../../kni/index.js';
import type { Announcement, Driver } from '../../routing/drivers/driver.js';
import type { Neighbour } from '../../routing/frr-output.js';
import type { Target } from '../../routing/targets.js';
import { Pace, type Tools } from '../../routing/tools.js';
import { VtyshError } from '../../routing/vtysh.js';

export interface ModelService {
  readonly healthy: number;
  readonly servers?: number;
  readonly flows?: number;
  readonly newPerSecond?: number;
}

const ownId = '10.0.0.1';
const ownMetric = 20;
const worseMetric = 1_000;

export const targetOn = (vip: string, device = 'dpdk1'): Target => ({ vip, ports: [{ device, kni: `${device}.kni` }] });

export const fullNeighbour = (device = 'dpdk1'): Neighbour => ({
  ...{ routerId: '10.9.9.9', address: '172.10.0.1', state: 'Full/-', full: true, unacknowledged: 0 },
  interface: `${device}.kni`,
});

export class ModelNode {
  /** `dpdk1.kni 123.1.2.3` */
  readonly addresses = new Set<string>();
  /** `dpdk1 123.1.2.3/32` */
  readonly routes = new Set<string>();
  readonly permitted = new Set<string>();
  readonly worse = new Set<string>();
  /** VIPs in ospfd's own database. */
  readonly lsas = new Set<string>();
  /** Router ids of other nodes that announce a VIP; the default for those that are not named. */
  readonly others = new Map<string, readonly string[]>();
  defaultOthers: readonly string[] = ['10.0.0.2'];
  routerId = ownId;
  /** Whose LSAs are in its database, instead of `others`; this node among them. Each is as old as `lagMs`. */
  area: { readonly nodes: Set<ModelNode>; readonly lagMs: number } | null = null;
  /** What it has announced, and since when. */
  readonly #past: { readonly at: number; readonly metrics: ReadonlyMap<string, number> }[] = [];
  readonly services = new Map<string, ModelService>();
  neighbours: Neighbour[] = [fullNeighbour()];
  readonly ports = new Map([
    ['dpdk0', { up: true }],
    ['dpdk1', { up: true }],
  ]);
  /** What the dataplane says of itself; null: it does not answer. */
  dataplane: { serving: boolean; stopping: boolean; problems: string[] } | null = {
    ...{ serving: true, stopping: false, problems: [] },
  };
  ospfdRuns = true;
  /** Whether ospfd announces what it may, and worse when told. */
  ospfdObeys = true;
  /** What was called, in order: `route.add 123.1.2.3/32`. */
  readonly calls: string[] = [];
  /** Throws to let a call fail. */
  interfere: (call: string, index: number) => void = () => {};
  #listener: ((event: KernelEvent) => void) | null = null;

  /** Everything that can be changed, for comparing. */
  get state(): Readonly<Record<'addresses' | 'routes' | 'permitted' | 'worse' | 'lsas', string[]>> {
    const sorted = (set: ReadonlySet<string>): string[] => [...set].sort();
    const { addresses, routes, permitted, worse, lsas } = this;
    return {
      addresses: sorted(addresses),
      routes: sorted(routes),
      permitted: sorted(permitted),
      worse: sorted(worse),
      lsas: sorted(lsas),
    };
  }

  /** The calls that change something. */
  get changes(): string[] {
    return this.calls.filter((call) =>
      /^(route\.(add|del)|address\.(add|del)|permit|forbid|worsen|improve) /.test(call),
    );
  }

  tools(): Tools {
    return {
      pace: new Pace(0),
      zebraAnswers: async () => true,
      deaf: () => false,
      stopping: () => false,
      hopeless: () => false,
      dataplane: this.api,
      kernel: this.kernel,
      driver: (family) => (family === 'inet' ? this.driver : null),
    };
  }

  readonly api: DataplaneApi = {
    call: async (method: Method, params: unknown) => this.#answer(method, params) as never,
  };

  readonly kernel = {
    addresses: async (kni?: string) => {
      this.#note(`addresses ${kni ?? ''}`);
      return [...this.addresses].map(kernelAddress).filter(({ device }) => kni === undefined || device === kni);
    },
    links: async () =>
      [...this.ports].map(([name, { up }], index) => ({
        index,
        name: `${name}.kni`,
        mac: '',
        mtu: 1500,
        up,
        carrier: up,
      })),
    addAddress: async (kni: string, prefix: string) => {
      this.#note(`address.add ${prefix}`);
      const [address] = prefix.split('/');
      const key = `${kni} ${address}`;
      if (this.addresses.has(key)) throw KernelError.fromErrno('add', 17);
      this.addresses.add(key);
      if (this.permitted.has(address) && this.ospfdObeys && this.ospfdRuns) this.lsas.add(address);
      this.#flood();
      this.#emit('added', key);
    },
    deleteAddress: async (kni: string, prefix: string) => {
      this.#note(`address.del ${prefix}`);
      const [address] = prefix.split('/');
      const key = `${kni} ${address}`;
      if (!this.addresses.delete(key)) throw KernelError.fromErrno('delete', 99);
      // As long as one interface has it, ospfd announces it (FRR 8.4.4, measured).
      if (![...this.addresses].some((each) => each.endsWith(` ${address}`))) this.lsas.delete(address);
      this.#flood();
      this.#emit('removed', key);
    },
    watch: async (listener: (event: KernelEvent) => void) => {
      this.#listener = listener;
    },
    close: () => {
      this.#listener = null;
    },
  } as unknown as Rtnetlink;

  readonly driver: Driver = {
    ...{ protocol: 'ospf', form: 'redistribute', family: 'inet', daemon: 'ospfd', zebraClient: 'ospf' },
    ...{ followMs: 60, preferenceMs: 60, spreadMs: 60, floodMs: 0, drainMetric: worseMetric },
    neighbours: async () => {
      this.#ask('neighbours');
      return this.neighbours;
    },
    runsOn: async (kni) => this.neighbours.some((each) => each.interface === kni),
    obstacle: async () => {
      this.#ask('obstacle');
      return null;
    },
    permission: async (vips) => this.#change('permit', vips, (vip) => !this.permitted.has(vip)),
    prohibition: async (vips) => this.#change('forbid', vips, (vip) => this.permitted.has(vip) || this.worse.has(vip)),
    worsening: async (vips) => this.#change('worsen', vips, (vip) => !this.worse.has(vip)),
    improvement: async (vips) => this.#change('improve', vips, (vip) => this.worse.has(vip)),
    apply: async ({ lines }) => {
      for (const line of lines) {
        this.#ask(line);
        const [verb, vip] = line.split(' ');
        if (verb === 'permit') this.permitted.add(vip);
        else if (verb === 'worsen') this.worse.add(vip);
        else this.worse.delete(vip);
        if (verb !== 'forbid') continue;
        this.permitted.delete(vip);
        this.lsas.delete(vip);
      }
      this.#flood();
    },
    originated: async () => {
      this.#ask('originated');
      return new Map([...this.lsas].map((vip) => [vip, 'live' as const]));
    },
    announcers: async () => {
      this.#ask('announcers');
      const vips = new Set([...this.services.keys(), ...this.lsas]);
      return new Map([...vips].map((vip) => [vip, this.#announcementsOf(vip)]));
    },
    acknowledged: async () => true,
  };

  #announcementsOf(vip: string): Announcement[] {
    return [
      ...(this.lsas.has(vip) ? [{ router: this.routerId, metric: this.#metricOf(vip), self: true }] : []),
      ...this.#othersOf(vip),
    ];
  }

  #othersOf(vip: string): Announcement[] {
    if (this.area === null) {
      const others = this.others.get(vip) ?? this.defaultOthers;
      return others.map((router) => ({ router, metric: ownMetric, self: false }));
    }
    const { nodes, lagMs } = this.area;
    return [...nodes].flatMap((node) => {
      const metric = node === this ? undefined : node.announcedAt(performance.now() - lagMs).get(vip);
      return metric === undefined ? [] : [{ router: node.routerId, metric, self: false }];
    });
  }

  #metricOf(vip: string): number {
    return this.worse.has(vip) && this.ospfdObeys ? worseMetric : ownMetric;
  }

  /** VIP → metric, as it was. @param at `performance.now()` */
  announcedAt(at: number): ReadonlyMap<string, number> {
    return this.#past.findLast((each) => each.at <= at)?.metrics ?? new Map();
  }

  #flood(): void {
    const metrics = new Map([...this.lsas].map((vip) => [vip, this.#metricOf(vip)]));
    this.#past.push({ at: performance.now(), metrics });
  }

  #change(verb: string, vips: readonly string[], concerned: (vip: string) => boolean) {
    this.#ask(`${verb}?`);
    const some = vips.filter(concerned);
    return { lines: some.map((vip) => `${verb} ${vip}`), vips: some };
  }

  #note(call: string): void {
    this.calls.push(call);
    this.interfere(call, this.calls.length - 1);
  }

  #ask(call: string): void {
    this.#note(call);
    if (!this.ospfdRuns) throw new VtyshError('ospfd', 'down', 'it does not run');
  }

  #emit(change: 'added' | 'removed', key: string): void {
    const listener = this.#listener;
    if (listener !== null) setImmediate(() => listener({ kind: 'address', change, address: kernelAddress(key) }));
  }

  /** As the dataplane has it, a port without a link is a problem of the node. */
  #status({ serving, stopping, problems }: NonNullable<ModelNode['dataplane']>): unknown {
    const linkless = [...this.ports].filter(([, { up }]) => !up).map(([name]) => name);
    return {
      serving: serving && linkless.length === 0,
      stopping,
      problems: [...problems, ...linkless.map((name) => `${name} has no link`)],
      problemPorts: [...problems.map(() => null), ...linkless],
    };
  }

  #answer(method: Method, params: unknown): unknown {
    if (this.dataplane === null) throw new DpvsError('timeout', 'no answer');
    if (method === 'batch') {
      // All of it or nothing, as the dataplane has it.
      const before = [...this.routes];
      try {
        for (const each of (params as { requests: { method: Method; params: unknown }[] }).requests)
          this.#answer(each.method, each.params);
      } catch (error) {
        this.routes.clear();
        for (const route of before) this.routes.add(route);
        throw error;
      }
      return {};
    }
    const { destination = '', device = '', family = 'inet' } = params as Partial<Record<string, string>>;
    this.#note(`${method}${destination === '' ? '' : ` ${destination}`}`);
    const key = `${device} ${destination}`;
    switch (method) {
      case 'route.add':
        this.routes.add(key);
        return {};
      case 'route.del':
        if (!this.routes.delete(key)) throw new DpvsError('not_exist', destination);
        return {};
      case 'route.list':
        return [...this.routes]
          .map((each) => each.split(' '))
          .filter(([port]) => port === device && family === 'inet')
          .map(([port, prefix]) => ({ device: port, destination: prefix, scope: 'kni_host' }));
      case 'node.attach':
        return { leaseMs: 5_000 };
      case 'node.status':
        return this.#status(this.dataplane);
      case 'link.list':
        return [...this.ports].map(([name, { up }]) => ({ name, up, kni: `${name}.kni` }));
      case 'conn.summary':
        return {
          expires: [
            {
              below: null,
              flows: (params as { addresses: string[] }).addresses.reduce(
                (sum, vip) => sum + (this.services.get(vip)?.flows ?? 0),
                0,
              ),
            },
          ],
        };
      case 'service.health':
        return [...this.services].map(([address, { healthy, servers = healthy, flows = 0, newPerSecond = 0 }]) => ({
          service: { protocol: 'tcp', address, port: 80 },
          ...{ servers, healthy, localPorts: { free: 1_000, used: 0 } },
          ...{ cps: newPerSecond, activeConns: flows, inactiveConns: 0 },
        }));
      default:
        return {};
    }
  }
}

function kernelAddress(key: string): KernelAddress {
  const [device, address] = key.split(' ');
  return { device, address, family: 'inet', prefixLength: 32, scope: 'global' };
}
