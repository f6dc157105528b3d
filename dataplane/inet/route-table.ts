// The route table of both families: longest-prefix match, lowest metric first, listed in the reference's order.
import { DpvsError } from '../../api/errors.js';
import { bitsOf, formatPrefix, IP_NONE, type Ip, isIp4, networkOf } from './ip.js';
import { Ipv4PrefixIndex, Ipv6PrefixIndex } from './prefix-index.js';
import type { RouteHop, Way } from './route-hops.js';

/** host: ours; kni_host: the kernel's, to `.kni`; link: on-link; global: through a gateway. */
export type RouteScope = 'host' | 'kni_host' | 'link' | 'global';
/** Who made the route: the user, an address, a service's local address, or the kernel's FIB seen on `.kni`. */
export type RouteOrigin = 'user' | 'address' | 'laddr' | 'kernel';

/** A frozen object; its identity is stable until the route is deleted. */
export interface Route {
  readonly prefix: Ip;
  readonly length: number;
  readonly scope: RouteScope;
  /** IP_NONE when on-link. */
  readonly gateway: Ip;
  /** Preferred source address, IP_NONE when none. */
  readonly source: Ip;
  readonly device: string;
  /** 0: the port's. */
  readonly mtu: number;
  readonly metric: number;
  readonly origin: RouteOrigin;
  /** The ways of a multipath route; gateway and device above are then the first one's. */
  readonly hops?: readonly RouteHop[];
}

/** Which route to delete; fields not given match any, the best (lowest metric) match goes. */
export type RouteMatch = Pick<Route, 'prefix' | 'length'> &
  Partial<Pick<Route, 'device' | 'scope' | 'gateway' | 'source' | 'metric' | 'mtu' | 'origin'>>;

export interface RouteTableLimits {
  /** Default 262144: explicit routes, and two of each address. */
  readonly maxRoutes?: number;
}

/** The routes of one prefix, best first. */
interface Bucket {
  readonly prefix: Ip;
  readonly length: number;
  readonly routes: Route[];
}

const MATCHED = ['device', 'scope', 'gateway', 'source', 'metric', 'mtu', 'origin'] as const;

export class RouteTable {
  readonly #maxRoutes: number;
  /** Prefixes → indexes into the two arrays below. */
  readonly #four = new Ipv4PrefixIndex();
  readonly #six = new Ipv6PrefixIndex();
  readonly #buckets: (Bucket | undefined)[] = [];
  /** The best route of each bucket, so that a lookup makes one step less. */
  readonly #best: (Route | undefined)[] = [];
  readonly #freeBuckets: number[] = [];
  /** Insertion order, which is the order host routes are listed in. */
  readonly #routes = new Set<Route>();
  #generation = 0;

  constructor(limits: RouteTableLimits = {}) {
    this.#maxRoutes = limits.maxRoutes ?? 262144;
  }

  get size(): number {
    return this.#routes.size;
  }

