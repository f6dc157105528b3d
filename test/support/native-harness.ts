// The harness over the real native code: EAL without root, DPDK's net_ring ports, lcores and slow path stepped by hand.
import type { Method, Params, Result } from '../../api/index.js';
import { DpvsError, methods } from '../../api/index.js';
import { type DataplaneConfig, defaultConfig, type PortConfig } from '../../dataplane/config/index.js';
import { type Change, DesiredState } from '../../dataplane/control/index.js';
import { KernelMirror } from '../../dataplane/kernel-mirror/index.js';
import {
  createHandlers,
  type Handlers,
  Mutations,
  mtuOf,
  nativeConfig,
  type RunningPort,
  slowPathOptions,
  Traffic,
} from '../../dataplane/node/index.js';
import { type Notice, type Queries, SlowPath, type SlowPathOptions } from '../../dataplane/slowpath/index.js';
import { silentLog } from '../../log/index.js';
import { Counters, createContext, loadLibrary, portInfo, startEal, usage } from '../../native/index.js';
import type { Harness, HarnessOptions, HarnessPort, PortName } from './harness.js';

const MACS: Readonly<Record<PortName, string>> = {
  dpdk0: '02:dd:00:00:00:00',
  dpdk1: '02:dd:00:00:00:01',
  'dpdk0.kni': '02:dd:00:00:00:00',
  'dpdk1.kni': '02:dd:00:00:00:01',
};
const macBytes = (mac: string): Uint8Array => Uint8Array.from(mac.split(':'), (b) => Number.parseInt(b, 16));
const FRAME_ROOM = 16384;

let ealStarted = false;

/** The slow path in this thread; a restart throws the old object away as a crash would. */
class SteppedSlowPath {
  #slowPath: SlowPath;
  readonly #options: SlowPathOptions;
  readonly #snapshot: () => readonly Change[];
  generation = 1;
  readonly running = true;
  readonly lastAnswer = Date.now();
  crashOnNextChange = false;
  readonly notices: Notice[] = [];

  constructor(options: SlowPathOptions, snapshot: () => readonly Change[]) {
    this.#options = options;
    this.#snapshot = snapshot;
    this.#slowPath = new SlowPath(options, (notice) => this.notices.push(notice));
    this.#slowPath.start(snapshot(), false);
  }

  async apply(changes: readonly Change[]): Promise<void> {
    if (this.crashOnNextChange) {
      this.crashOnNextChange = false;
      await this.restart();
      throw new DpvsError('slow_path_down');
    }
    this.#slowPath.apply(changes);
  }
  async query<Q extends keyof Queries>(name: Q, params: Queries[Q]['params']): Promise<Queries[Q]['result']> {
    return this.#slowPath.query(name, params);
  }
  async restart(): Promise<{ downMs: number }> {
    this.generation++;
    this.#slowPath = new SlowPath(this.#options, (notice) => this.notices.push(notice));
    this.#slowPath.start(this.#snapshot(), true);
    return { downMs: 0 };
  }
  async whenRunning(): Promise<void> {}
  turn(): number {
    return this.#slowPath.turn();
  }
}

const camel = (word: string): string => word.replace(/_(.)/g, (_, c: string) => c.toUpperCase());

