// What the control thread asks of the slow path: counts, pools, neighbours, connections.
import type { ConnectionInfo, Endpoint, NeighbourInfo, ServiceKey } from '../../api/index.js';
import { loadLibrary, usage } from '../../native/index.js';
import { type AddressTable, formatIp, formatMac, type Ip, parseIp } from '../inet/index.js';
import { Protocol, type SaPoolTable, ServerFlag, type Service, type ServiceTable } from '../ipvs/index.js';
import { type ConnSummaryPart, connSummary } from './conn-summary.js';
import { ConnFlag, type ConnView, TCP_STATES } from './conn-view.js';
import type { NextHops } from './next-hops.js';
import type { Scheduling } from './scheduling.js';
import { type ServiceHealthRuntime, serviceHealth } from './service-health.js';
import { keyOf, matchOf, protocolNames } from './service-key.js';

export interface ServiceRuntime {
  readonly service: ServiceKey;
  readonly servers: readonly {
    readonly address: string;
    readonly port: number;
    /** Slot of its counters. */
    readonly dest: number;
    readonly active: number;
    readonly inactive: number;
    readonly overload: boolean;
    readonly inhibited: boolean;
  }[];
  readonly laddrs: readonly { readonly address: string; readonly device: string; readonly conns: number }[];
}

export interface PoolRuntime {
  readonly address: string;
  readonly used: number;
  readonly free: number;
  readonly miss: number;
}

export interface ConnPage {
  readonly connections: ConnectionInfo[];
  readonly nextCursor: number | null;
}

/** Question → answer, by name. */
export interface Queries {
  services: { params: Record<string, never>; result: ServiceRuntime[] };
  pools: { params: Record<string, never>; result: PoolRuntime[] };
  neighbours: { params: { device?: string }; result: NeighbourInfo[] };
  flushNeighbours: { params: { device?: string }; result: number };
  connections: { params: { service?: ServiceKey; cursor?: number; limit?: number }; result: ConnPage };
  serviceHealth: { params: Record<string, never>; result: ServiceHealthRuntime[] };
  /** Counter slots of all real servers. */
  dests: { params: Record<string, never>; result: number[] };
  connSummary: { params: { addresses: readonly string[]; cursor?: number }; result: ConnSummaryPart };
  /** Answers at once: the control thread's proof that the slow path is alive. */
  ping: { params: Record<string, never>; result: number };
}

export interface QueryParts {
  readonly services: ServiceTable;
  readonly sapools: SaPoolTable;
  readonly addresses: AddressTable;
  readonly nextHops: NextHops;
  readonly scheduling: Scheduling;
  readonly conns: ConnView;
  readonly now: () => number;
}

const UDP_STATES = ['ONEWAY', 'ONEWAY', 'NORMAL'] as const;
/** Records looked at in one page at most, so that a listing never stalls new connections for long. */
const PAGE_SCAN = 262_144;

export function answerQuery<Q extends keyof Queries>(
  parts: QueryParts,
  name: Q,
  params: Queries[Q]['params'],
): Queries[Q]['result'];
export function answerQuery(parts: QueryParts, name: keyof Queries, params: Queries[keyof Queries]['params']): unknown {
  switch (name) {
    case 'services':
      return parts.services.list().map((service) => serviceRuntime(parts, service));
    case 'pools':
      return parts.addresses
        .list()
        .filter((a) => a.sapool)
        .map((a) => ({ address: formatIp(a.address), ...parts.sapools.get(a.address)!.counters() }));
    case 'neighbours':
      return neighbours(parts, (params as Queries['neighbours']['params']).device);
    case 'flushNeighbours': {
      const before = parts.nextHops.neighbours.size;
      parts.nextHops.neighbours.flush((params as Queries['flushNeighbours']['params']).device);
      return before - parts.nextHops.neighbours.size;
    }
    case 'connections':
      return page(parts, params as Queries['connections']['params']);
    case 'serviceHealth':
      return serviceHealth(parts);
    case 'dests':
      return parts.services.list().flatMap(({ members, count }) => [...members.subarray(0, count)]);
    case 'connSummary': {
      const { addresses, cursor } = params as Queries['connSummary']['params'];
      return connSummary(parts, new Set(addresses), cursor);
    }
    case 'ping':
      return parts.now();
  }
}

