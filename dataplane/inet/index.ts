// The public door of the inet tables: addresses, routes, neighbours. Pure data structures: no I/O, time is a parameter.
export { type AddressScope, type Ipv4Address, Ipv4AddressTable } from './address-table.js';
export * from './ipv4.js';
export * from './mac.js';
export * from './neighbour.js';
export { NeighbourTable } from './neighbour-table.js';
export { clientHash, type Ipv4Hop, type Ipv4Way, wayOf } from './route-hops.js';
export {
  type Ipv4Route,
  type Ipv4RouteMatch,
  Ipv4RouteTable,
  nextHopOf,
  type RouteOrigin,
  type RouteScope,
} from './route-table.js';
export { U32PairMap } from './u32-pair-map.js';
