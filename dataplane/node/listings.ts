// Answers that join the desired state with what the slow path and the counters know.
import type {
  AddressInfo,
  LaddrInfo,
  Params,
  Result,
  RouteInfo,
  ServerInfo,
  ServiceInfo,
  ServiceKey,
  VipKey,
} from '../../api/index.js';
import { DpvsError, serviceText } from '../../api/index.js';
import type { DesiredAddress, DesiredRoute, DesiredState, ServiceState } from '../control/index.js';
import type { KernelMirror } from '../kernel-mirror/index.js';
import {
  addTally,
  type ConnSummaryPart,
  emptyTally,
  type PoolRuntime,
  type ServiceRuntime,
  SUMMARY_SECONDS,
} from '../slowpath/index.js';
import type { SlowPathClient } from './slow-path-client.js';
import { sumRates, sumStats, type Traffic } from './traffic.js';

export interface ListingParts {
  readonly desired: DesiredState;
  readonly slowPath: SlowPathClient;
  readonly mirror: KernelMirror;
  readonly traffic: Traffic;
  /** The MTU that a port has now. */
  readonly mtuOf: (device: string) => number;
}

/** Seconds left, rounded up. */
const left = (until: number | null, now: number): 'forever' | number =>
  until === null ? 'forever' : Math.max(0, Math.ceil((until - now) / 1000));

function addressInfo(a: DesiredAddress, pools: ReadonlyMap<string, PoolRuntime>, now: number): AddressInfo {
  const pool = pools.get(a.address);
  return {
    address: a.address,
    prefixLength: a.prefixLength,
    device: a.device,
    scope: a.scope,
    broadcast: a.broadcast,
    validLifetime: left(a.validUntil, now),
    preferredLifetime: left(a.preferredUntil, now),
    sapool: a.sapool && pool !== undefined ? { used: pool.used, free: pool.free, miss: pool.miss } : null,
  };
}

/** Oldest first, as the tutorial's listing. */
export async function listAddresses(parts: ListingParts, params: Params<'addr.list'>): Promise<AddressInfo[]> {
  const pools = new Map((await parts.slowPath.query('pools', {})).map((p) => [p.address, p]));
  const now = Date.now();
  return parts.desired
    .addresses()
    .filter((a) => params.device === undefined || a.device === params.device)
    .filter((a) => params.family === undefined || params.family === familyOf(a.address))
    .map((a) => addressInfo(a, pools, now));
}

const familyOf = (text: string): 'inet' | 'inet6' => (text.includes(':') ? 'inet6' : 'inet');
const isHost = (r: DesiredRoute): boolean => r.scope === 'host' || r.scope === 'kni_host';
const eachWay = (r: DesiredRoute): DesiredRoute[] =>
  r.hops === undefined ? [r] : r.hops.map(({ gateway, device }) => ({ ...r, gateway, device }));
const lengthOf = (r: DesiredRoute): number => Number(r.destination.split('/')[1]);

/** Host routes first, then networks by decreasing length (dpvs.md 2.1); of several ways each is a line. */
export function listRoutes(parts: ListingParts, params: Params<'route.list'>): RouteInfo[] {
  const family = params.family ?? 'inet';
  const none = family === 'inet' ? '0.0.0.0' : '::';
  return [...parts.desired.effectiveRoutes(), ...parts.mirror.routes()]
    .flatMap(eachWay)
    .filter((r) => familyOf(r.destination) === family && (params.device === undefined || r.device === params.device))
    .sort((a, b) => Number(isHost(b)) - Number(isHost(a)) || lengthOf(b) - lengthOf(a))
    .map((r) => ({
      destination: r.destination,
      gateway: r.gateway ?? none,
      source: r.source ?? none,
      device: r.device,
      mtu: Math.min(r.mtu || Number.POSITIVE_INFINITY, parts.mtuOf(r.device)),
      tos: 0,
      scope: r.scope,
      metric: r.metric,
      proto: 'auto' as const,
      onlink: false,
    }));
}

