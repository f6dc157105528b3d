// The IPv4 route table: longest-prefix match, lowest metric first, listed in the reference's order.
import type { Ipv4 } from './ipv4.js';

/** host: ours; kni_host: the kernel's, to `.kni`; link: on-link; global: through a gateway. */
export type RouteScope = 'host' | 'kni_host' | 'link' | 'global';
/** Who made the route: the user, an address, a service's local address, or the kernel's FIB seen on `.kni`. */
export type RouteOrigin = 'user' | 'address' | 'laddr' | 'kernel';

/** A frozen object; its identity is stable until the route is deleted. */
export interface Ipv4Route {
  readonly prefix: Ipv4;
  readonly length: number;
  readonly scope: RouteScope;
  /** 0 when on-link. */
  readonly gateway: Ipv4;
  /** Preferred source address, 0 when none. */
  readonly source: Ipv4;
  readonly device: string;
  readonly mtu: number;
  readonly metric: number;
  readonly origin: RouteOrigin;
}

/** Which route to delete; fields not given match any, the best (lowest metric) match goes. */
export type Ipv4RouteMatch = Pick<Ipv4Route, 'prefix' | 'length'> &
  Partial<Pick<Ipv4Route, 'device' | 'scope' | 'gateway' | 'source' | 'metric' | 'mtu' | 'origin'>>;

export interface RouteTableLimits {
  /** Default 65536. */
  readonly maxRoutes?: number;
}

export declare class Ipv4RouteTable {
  constructor(limits?: RouteTableLimits);
  get size(): number;
  /** Changes with every modification; a cache of lookups is valid while it is the same. */
  get generation(): number;
  /**
   * Host bits of the prefix are cleared. Among equal prefixes host and kni_host come before the rest, then the lowest metric,
   * then the oldest.
   * @throws DpvsError already_exist (same prefix, metric and device), invalid_parameter (host and kni_host want /32 and no
   * gateway; global wants a gateway that is not the destination), no_room
   */
  add(route: Ipv4Route): Ipv4Route;
  /** @throws DpvsError not_exist */
  delete(match: Ipv4RouteMatch): Ipv4Route;
  /** Removes the device's routes, those that `which` accepts; returns them. */
  flushDevice(device: string, which?: (route: Ipv4Route) => boolean): Ipv4Route[];
  /** host and kni_host in the order they were added, then the others by decreasing prefix length. */
  list(device?: string): Ipv4Route[];
  /** Longest-prefix match; no allocation. */
  lookup(destination: Ipv4): Ipv4Route | undefined;
}

/** Where a packet for `destination` goes on the route's link: the gateway, or the destination itself when on-link. */
export declare function nextHopOf(route: Ipv4Route, destination: Ipv4): Ipv4;
