// A mock of the dataplane's control API for tests of the routing bridge: services, links and routes are tables, no packet is forwarded.
// The serving side (socket, validation, answers) and the event socket are the real ones.
import { DpvsError, methods, type Params, type RouteInfo } from '../../../api/index.js';
import { ApiServer, EventPublisher } from '../../../api/server.js';
import { silentLog } from '../../../log/index.js';

const table = {
  'service.list': methods['service.list'],
  'service.health': methods['service.health'],
  'node.attach': methods['node.attach'],
  'node.released': methods['node.released'],
  batch: methods.batch,
  'link.list': methods['link.list'],
  'node.status': methods['node.status'],
  'route.list': methods['route.list'],
  'route.add': methods['route.add'],
  'route.del': methods['route.del'],
} as const;

const zero = { conns: 0, inPkts: 0, outPkts: 0, inBytes: 0, outBytes: 0 };
const rates = { cps: 0, inPps: 0, outPps: 0, inBps: 0, outBps: 0 };

export interface MockServer {
  readonly weight: number;
  readonly inhibited: boolean;
}
export const healthy: MockServer = { weight: 1, inhibited: false };
export const sick: MockServer = { weight: 1, inhibited: true };

export class MockDataplane {
  readonly vips = new Set<string>();
  readonly links = new Map([
    ['dpdk0', { up: true, kni: 'dpdk0.kni' as string | null }],
    ['dpdk1', { up: true, kni: 'dpdk1.kni' as string | null }],
  ]);
  /** Of every service that has none of its own. */
  servers: MockServer[] = [healthy, healthy];
  /** Ports of the services on a VIP; 80 alone where nothing is said. */
  readonly ports = new Map<string, readonly number[]>();
  /** By `VIP:port`. */
  readonly #ownServers = new Map<string, readonly MockServer[]>();
  /** By VIP, of its first service. */
  readonly #ownFlows = new Map<string, { readonly live: number; readonly perSecond: number }>();
  localPorts = { used: 0, free: 64511 };
  /** Live connections of every service, but those that are said by VIP. */
  flows = 0;
  stopping = false;
  released = false;
  routes: RouteInfo[] = [];
  problems: string[] = [];
  #going: Promise<void> = Promise.resolve();
  goOn: () => void = () => {};
  #server: ApiServer<typeof table> | null = null;
  #events: EventPublisher | null = null;

  /** @param runDirectory DPVS_RUN_DIR of the programs that are to find it */
  constructor(
    readonly name: string,
    readonly runDirectory: string,
  ) {}

