// What a router must know of each service once a second: can it take connections, and how many it has. Counts, no lists.
import type { VipKey } from '../../api/index.js';
import { isEligible, rsBucket, type Service, type ServiceTable } from '../ipvs/index.js';
import type { Scheduling } from './scheduling.js';
import { vipKeyOf } from './service-key.js';

export interface ServiceHealthRuntime {
  readonly service: VipKey;
  readonly servers: number;
  /** Those that would get a new connection: weight above zero, neither inhibited nor overloaded. */
  readonly healthy: number;
  readonly activeConns: number;
  readonly inactiveConns: number;
  /**
   * Of the pools' buckets that these real servers use: a port left where none of them may take it is no port left. Pools are
   * shared by services; none at all without a local address. null when no real server needs one (DR).
   */
  readonly localPorts: { readonly used: number; readonly free: number } | null;
  /** Slots of the servers' counters. */
  readonly dests: readonly number[];
}

export interface HealthParts {
  readonly services: ServiceTable;
  readonly scheduling: Scheduling;
}

export function serviceHealth({ services, scheduling }: HealthParts): ServiceHealthRuntime[] {
  return services.list().flatMap((service) => {
    // A match service has no virtual IP, so nothing about it is a router's business.
    const key = vipKeyOf(service);
    if (key === undefined) return [];
    scheduling.sync(service);
    const { dests } = services;
    const members = [...service.members.subarray(0, service.count)];
    let [healthy, activeConns, inactiveConns] = [0, 0, 0];
    for (const dest of members) {
      if (isEligible(dests, dest)) healthy++;
      activeConns += dests.active[dest];
      inactiveConns += dests.inactive[dest];
    }
    const localPorts = portsOf(service, services, members);
    return [
      {
        service: key,
        servers: service.count,
        healthy,
        activeConns,
        inactiveConns,
        localPorts,
        dests: members,
      },
    ];
  });
}

function portsOf(service: Service, services: ServiceTable, members: readonly number[]) {
  const { dests } = services;
  const needy = members.filter((dest) => services.forwardingOf(dest) !== 'Route');
  if (members.length > 0 && needy.length === 0) return null;
  const laddrs = service.laddrs.list();
  let [used, free] = [0, 0];
  const buckets = new Set<number>();
  const count = laddrs[0]?.pool.buckets;
  for (const dest of needy) buckets.add(rsBucket(service.protocol, dests.address(dest), dests.ports[dest], count));
  for (const { pool } of laddrs)
    for (const bucket of buckets) {
      const taken = pool.usedIn(bucket);
      used += taken;
      free += pool.portsOfBucket - taken;
    }
  return { used, free };
}
