// The IPv4 route table: longest-prefix match, lowest metric first, listed in the reference's order.
import { DpvsError } from '../../api/errors.js';
import { formatIpv4Prefix, type Ipv4, ipv4, networkOf, prefixMask } from './ipv4.js';
import type { Ipv4Hop, Ipv4Way } from './route-hops.js';
import { U32PairMap } from './u32-pair-map.js';

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
  /** The ways of a multipath route; gateway and device above are then the first one's. */
  readonly hops?: readonly Ipv4Hop[];
}

/** Which route to delete; fields not given match any, the best (lowest metric) match goes. */
export type Ipv4RouteMatch = Pick<Ipv4Route, 'prefix' | 'length'> &
  Partial<Pick<Ipv4Route, 'device' | 'scope' | 'gateway' | 'source' | 'metric' | 'mtu' | 'origin'>>;

export interface RouteTableLimits {
  /** Default 262144: explicit routes, and two of each address. */
  readonly maxRoutes?: number;
}

/** The routes of one prefix, best first. */
interface Bucket {
  readonly prefix: Ipv4;
  readonly length: number;
  readonly routes: Ipv4Route[];
}

const MATCHED = ['device', 'scope', 'gateway', 'source', 'metric', 'mtu', 'origin'] as const;

export class Ipv4RouteTable {
  readonly #maxRoutes: number;
  /** (network, prefix length) → index into the two arrays below. One map for all lengths; `#lengths` says which to probe. */
  readonly #index = new U32PairMap(1024);
  readonly #buckets: (Bucket | undefined)[] = [];
  /** The best route of each bucket, so that a lookup makes one step less. */
  readonly #best: (Ipv4Route | undefined)[] = [];
  readonly #freeBuckets: number[] = [];
  /**
   * By the first 16 bits of a destination: bit (length - 1) is set when there is a prefix of that length that has, or lies in,
   * this /16. A lookup asks the map only for those: for one to three lengths and not for all that the table has.
   */
  readonly #lengths = new Int32Array(65536);
  /** (first 16 bits, length) → prefixes of that length in this /16, for lengths above 16. */
  readonly #longer = new U32PairMap(1024);
  #defaultBucket = -1;
  /** Insertion order, which is the order host routes are listed in. */
  readonly #routes = new Set<Ipv4Route>();
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
   * @throws DpvsError already_exist (same prefix, metric and device), invalid_parameter (host and kni_host want /32 and no
   * gateway; nothing goes through itself), no_room
   */
  add(given: Ipv4Route): Ipv4Route {
    const route = Object.freeze({ ...given, prefix: networkOf(given.prefix, given.length) });
    validate(route);
    const at = this.#index.get(route.prefix, route.length);
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
  put(given: Ipv4Route): Ipv4Route {
    const { prefix, length, metric, device } = given;
    // Judged before the old one goes: a refused change changes nothing.
    validate(given);
    if (this.#find({ prefix, length, metric, device }) !== undefined) this.delete({ prefix, length, metric, device });
    return this.add(given);
  }

  /** @throws DpvsError not_exist */
  delete(match: Ipv4RouteMatch): Ipv4Route {
    const at = this.#index.get(networkOf(match.prefix, match.length), match.length);
    const found = this.#buckets[at]?.routes.find((r) =>
      MATCHED.every((f) => match[f] === undefined || match[f] === r[f]),
    );
    if (found === undefined) throw new DpvsError('not_exist', describe(match));
    this.#remove(found);
    return found;
  }

  /** Removes the device's routes, those that `which` accepts; returns them. */
  flushDevice(device: string, which: (route: Ipv4Route) => boolean = () => true): Ipv4Route[] {
    const gone = [...this.#routes].filter((r) => r.device === device && which(r));
    for (const route of gone) this.#remove(route);
    return gone;
  }

  /** host and kni_host in the order they were added, then the others by decreasing prefix length. */
  list(device?: string): Ipv4Route[] {
    const routes = [...this.#routes].filter((r) => device === undefined || r.device === device);
    // Array sort is stable: equals stay in the order they were added.
    return routes.sort((a, b) => Number(isHost(b)) - Number(isHost(a)) || (isHost(a) ? 0 : b.length - a.length));
  }

  /** Longest-prefix match; no allocation. */
  lookup(destination: Ipv4): Ipv4Route | undefined {
    let lengths = this.#lengths[destination >>> 16]!;
    while (lengths !== 0) {
      const bit = 31 - Math.clz32(lengths);
      // The map compares 32 bits, signed or not: without >>> 0 no number here leaves the integer range.
      const at = this.#index.get(destination & (-1 << (31 - bit)), bit + 1);
      if (at !== -1) return this.#best[at];
      lengths &= ~(1 << bit);
    }
    return this.#defaultBucket === -1 ? undefined : this.#best[this.#defaultBucket];
  }

  #find(match: Ipv4RouteMatch): Ipv4Route | undefined {
    const at = this.#index.get(networkOf(match.prefix, match.length), match.length);
    if (at === -1) return undefined;
    return this.#buckets[at]!.routes.find((r) => MATCHED.every((f) => match[f] === undefined || match[f] === r[f]));
  }

  #newBucket(route: Ipv4Route): void {
    const at = this.#freeBuckets.pop() ?? this.#buckets.length;
    this.#buckets[at] = { prefix: route.prefix, length: route.length, routes: [route] };
    this.#best[at] = route;
    this.#index.set(route.prefix, route.length, at);
    this.#note(route.prefix, route.length, at);
  }

  #remove(route: Ipv4Route): void {
    const at = this.#index.get(route.prefix, route.length);
    const { routes } = this.#buckets[at]!;
    routes.splice(routes.indexOf(route), 1);
    this.#best[at] = routes[0];
    if (routes.length === 0) {
      this.#buckets[at] = undefined;
      this.#freeBuckets.push(at);
      this.#index.delete(route.prefix, route.length);
      this.#note(route.prefix, route.length, -1);
    }
    this.#routes.delete(route);
    this.#generation++;
  }