function serviceInfo(state: ServiceState, runtime: ServiceRuntime | undefined, traffic: Traffic): ServiceInfo {
  const servers = state.servers.map((server): ServerInfo => {
    const live = runtime?.servers.find((r) => r.address === server.server.address && r.port === server.server.port);
    return {
      address: server.server.address,
      port: server.server.port,
      forwarding: server.forwarding,
      weight: server.weight,
      upperThreshold: server.upperThreshold,
      lowerThreshold: server.lowerThreshold,
      activeConns: live?.active ?? 0,
      inactiveConns: live?.inactive ?? 0,
      inhibited: live?.inhibited ?? false,
      overload: live?.overload ?? false,
      stats: live === undefined ? sumStats([]) : traffic.stats(live.dest),
      rates: live === undefined ? sumRates([]) : traffic.rates(live.dest),
    };
  });
  return {
    service: state.service,
    scheduler: state.scheduler,
    connTimeout: state.connTimeout,
    ...(state.destCheck === undefined ? {} : { destCheck: state.destCheck }),
    servers,
    localAddresses: state.laddrs.length,
    stats: sumStats(servers.map((s) => s.stats)),
    rates: sumRates(servers.map((s) => s.rates)),
  };
}

/** For who asks once a second: no list, no totals. */
export async function listServiceHealth(parts: ListingParts): Promise<Result<'service.health'>> {
  const services = await parts.slowPath.query('serviceHealth', {});
  return services.map(({ dests, ...counts }) => ({ ...counts, cps: parts.traffic.newConnections(dests) }));
}

/** Over the whole table, a part of it a turn of the slow path. */
export async function summariseConnections(
  parts: ListingParts,
  addresses: readonly string[],
): Promise<Result<'conn.summary'>> {
  const sum = emptyTally();
  let cursor: number | null | undefined;
  while (cursor !== null) {
    const part: ConnSummaryPart = await parts.slowPath.query('connSummary', { addresses, cursor });
    addTally(sum, part);
    cursor = part.nextCursor;
  }
  const classes = (flows: readonly number[]) =>
    flows.map((count, i) => ({ below: SUMMARY_SECONDS[i] ?? null, flows: count }));
  const { established, other, udp, idle, left, longestMs } = sum;
  return {
    flows: established + other + udp,
    established,
    other,
    udp,
    idle: classes(idle),
    expires: classes(left),
    lastExpires: Math.ceil(longestMs / 1000),
  };
}

const ofVip = (state: ServiceState): state is ServiceState & { service: VipKey } => state.service.protocol !== 'match';

function chosen(desired: DesiredState, key: ServiceKey | undefined): ServiceState[] {
  return key === undefined ? desired.services() : [desired.service(key)];
}

async function runtimeOf(parts: ListingParts): Promise<Map<string, ServiceRuntime>> {
  return new Map((await parts.slowPath.query('services', {})).map((s) => [serviceText(s.service), s]));
}

export async function listServices(parts: ListingParts, key: ServiceKey | undefined): Promise<ServiceInfo[]> {
  const states = chosen(parts.desired, key);
  const runtime = await runtimeOf(parts);
  return states.map((state) => serviceInfo(state, runtime.get(serviceText(state.service)), parts.traffic));
}

/** A match service has none. */
export async function listLaddrs(parts: ListingParts, key: VipKey | undefined): Promise<LaddrInfo[]> {
  const states = chosen(parts.desired, key).filter(ofVip);
  const runtime = await runtimeOf(parts);
  return states.map(({ service, laddrs }) => ({
    service,
    localAddresses: laddrs.map(({ address, device }) => ({
      address,
      device,
      conflicts: 0,
      conns: runtime.get(serviceText(service))?.laddrs.find((l) => l.address === address)?.conns ?? 0,
    })),
  }));
}

/** Counter slots of one service's servers, or of all. @throws {DpvsError} no_service */
export async function destsOf(parts: ListingParts, key?: ServiceKey): Promise<number[]> {
  const services = await parts.slowPath.query('services', {});
  const wanted = key === undefined ? services : services.filter((s) => serviceText(s.service) === serviceText(key));
  if (key !== undefined && wanted.length === 0) throw new DpvsError('no_service', serviceText(key), 'service');
  return wanted.flatMap((s) => s.servers.map((server) => server.dest));
}
