// The control API, method by method.
import { DpvsError, type Method, type NodeStatus, type Params, type Result } from '../../api/index.js';
import type { Log } from '../../log/index.js';
import type { Counters } from '../../native/index.js';
import type { DataplaneConfig } from '../config/index.js';
import { isMutating, type MutatingMethod, type MutatingRequest } from '../control/index.js';
import type { RunningPort } from './bring-up.js';
import type { Farewell } from './farewell.js';
import { cpuInfo, linkInfo } from './links.js';
import {
  destsOf,
  type ListingParts,
  listAddresses,
  listLaddrs,
  listRoutes,
  listServiceHealth,
  listServices,
  summariseConnections,
} from './listings.js';
import type { MulticastFilters } from './multicast-filters.js';
import type { Mutations } from './mutations.js';

export type Handlers = { [M in Method]: (params: Params<M>) => Promise<Result<M>> };
type ReadMethod = Exclude<Method, MutatingMethod>;

export interface HandlerParts extends ListingParts {
  readonly mutations: Mutations;
  readonly groups: Pick<MulticastFilters, 'list'>;
  readonly counters: Counters;
  readonly config: DataplaneConfig;
  readonly ports: readonly RunningPort[];
  readonly log: Log;
  readonly status: () => Promise<NodeStatus>;
  readonly farewell: Pick<Farewell, 'attach' | 'release'>;
  readonly shutdown: () => void;
  /** Standard timeouts in seconds, which timeout.set overrides. */
  readonly timeouts: { readonly tcp: number; readonly tcpfin: number; readonly udp: number };
}

function readHandlers(parts: HandlerParts): Pick<Handlers, ReadMethod> {
  const { slowPath, desired, counters, config, ports, log, traffic } = parts;
  return {
    'addr.list': (params) => listAddresses(parts, params),
    'route.list': async (params) => listRoutes(parts, params),
    'neigh.list': ({ device }) => slowPath.query('neighbours', { device }),
    'neigh.flush': async ({ device }) => {
      await slowPath.query('flushNeighbours', { device });
      return {};
    },
    'link.list': async ({ name }) => {
      const all = ports.map((port, i) => linkInfo(port, i)).filter((link) => name === undefined || link.name === name);
      if (name !== undefined && all.length === 0) throw new DpvsError('no_device', name, 'name');
      return all;
    },
    'maddr.list': async ({ device }) => {
      const all = parts.groups.list().filter((port) => device === undefined || port.device === device);
      if (device !== undefined && all.length === 0) throw new DpvsError('no_device', device, 'device');
      return all;
    },
    'link.cpus': async () => cpuInfo(config, counters),
    'service.list': ({ service }) => listServices(parts, service),
    'service.health': () => listServiceHealth(parts),
    'service.zero': async ({ service }) => {
      traffic.zero(await destsOf(parts, service));
      return {};
    },
    'laddr.list': ({ service }) => listLaddrs(parts, service),
    'conn.list': async (params) => {
      if (params.service !== undefined) desired.service(params.service);
      return slowPath.query('connections', params);
    },
    'conn.summary': ({ addresses }) => summariseConnections(parts, addresses),
    'timeout.get': async () => {
      const set = desired.timeouts();
      const { tcp, tcpfin, udp } = parts.timeouts;
      return { tcp: set.tcp || tcp, tcpfin: set.tcpfin || tcpfin, udp: set.udp || udp };
    },
    batch: ({ requests }) => parts.mutations.runBatch(requests),
    'node.status': () => parts.status(),
    'node.counters': async () => counters.all(),
    'node.attach': async () => parts.farewell.attach(),
    'node.released': async () => {
      parts.farewell.release();
      return {};
    },
    'node.shutdown': async () => {
      parts.shutdown();
      return {};
    },
    'node.dump': async () => desired.dump(),
    'slowpath.restart': () => slowPath.restart(),
    'log.level': async ({ level }) => {
      log.level = level;
      log.event('log.level', { level });
      return {};
    },
  };
}

export function createHandlers(parts: HandlerParts, methods: readonly Method[]): Handlers {
  const handlers: Record<string, unknown> = { ...readHandlers(parts) };
  for (const method of methods)
    if (isMutating(method))
      handlers[method] = (params: unknown) => parts.mutations.run({ method, params } as MutatingRequest);
  return handlers as unknown as Handlers;
}
