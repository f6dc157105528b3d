// The routes an address brings with it, and the table an operator sees: explicit routes and derived ones together.
import type { DesiredAddress, DesiredRoute } from './changes.js';
import { hostLength, networkOf } from './prefix.js';

/** What derivation needs to know of an address. */
export type AddressOnDevice = Pick<DesiredAddress, 'address' | 'prefixLength' | 'device' | 'origin'>;

/**
 * A host route for the address itself; when it says more than itself also the link route of its network with the address as source
 * (dpvs.md 2.1: "/32 local route (scope host) + if plen<32 a link route for the network with src=addr").
 */
export function derivedRoutes(address: AddressOnDevice): DesiredRoute[] {
  const origin = address.origin === 'laddr' ? ('laddr' as const) : ('address' as const);
  const common = { gateway: null, device: address.device, mtu: 0, metric: 0, origin };
  const bits = hostLength(address.address);
  const host: DesiredRoute = { ...common, destination: `${address.address}/${bits}`, source: null, scope: 'host' };
  if (address.prefixLength === bits) return [host];
  const destination = networkOf(address.address, address.prefixLength);
  return [host, { ...common, destination, source: address.address, scope: 'link' }];
}

/** One route per destination, device and metric. */
export const routeKey = (route: Pick<DesiredRoute, 'destination' | 'device' | 'metric'>): string =>
  `${route.destination} ${route.device} ${route.metric}`;

/** An explicit route hides a derived one of the same key; of two addresses in one network the older gives the link route. */
export function effectiveRoutes(
  explicit: Iterable<DesiredRoute>,
  addresses: Iterable<AddressOnDevice>,
): DesiredRoute[] {
  const table = new Map<string, DesiredRoute>();
  for (const route of explicit) table.set(routeKey(route), route);
  for (const address of addresses)
    for (const route of derivedRoutes(address)) if (!table.has(routeKey(route))) table.set(routeKey(route), route);
  return [...table.values()];
}