  async start(): Promise<void> {
    const log = silentLog();
    this.#server = await ApiServer.listen({
      endpoint: `ipc://${this.runDirectory}/${this.name}.sock`,
      methods: table,
      checkResults: true,
      log,
      handlers: this.#held({
        'service.list': async () => this.#services(),
        'link.list': async ({ name }) => this.#links().filter((link) => name === undefined || link.name === name),
        'node.status': async () => this.#status(),
        'route.list': async ({ device }) =>
          this.routes.filter((route) => device === undefined || route.device === device),
        'service.health': async () =>
          this.#each((address, port, servers, at) => {
            const { live, perSecond } = (at === 0 && this.#ownFlows.get(address)) || { live: this.flows, perSecond: 0 };
            return {
              service: { protocol: 'tcp' as const, address, port },
              servers: servers.length,
              healthy: servers.filter(({ weight, inhibited }) => weight > 0 && !inhibited).length,
              localPorts: this.localPorts,
              cps: perSecond,
              ...{ activeConns: Math.ceil(live / 2), inactiveConns: Math.floor(live / 2) },
            };
          }),
        'node.attach': async () => ({ leaseMs: 10_000 }),
        'node.released': async () => {
          this.released = true;
          return {};
        },
        'route.add': async (params) => this.#addRoute(params),
        'route.del': async (params) => this.#deleteRoute(params),
        batch: async ({ requests }) => {
          const before = this.routes;
          this.routes = [...before];
          try {
            for (const { method, params } of requests) {
              if (method === 'route.add') this.#addRoute(params);
              else if (method === 'route.del') this.#deleteRoute(params);
              else throw new DpvsError('not_support', method);
            }
          } catch (error) {
            this.routes = before;
            throw error;
          }
          return {};
        },
      }),
    });
    this.#events = await EventPublisher.listen({
      endpoint: `ipc://${this.runDirectory}/${this.name}.events.sock`,
      log,
    });
  }

  /** Like a process that is stopped: the socket is there, and nothing is answered before `goOn`. */
  hang(): void {
    this.#going = new Promise((resolve) => {
      this.goOn = () => resolve();
    });
  }

  #held<H extends Record<string, (params: never) => Promise<unknown>>>(handlers: H): H {
    const held = Object.entries(handlers).map(([method, handler]) => {
      const answer = async (params: never): Promise<unknown> => {
        await this.#going;
        return handler(params);
      };
      return [method, answer];
    });
    return Object.fromEntries(held) as H;
  }

  async stop(): Promise<void> {
    await this.#server?.close(100);
    await this.#events?.close();
    this.#server = null;
    this.#events = null;
  }

  #addRoute({ destination, device, scope = 'link' }: Params<'route.add'>): Record<string, never> {
    if (this.#find(destination, device) !== undefined) throw new DpvsError('already_exist', destination);
    if (!this.links.has(device)) throw new DpvsError('no_device', device);
    const rest = { gateway: '0.0.0.0', source: '0.0.0.0', mtu: 1500, tos: 0, metric: 0, onlink: false } as const;
    this.routes.push({ destination, device, scope, proto: 'auto', ...rest });
    return {};
  }

  #deleteRoute({ destination, device }: Params<'route.del'>): Record<string, never> {
    const found = this.#find(destination, device);
    if (found === undefined) throw new DpvsError('not_exist', destination);
    this.routes = this.routes.filter((route) => route !== found);
    return {};
  }

  setService(vip: string, exists: boolean): void {
    if (exists) this.vips.add(vip);
    else this.vips.delete(vip);
    this.#events?.publish('service', { vip });
  }

  setServers(...servers: MockServer[]): void {
    this.servers = servers;
    this.#events?.publish('server', {});
  }

  setLocalPorts(free: number, used: number): void {
    this.localPorts = { free, used };
    this.#events?.publish('service', {});
  }

  /** @param service `VIP:port` */
  setServersOf(service: string, ...servers: MockServer[]): void {
    this.#ownServers.set(service, servers);
    this.#events?.publish('server', {});
  }

  /** No event: the bridge has to look. */
  setFlows(vip: string, live: number, perSecond: number): void {
    this.#ownFlows.set(vip, { live, perSecond });
  }

  kniRoutes(): string[] {
    return this.routes
      .filter(({ scope }) => scope === 'kni_host')
      .map(({ destination, device }) => `${destination} ${device}`);
  }

  #find(destination: string, device: string): RouteInfo | undefined {
    return this.routes.find((route) => route.destination === destination && route.device === device);
  }

  #each<T>(service: (address: string, port: number, servers: readonly MockServer[], at: number) => T): T[] {
    return [...this.vips].flatMap((address) =>
      (this.ports.get(address) ?? [80]).map((port, at) =>
        service(address, port, this.#ownServers.get(`${address}:${port}`) ?? this.servers, at),
      ),
    );
  }

  #services() {
    return this.#each((address, port, servers) => ({
      service: { protocol: 'tcp' as const, address, port },
      scheduler: 'rr' as const,
      connTimeout: null,
      servers: servers.map(({ weight, inhibited }, i) => ({
        ...{ address: `192.168.100.${i + 2}`, port: 80, forwarding: 'FullNat' as const, weight, inhibited },
        ...{ upperThreshold: 0, lowerThreshold: 0, activeConns: 0, inactiveConns: 0, overload: false },
        stats: zero,
        rates,
      })),
      localAddresses: 1,
      stats: zero,
      rates,
    }));
  }

  #links() {
    return [...this.links].map(([name, { up, kni }], index) => ({
      index,
      name,
      socket: 0,
      mtu: 1500,
      rxQueues: 1,
      txQueues: 1,
      up,
      speedMbps: 10000,
      fullDuplex: true,
      autoneg: false,
      promisc: false,
      allmulticast: false,
      forward2kni: false,
      mac: '02:00:00:00:00:01',
      offloads: [],
      driver: 'mock',
      hardware: 'mock',
      kni,
      mbufAvail: 0,
      mbufInuse: 0,
      stats: { ipackets: 0, opackets: 0, ibytes: 0, obytes: 0, ierrors: 0, oerrors: 0, imissed: 0, rxNombuf: 0 },
    }));
  }

  #status() {
    return {
      name: this.name,
      version: 'mock',
      pid: process.pid,
      startedAt: new Date().toISOString(),
      serving: this.problems.length === 0 && !this.stopping,
      stopping: this.stopping,
      problems: this.problems,
      problemPorts: this.problems.map(() => null),
      slowPath: { state: 'running' as const, generation: 1, lastAnswerMs: 0 },
      ports: [...this.links].map(([name, { up, kni }]) => ({ name, up, kni, kniUp: up })),
      services: this.vips.size,
      connections: { used: 0, capacity: 1 },
      flows: { used: 0, capacity: 1 },
      logLevel: 'info',
    };
  }
}