function configFor(options: HarnessOptions): DataplaneConfig {
  const base = defaultConfig();
  const port = (name: string, n: number): PortConfig => ({
    ...(base.ports[0] ?? {
      promisc: false,
      allmulticast: false,
      rx: { queues: 1, descriptors: 256, rss: ['all'] },
      tx: { queues: 1, descriptors: 512, mbufFastFree: true },
    }),
    name,
    hardware: { kind: 'index', index: n },
    kniName: `${name}.kni`,
    mtu: options.mtu ?? 1500,
  });
  const connections = options.connections ?? 4096;
  const timeouts = Object.fromEntries(Object.entries(options.tcpTimeouts ?? {}).map(([k, v]) => [camel(k), v]));
  return {
    ...base,
    pools: { packets: 8191, packetCache: 256, connections, flows: options.flows ?? 2 * connections },
    kni: { enabled: options.kni ?? true, driver: 'tap', keep: false, mirrorRoutes: true },
    ports: [port('dpdk0', 0), port('dpdk1', 1)],
    workers: [
      { name: 'cpu0', role: 'master', cpu: 0, queues: [] },
      ...Array.from({ length: options.lcores ?? 1 }, (_, i) => ({
        name: `cpu${i + 1}`,
        role: 'slave' as const,
        cpu: i + 1,
        queues: [],
      })),
    ],
    neighbour: {
      unresolvedQueue: options.unresolvedQueue ?? base.neighbour.unresolvedQueue,
      reachable: options.neighbourTimeout ?? base.neighbour.reachable,
    },
    ipv4: {
      forwarding: options.forwarding ?? base.ipv4.forwarding,
      defaultTtl: options.defaultTtl ?? base.ipv4.defaultTtl,
    },
    conn: {
      ...base.conn,
      initTimeout: options.connInitTimeout ?? base.conn.initTimeout,
      decrementTtl: options.decrementTtl ?? base.conn.decrementTtl,
      tcp: { ...base.conn.tcp, ...timeouts },
      udp: { ...base.conn.udp, ...options.udpTimeouts },
    },
  };
}

/** As it is now: a test may have given it another MAC. */
const portOf = (slot: number | undefined, mac: string, mtu: number): HarnessPort => ({
  get mac() {
    return slot === undefined ? mac : (portInfo(slot)?.mac ?? mac);
  },
  get mtu() {
    return slot === undefined ? mtu : (portInfo(slot)?.mtu ?? mtu);
  },
});

function makePorts(config: DataplaneConfig): Map<PortName, number> {
  const library = loadLibrary();
  const slots = new Map<PortName, number>();
  const make = (name: PortName): number => {
    const slot = library.dp_test_port(`t_${name.replace('.', '_')}`, macBytes(MACS[name])) as number;
    if (slot < 0) throw new Error(`test port ${name}: ${slot}`);
    slots.set(name, slot);
    return slot;
  };
  const start = (slot: number): void => {
    const rc = library.dp_port_start(slot, 1, 1, 256, 256, config.ports[0].mtu, 0, 0) as number;
    if (rc !== 0) throw new Error(`starting test port ${slot}: ${rc}`);
  };
  for (const name of ['dpdk0', 'dpdk1'] as const) {
    const slot = make(name);
    start(slot);
    library.dp_lcore_poll(0, slot, 0);
    if (!config.kni.enabled) continue;
    const kni = make(`${name}.kni`);
    library.dp_port_pair(slot, kni);
    start(kni);
    library.dp_lcore_poll(0, kni, 0);
  }
  return slots;
}

