// The desired state as requests: what `dpvs save` writes, and what the journal is compacted to.
import type { AddressSpec, RouteSpec, ServerSpec, ServiceSpec } from '../../api/index.js';
import type { ConfiguredAddress } from './address-facts.js';
import type { DesiredRoute, DesiredServer, DesiredService } from './changes.js';
import type { Facts } from './facts.js';
import type { MutatingRequest } from './requests.js';

/**
 * Links, timeouts, routes and neighbours first, because nothing they are judged by comes later; then addresses, services, servers
 * and local addresses in the order in which they were first asked for, which the order of addresses and of listings follows from.
 */
export function dumpRequests(facts: Facts, now: number): MutatingRequest[] {
  const { timeouts } = facts;
  const first: MutatingRequest[] = [];
  if (timeouts.tcp + timeouts.tcpfin + timeouts.udp > 0) first.push({ method: 'timeout.set', params: timeouts });
  for (const { mtu, ...link } of facts.links.values()) {
    if (Object.keys(link).length > 1) first.push({ method: 'link.set', params: link });
    // By itself: packet buffers that are smaller after the next start must not cost the other settings.
    if (mtu !== undefined) first.push({ method: 'link.set', params: { name: link.name, mtu } });
  }
  for (const route of facts.routes.explicit()) first.push({ method: 'route.add', params: routeSpec(route) });
  for (const neighbour of facts.neighbours.values()) first.push({ method: 'neigh.add', params: neighbour });
  return [...first, ...orderedRequests(facts, now)];
}

function orderedRequests(facts: Facts, now: number): MutatingRequest[] {
  const ordered: { order: number; request: MutatingRequest }[] = [];
  for (const { order, address } of facts.addresses.allConfigured())
    ordered.push({ order, request: { method: 'addr.add', params: addressSpec(address, now) } });
  for (const { order, service, servers, laddrs } of facts.services.values()) {
    ordered.push({ order, request: { method: 'service.add', params: serviceSpec(service) } });
    for (const { order, server } of servers.values())
      ordered.push({ order, request: { method: 'server.add', params: serverSpec(server) } });
    for (const { order, laddr } of laddrs.values())
      ordered.push({ order, request: { method: 'laddr.add', params: laddr } });
  }
  return ordered.sort((a, b) => a.order - b.order).map(({ request }) => request);
}

/** Only what differs from the defaults, so that a saved file reads like what was typed. */
function addressSpec(address: ConfiguredAddress, now: number): AddressSpec {
  const valid = remaining(address.validUntil, now);
  const preferred = remaining(address.preferredUntil, now);
  return {
    address: address.address,
    prefixLength: address.prefixLength,
    device: address.device,
    ...(address.scope === 'global' ? {} : { scope: address.scope }),
    ...(address.broadcast === null ? {} : { broadcast: address.broadcast }),
    ...(address.sapool ? { sapool: true } : {}),
    ...(valid === null ? {} : { validLifetime: Math.max(1, valid) }),
    ...(preferred === null ? {} : { preferredLifetime: preferred }),
  };
}

const remaining = (until: number | null, now: number): number | null =>
  until === null ? null : Math.max(0, Math.ceil((until - now) / 1000));

function routeSpec({ destination, gateway, source, device, scope, mtu, metric }: DesiredRoute): RouteSpec {
  return {
    destination,
    ...(gateway === null ? {} : { gateway }),
    ...(source === null ? {} : { source }),
    device,
    scope,
    ...(mtu === 0 ? {} : { mtu }),
    ...(metric === 0 ? {} : { metric }),
  };
}

function serviceSpec({ service, scheduler, connTimeout, destCheck }: DesiredService): ServiceSpec {
  return {
    service,
    scheduler,
    ...(connTimeout === null ? {} : { connTimeout }),
    ...(destCheck === undefined ? {} : { destCheck }),
  };
}

function serverSpec({
  service,
  server,
  forwarding,
  weight,
  upperThreshold,
  lowerThreshold,
}: DesiredServer): ServerSpec {
  return {
    service,
    server,
    forwarding,
    weight,
    ...(upperThreshold === 0 ? {} : { upperThreshold }),
    ...(lowerThreshold === 0 ? {} : { lowerThreshold }),
  };
}