function serviceRuntime(parts: QueryParts, service: Service): ServiceRuntime {
  const { dests } = parts.services;
  parts.scheduling.sync(service);
  return {
    service: keyOf(service),
    servers: [...service.members.subarray(0, service.count)].map((dest) => ({
      address: formatIp(dests.address(dest)),
      port: dests.ports[dest],
      dest,
      active: dests.active[dest],
      inactive: dests.inactive[dest],
      overload: (dests.flags[dest] & ServerFlag.OVERLOAD) !== 0,
      inhibited: (dests.flags[dest] & ServerFlag.INHIBITED) !== 0,
    })),
    laddrs: service.laddrs.list().map(({ address, device, conns }) => ({ address: formatIp(address), device, conns })),
  };
}

function neighbours(parts: QueryParts, device: string | undefined): NeighbourInfo[] {
  return parts.nextHops.neighbours.list(device).map((n) => ({
    address: formatIp(n.ip),
    mac: n.mac === null ? null : formatMac(n.mac),
    device: n.device,
    state: n.state,
    static: n.state === 'STATIC',
    core: 0,
  }));
}

function page(parts: QueryParts, params: Queries['connections']['params']): ConnPage {
  const { conns } = parts;
  const limit = params.limit ?? 4096;
  const { highestConnection } = usage();
  const wanted = params.service === undefined ? undefined : wantedOf(parts, params.service);
  const connections: ConnectionInfo[] = [];
  let conn = params.cursor ?? 1;
  const end = Math.min(highestConnection, conn + PAGE_SCAN - 1);
  for (; conn <= end && connections.length < limit; conn++) {
    if ((conns.byte(conn, 'flags') & ConnFlag.used) === 0) continue;
    if (wanted !== undefined && !wanted(conn)) continue;
    connections.push(connectionInfo(parts, conn));
  }
  return { connections, nextCursor: conn <= highestConnection ? conn : null };
}

/** Also connections to servers that were removed. */
function wantedOf({ conns, services }: QueryParts, key: ServiceKey): (conn: number) => boolean {
  if (key.protocol === 'match') {
    const { digest } = matchOf(key.match);
    return (conn) => services.serviceOf(conns.word(conn, 'dest'))?.match?.digest === digest;
  }
  const [proto, vip, port] = [Protocol[key.protocol], parseIp(key.address), key.port];
  return (conn) => {
    const { dst, dport } = conns.key(conns.word(conn, 'flowIn'));
    return conns.byte(conn, 'proto') === proto && dst === vip && dport === port;
  };
}

function connectionInfo(parts: QueryParts, conn: number): ConnectionInfo {
  const { conns } = parts;
  const { client, vip, lip, rip } = endsOf(conns, conn);
  const tcp = conns.byte(conn, 'proto') === Protocol.tcp;
  const state = conns.byte(conn, 'state');
  // Modulo 2^32, as both are; below zero when an lcore stamped it just now.
  const idle = ((loadLibrary().dp_clock_ms() as number) - conns.word(conn, 'lastSeen')) | 0;
  return {
    lcore: conns.byte(conn, 'lcore') + 1,
    protocol: protocolNames[conns.byte(conn, 'proto') as Protocol],
    state: tcp ? TCP_STATES[state] : UDP_STATES[state],
    expires: Math.max(0, Math.ceil((conns.timeoutMs(conn) - idle) / 1000)),
    client,
    vip,
    lip,
    rip,
  };
}

const end = (address: Ip, port: number): Endpoint => ({ address: formatIp(address), port });

/** Of two ways the answers' entry tells them alike for all protocols: in that of the others ICMP has its identifier elsewhere. */
function endsOf(conns: ConnView, conn: number): Pick<ConnectionInfo, 'client' | 'vip' | 'lip' | 'rip'> {
  const flow = conns.word(conn, conns.isOneWay(conn) ? 'flowIn' : 'flowOut');
  const key = conns.key(flow);
  const to = conns.rewrite(flow);
  if (conns.isOneWay(conn)) {
    // As the reference: the server sees the client's own address.
    const client = end(key.src, key.sport);
    return { client, vip: end(key.dst, key.dport), lip: client, rip: end(to.dst, to.dport) };
  }
  return {
    client: end(to.dst, to.dport),
    vip: end(to.src, to.sport),
    lip: end(key.dst, key.dport),
    rip: end(key.src, key.sport),
  };
}
