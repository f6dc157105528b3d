// Judges requests about routes and static neighbours (dpvs.md 2.1).
import { DpvsError, type RouteSpec } from '../../api/index.js';
import type { DesiredRoute } from './changes.js';
import { routeKey } from './derived-routes.js';
import type { FactChange, Facts } from './facts.js';
import {
  invalid,
  MIN_IPV6_MTU,
  mustBeHostAddress,
  mustBeHostMac,
  mustBeOfFamily,
  mustBeRoutable,
  mustHaveRoom,
} from './judge.js';
import { addressKey } from './keys.js';
import { limits } from './limits.js';
import { hostLength, networkOf, splitPrefix } from './prefix.js';
import type { RequestParams } from './requests.js';

export function addRoute(facts: Facts, spec: RouteSpec): FactChange[] {
  // The port's may fall below the route's, which then counts again when it rises.
  const maxMtu = facts.maxMtuOf(spec.device);
  const destination = network(spec);
  const scope = spec.scope ?? (spec.gateway === undefined ? 'link' : 'global');
  mustSuitScope(spec, scope);
  for (const field of ['gateway', 'source'] as const) {
    const given = spec[field];
    if (given === undefined) continue;
    mustBeHostAddress(given, field);
    mustBeOfFamily(given, splitPrefix(destination).address, field);
  }
  if (spec.mtu !== undefined && spec.mtu < MIN_IPV6_MTU && destination.includes(':'))
    throw invalid('mtu', `${spec.mtu} is less than IPv6's smallest, ${MIN_IPV6_MTU}`);
  if (spec.mtu !== undefined && spec.mtu > maxMtu)
    throw invalid('mtu', `${spec.mtu} is more than ${spec.device} can have, ${maxMtu}`);
  const route: DesiredRoute = {
    destination,
    gateway: spec.gateway ?? null,
    source: spec.source ?? null,
    device: spec.device,
    scope,
    mtu: spec.mtu ?? 0,
    metric: spec.metric ?? 0,
    origin: 'user',
  };
  if (facts.routes.inEffect(routeKey(route)) !== null)
    throw new DpvsError('already_exist', `${destination} dev ${spec.device}`, 'destination');
  mustHaveRoom(facts.routes.size, limits.routes, 'routes');
  return [{ kind: 'route.set', route }];
}

function mustSuitScope(spec: RouteSpec, scope: DesiredRoute['scope']): void {
  const { address, length } = splitPrefix(spec.destination);
  const host = hostLength(address);
  if (scope === 'host' || scope === 'kni_host') {
    if (length !== host)
      throw invalid('destination', `the prefix length of a ${scope} route must be ${host}, not ${length}`);
    mustBeRoutable(address, 'destination');
  }
  if (scope === 'global') {
    if (spec.gateway === undefined) throw invalid('gateway', 'a route of scope global needs one');
    if (length === host && spec.gateway === address)
      throw invalid('gateway', 'the destination cannot be its own gateway');
  } else if (spec.gateway !== undefined) throw invalid('gateway', `a route of scope ${scope} has none`);
}

/** What is given must fit; of several routes to the destination the one with the lowest metric goes. */
export function deleteRoute(facts: Facts, spec: RouteSpec): FactChange[] {
  facts.device(spec.device);
  const destination = network(spec);
  const route = facts.routes
    .explicit()
    .filter((candidate) => candidate.destination === destination && matches(facts, candidate, spec))
    .sort((a, b) => a.metric - b.metric)[0];
  if (route !== undefined) return [{ kind: 'route.remove', route }];
  const derived = facts.routes.inEffect(routeKey({ destination, device: spec.device, metric: 0 }));
  if (derived !== null && derived.origin !== 'user' && matches(facts, derived, spec))
    throw new DpvsError('busy', `${destination} dev ${spec.device} belongs to an address: delete that`, 'destination');
  throw new DpvsError('not_exist', `${destination} dev ${spec.device}`, 'destination');
}

function matches(facts: Facts, route: DesiredRoute, spec: RouteSpec): boolean {
  return (
    route.device === spec.device &&
    (spec.gateway === undefined || spec.gateway === route.gateway) &&
    (spec.source === undefined || spec.source === route.source) &&
    (spec.scope === undefined || spec.scope === route.scope) &&
    (spec.metric === undefined || spec.metric === route.metric) &&
    (spec.mtu === undefined || spec.mtu === (route.mtu || facts.mtuOf(route.device)))
  );
}

/** Explicit routes only: those of the device's addresses stay with them. */
export function flushRoutes(facts: Facts, device: string): FactChange[] {
  facts.device(device);
  return facts.routes
    .explicit()
    .filter((route) => route.device === device)
    .map((route) => ({ kind: 'route.remove', route }));
}

/** Host bits are cleared, as the reference's comparison under the mask does. */
function network(spec: RouteSpec): string {
  const { address, length } = splitPrefix(spec.destination);
  return networkOf(address, length);
}

export function addNeighbour(facts: Facts, spec: RequestParams<'neigh.add'>): FactChange[] {
  facts.device(spec.device);
  mustBeHostAddress(spec.address, 'address');
  mustBeHostMac(spec.mac, 'mac');
  const mac = spec.mac.toLowerCase();
  if (facts.neighbours.has(addressKey(spec)))
    throw new DpvsError('already_exist', `${spec.address} on ${spec.device}`, 'address');
  mustHaveRoom(facts.neighbours.size, limits.neighbours, 'static neighbours');
  return [{ kind: 'neighbour.set', neighbour: { address: spec.address, mac, device: spec.device } }];
}

export function deleteNeighbour(facts: Facts, spec: RequestParams<'neigh.del'>): FactChange[] {
  facts.device(spec.device);
  if (!facts.neighbours.has(addressKey(spec)))
    throw new DpvsError('not_exist', `static ${spec.address} on ${spec.device}`, 'address');
  return [{ kind: 'neighbour.remove', address: spec.address, device: spec.device }];
}