  /** A prefix came (`at` is its bucket) or went (-1). */
  #note(prefix: Ipv4, length: number, at: number): void {
    if (length === 0) {
      this.#defaultBucket = at;
      return;
    }
    const first = prefix >>> 16;
    const come = at !== -1;
    if (length > 16) {
      const before = Math.max(this.#longer.get(first, length), 0);
      const count = before + (come ? 1 : -1);
      if (count === 0) this.#longer.delete(first, length);
      else this.#longer.set(first, length, count);
      if (before > 0 && count > 0) return;
    }
    const bit = 1 << (length - 1);
    const last = first + (length < 16 ? 1 << (16 - length) : 1);
    for (let i = first; i < last; i++) this.#lengths[i] = come ? this.#lengths[i]! | bit : this.#lengths[i]! & ~bit;
  }
}

/** Where a packet for `destination` goes on the way's link: the gateway, or the destination itself when on-link. */
export function nextHopOf(way: Ipv4Way, destination: Ipv4): Ipv4 {
  return way.gateway === 0 ? destination : way.gateway;
}

function isHost(route: Ipv4Route): boolean {
  return route.scope === 'host' || route.scope === 'kni_host';
}

/** The reference keeps host and kni_host in a table of their own, which is asked first. */
function comesBefore(a: Ipv4Route, b: Ipv4Route): boolean {
  if (isHost(a) !== isHost(b)) return isHost(a);
  const fromKernel = a.origin === 'kernel';
  return fromKernel === (b.origin === 'kernel') ? a.metric < b.metric : !fromKernel;
}

function describe(route: Pick<Ipv4Route, 'prefix' | 'length'>): string {
  return formatIpv4Prefix(ipv4(route.prefix & prefixMask(route.length)), route.length);
}

function validate(route: Ipv4Route): void {
  const refuse = (detail: string, field: string): never => {
    throw new DpvsError('invalid_parameter', `${describe(route)}: ${detail}`, field);
  };
  if (!(Number.isInteger(route.length) && route.length >= 0 && route.length <= 32))
    refuse('prefix length', 'destination');
  if (isHost(route)) {
    if (route.length !== 32) refuse(`scope ${route.scope} wants a prefix length of 32`, 'destination');
    if (route.gateway !== 0) refuse(`scope ${route.scope} has no gateway`, 'gateway');
  } else if (route.length === 32 && route.gateway === route.prefix && route.gateway !== 0) {
    refuse('a route through its own destination', 'gateway');
  }
}
