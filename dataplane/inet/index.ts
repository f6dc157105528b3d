// The public door of the inet tables: addresses, routes, neighbours. Pure data structures: no I/O, time is a parameter.
export { type Address, type AddressScope, AddressTable } from './address-table.js';
export * from './ip.js';
export { IpPairMap } from './ip-pair-map.js';
export * from './ipv4.js';
export * from './ipv6.js';
export * from './mac.js';
export * from './neighbour.js';
export { NeighbourTable } from './neighbour-table.js';
export { clientHash, type RouteHop, type Way, wayOf } from './route-hops.js';
export {
  nextHopOf,
  type Route,
  type RouteMatch,
  type RouteOrigin,
  type RouteScope,
  RouteTable,
} from './route-table.js';
export { U32PairMap } from './u32-pair-map.js';