export function createHarness(options: HarnessOptions = {}): Harness {
  const config = configFor(options);
  const library = loadLibrary();
  if (!ealStarted) {
    startEal({ lcores: '0@0', huge: false, memoryMb: 256, pci: false, filePrefix: `dpvs-test-${process.pid}` });
    ealStarted = true;
  }
  createContext({ ...nativeConfig(config), ...options.native });
  const lcores = options.lcores ?? 1;
  for (let i = 0; i < lcores; i++) library.dp_lcore_add(0);
  const slots = makePorts(config);
  const ports: RunningPort[] = config.ports.map((port) => ({
    config: port,
    index: slots.get(port.name as PortName)!,
    mac: MACS[port.name as PortName],
    mtu: port.mtu,
    maxMtu: { mtu: portInfo(slots.get(port.name as PortName)!)!.maxMtu, why: 'its driver takes no more' },
    kniIndex: slots.get(`${port.name}.kni` as PortName) ?? null,
  }));
  const desired = new DesiredState(ports.map(({ config: { name }, mtu, maxMtu }) => ({ name, mtu, maxMtu })));
  const mirror = new KernelMirror({
    ports: ports.map(({ config: { name, kniName } }) => ({ name, kniName })),
    routes: true,
    hidden: (key) => desired.hasRoute(key),
  });
  const snapshot = (): Change[] => [...desired.snapshot(), ...mirror.snapshot()];
  const slowPath = new SteppedSlowPath(slowPathOptions(config, ports, 1), snapshot);
  const log = silentLog();
  const counters = new Counters();
  const journal = { append: async () => {} };
  let kniRefuses = false;
  const mutations = new Mutations({
    ...{ desired, mirror, slowPath, journal, ports, log },
    kni: {
      set: async () => {
        if (!kniRefuses) return;
        kniRefuses = false;
        throw new Error('set link: EINVAL');
      },
    },
    onChanged: () => {},
    onMirrored: () => {},
  });
  const { tcp, udp } = config.conn;
  const timeouts = { tcp: tcp.established, tcpfin: tcp.finWait, udp: udp.normal };
  const status = (): never => {
    throw new Error('not in the harness');
  };
  const handlers: Handlers = createHandlers(
    {
      desired,
      slowPath,
      mirror,
      traffic: new Traffic(counters),
      mutations,
      groups: { list: () => [] },
      counters,
      config,
      ports,
      mtuOf: (device) => mtuOf(ports, device),
      log,
      status,
      farewell: { attach: status, release: status },
      shutdown: status,
      timeouts,
    },
    Object.keys(methods) as Method[],
  );
  const frame = new Uint8Array(FRAME_ROOM);
  const portsByName = Object.fromEntries(
    (Object.keys(MACS) as PortName[]).map((name): [PortName, HarnessPort] => [
      name,
      portOf(slots.get(name), MACS[name], config.ports[0].mtu),
    ]),
  ) as Record<PortName, HarnessPort>;

  const round = (): number => {
    let moved = 0;
    for (let i = 0; i < lcores; i++) moved += library.dp_test_turn(i) as number;
    return moved + slowPath.turn();
  };
  const settle = (): void => {
    // A round hands at most a burst of each queue on; quiet twice in a row means nothing is left anywhere.
    let quiet = 0;
    for (let n = 0; n < 100_000 && quiet < 2; n++) {
      const moved = round();
      const waiting = (library.dp_test_queued() as number) + (library.dp_test_unread() as number);
      quiet = moved + waiting === 0 ? quiet + 1 : 0;
    }
  };
  const held = async (): Promise<number> => {
    const { total, free } = usage().buffers;
    return total - free - (library.dp_test_unread() as number) - (library.dp_test_unsent() as number);
  };

  return {
    ports: portsByName,
    configure: async <M extends Method>(method: M, params: Params<M>) => {
      const parsed = methods[method].params.parse(params) as Params<M>;
      return (await (handlers[method] as (p: Params<M>) => Promise<unknown>)(parsed)) as Result<M>;
    },
    send(port, frames) {
      for (const bytes of frames) {
        const rc = library.dp_test_send(slots.get(port)!, bytes, bytes.length) as number;
        if (rc !== 0) throw new Error(`send on ${port}: ${rc}`);
      }
    },
    step(rounds) {
      if (rounds === undefined) settle();
      else for (let i = 0; i < rounds; i++) round();
    },
    receive(port) {
      const out: Uint8Array[] = [];
      const slot = slots.get(port);
      if (slot === undefined) return out;
      for (;;) {
        const n = library.dp_test_receive(slot, frame, frame.length) as number;
        if (n < 0) return out;
        out.push(frame.slice(0, n));
      }
    },
    counters: () => counters.all(),
    held,
    advance(ms) {
      for (let left = ms; left > 0; left -= 100) {
        library.dp_test_advance(Math.min(100, left));
        settle();
      }
    },
    async connections() {
      const all = [];
      let cursor: number | null = 1;
      while (cursor !== null) {
        const page: Result<'conn.list'> = await handlers['conn.list']({ cursor });
        all.push(...page.connections);
        cursor = page.nextCursor;
      }
      return all;
    },
    async kernelAddress(event) {
      mirror.addressChanged({
        ...event,
        kni: `${event.port}.kni`,
        family: event.address.includes(':') ? 'inet6' : 'inet',
      });
      mutations.followKernel();
      await mutations.settled();
    },
    async kernelRoutes(routes) {
      mirror.routesRead(routes);
      mutations.followKernel();
      await mutations.settled();
    },
    async restartSlowPath() {
      await slowPath.restart();
      settle();
    },
    notices: () => slowPath.notices.splice(0),
    crashOnNextChange() {
      slowPath.crashOnNextChange = true;
    },
    refuseNextKni() {
      kniRefuses = true;
    },
    close() {
      library.dp_test_destroy();
    },
  };
}