  /** Changes with every modification; a cache of lookups is valid while it is the same. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * Host bits of the prefix are cleared. Among equal prefixes host and kni_host come before the rest, then what was configured
   * before what the kernel has, then the lowest metric, then the oldest.
   * @throws DpvsError already_exist (same prefix, metric and device), invalid_parameter (host and kni_host want a host's length and no
   * gateway; nothing goes through itself), no_room
   */
  add(given: Route): Route {
    const route = Object.freeze({ ...given, prefix: networkOf(given.prefix, given.length) });
    validate(route);
    const at = this.#bucketOf(route);
    const bucket = at === -1 ? undefined : this.#buckets[at];
    if (bucket?.routes.some((r) => r.metric === route.metric && r.device === route.device)) {
      throw new DpvsError('already_exist', `${describe(route)} dev ${route.device} metric ${route.metric}`);
    }
    if (this.#routes.size >= this.#maxRoutes) throw new DpvsError('no_room', `${this.#maxRoutes} routes`);
    if (bucket === undefined) {
      this.#newBucket(route);
    } else {
      const worse = bucket.routes.findIndex((r) => comesBefore(route, r));
      bucket.routes.splice(worse === -1 ? bucket.routes.length : worse, 0, route);
      this.#best[at] = bucket.routes[0];
    }
    this.#routes.add(route);
    this.#generation++;
    return route;
  }

  /** Adds it, or replaces the route of the same prefix, metric and device. @throws DpvsError as `add`, without already_exist */
  put(given: Route): Route {
    const { prefix, length, metric, device } = given;
    // Judged before the old one goes: a refused change changes nothing.
    validate(given);
    if (this.#find({ prefix, length, metric, device }) !== undefined) this.delete({ prefix, length, metric, device });
    return this.add(given);
  }

  /** @throws DpvsError not_exist */
  delete(match: RouteMatch): Route {
    const at = this.#bucketOf(match);
    const found = this.#buckets[at]?.routes.find((r) =>
      MATCHED.every((f) => match[f] === undefined || match[f] === r[f]),
    );
    if (found === undefined) throw new DpvsError('not_exist', describe(match));
    this.#remove(found);
    return found;
  }

  /** Removes the device's routes, those that `which` accepts; returns them. */
  flushDevice(device: string, which: (route: Route) => boolean = () => true): Route[] {
    const gone = [...this.#routes].filter((r) => r.device === device && which(r));
    for (const route of gone) this.#remove(route);
    return gone;
  }

  /** host and kni_host in the order they were added, then the others by decreasing prefix length. */
  list(device?: string): Route[] {
    const routes = [...this.#routes].filter((r) => device === undefined || r.device === device);
    // Array sort is stable: equals stay in the order they were added.
    return routes.sort((a, b) => Number(isHost(b)) - Number(isHost(a)) || (isHost(a) ? 0 : b.length - a.length));
  }

  /** Longest-prefix match; no allocation for IPv4. */
  lookup(destination: Ip): Route | undefined {
    const at = isIp4(destination) ? this.#four.lookup(destination) : this.#six.lookup(destination);
    return at === -1 ? undefined : this.#best[at];
  }

  #bucketOf({ prefix, length }: Pick<Route, 'prefix' | 'length'>): number {
    return isIp4(prefix) ? this.#four.get(prefix, length) : this.#six.get(prefix, length);
  }

  #find(match: RouteMatch): Route | undefined {
    const at = this.#bucketOf(match);
    if (at === -1) return undefined;
    return this.#buckets[at]!.routes.find((r) => MATCHED.every((f) => match[f] === undefined || match[f] === r[f]));
  }

  #newBucket(route: Route): void {
    const at = this.#freeBuckets.pop() ?? this.#buckets.length;
    this.#buckets[at] = { prefix: route.prefix, length: route.length, routes: [route] };
    this.#best[at] = route;
    if (isIp4(route.prefix)) this.#four.set(route.prefix, route.length, at);
    else this.#six.set(route.prefix, route.length, at);
  }

  #remove(route: Route): void {
    const at = this.#bucketOf(route);
    const { routes } = this.#buckets[at]!;
    routes.splice(routes.indexOf(route), 1);
    this.#best[at] = routes[0];
    if (routes.length === 0) {
      this.#buckets[at] = undefined;
      this.#freeBuckets.push(at);
      if (isIp4(route.prefix)) this.#four.delete(route.prefix, route.length);
      else this.#six.delete(route.prefix, route.length);
    }
    this.#routes.delete(route);
    this.#generation++;
  }
}

/** Where a packet for `destination` goes on the way's link: the gateway, or the destination itself when on-link. */
export function nextHopOf(way: Way, destination: Ip): Ip {
  return way.gateway === IP_NONE ? destination : way.gateway;
}

function isHost(route: Route): boolean {
  return route.scope === 'host' || route.scope === 'kni_host';
}

/** The reference keeps host and kni_host in a table of their own, which is asked first. */
function comesBefore(a: Route, b: Route): boolean {
  if (isHost(a) !== isHost(b)) return isHost(a);
  const fromKernel = a.origin === 'kernel';
  return fromKernel === (b.origin === 'kernel') ? a.metric < b.metric : !fromKernel;
}

function describe(route: Pick<Route, 'prefix' | 'length'>): string {
  return formatPrefix(networkOf(route.prefix, route.length), route.length);
}

function validate(route: Route): void {
  const refuse = (detail: string, field: string): never => {
    throw new DpvsError('invalid_parameter', `${describe(route)}: ${detail}`, field);
  };
  const host = bitsOf(route.prefix);
  if (!(Number.isInteger(route.length) && route.length >= 0 && route.length <= host))
    refuse('prefix length', 'destination');
  for (const other of [route.gateway, route.source])
    if (other !== IP_NONE && isIp4(other) !== isIp4(route.prefix)) refuse('addresses of both families', 'gateway');
  if (isHost(route)) {
    if (route.length !== host) refuse(`scope ${route.scope} wants a prefix length of ${host}`, 'destination');
    if (route.gateway !== IP_NONE) refuse(`scope ${route.scope} has no gateway`, 'gateway');
  } else if (route.length === host && route.gateway === route.prefix && route.gateway !== IP_NONE) {
    refuse('a route through its own destination', 'gateway');
  }
}
