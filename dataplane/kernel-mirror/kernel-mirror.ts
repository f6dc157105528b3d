// The mirror: what the kernel was last seen to have, what of it the slow path has been given, and the steps from one to the other.
import type { KernelRoute, KniAddressEvent } from '../../kni/index.js';
import { type Change, type DesiredRoute, routeKey } from '../control/index.js';
import { type MirroredPort, mirroredAddress, mirroredRoutes } from './translate.js';

export interface KernelMirrorOptions {
  readonly ports: readonly MirroredPort[];
  /** dataplane_defs { mirror_routes }: off mirrors addresses only. */
  readonly routes: boolean;
  /** The desired state has a route of this key: it hides the mirrored one. */
  readonly hidden: (key: string) => boolean;
  /** Mirrored routes at most; the rest are left out. */
  readonly limit?: number;
}

/** What remains of the route table's 262144 beside what the API may add. */
const LIMIT = 65_536;

export class KernelMirror {
  readonly #options: KernelMirrorOptions;
  /** `a.b.c.d/len port` → its route. One address with two lengths is two entries here and one route. */
  readonly #addresses = new Map<string, DesiredRoute>();
  #routes: readonly DesiredRoute[] = [];
  /** By route key, as the slow path has them (but for hidden ones). */
  #given = new Map<string, DesiredRoute>();
  #leftOut = 0;

  constructor(options: KernelMirrorOptions) {
    this.#options = options;
  }

  /** Routes of the last commit that were beyond the limit. */
  get leftOut(): number {
    return this.#leftOut;
  }

  addressChanged(event: KniAddressEvent): void {
    const key = `${event.address}/${event.prefixLength} ${event.port}`;
    const known = this.#options.ports.some(({ name }) => name === event.port);
    const route = known ? mirroredAddress(event) : null;
    if (route === null) return;
    if (event.change === 'added') this.#addresses.set(key, route);
    else this.#addresses.delete(key);
  }

  /** All routes of the kernel's main table; those not there any more are gone. */
  routesRead(routes: readonly KernelRoute[]): void {
    if (this.#options.routes) this.#routes = mirroredRoutes(routes, this.#options.ports);
  }

  /** From now on what was seen counts as given. Returns the steps to make it so, removals first. */
  commit(): Change[] {
    const before = this.#given;
    const after = this.#seen();
    this.#given = after;
    const steps: Change[] = [];
    for (const [key, route] of before)
      if (!after.has(key) && !this.#options.hidden(key)) steps.push({ kind: 'route.remove', route });
    for (const [key, route] of after) {
      const known = before.get(key);
      if ((known === undefined || !same(known, route)) && !this.#options.hidden(key))
        steps.push({ kind: 'route.set', route });
    }
    return steps;
  }

  /** Steps of the desired state, with the mirrored route put back where a removal uncovers it. */
  uncover(changes: readonly Change[]): Change[] {
    return changes.map((change) => {
      const mirrored = change.kind === 'route.remove' ? this.#given.get(routeKey(change.route)) : undefined;
      return mirrored === undefined ? change : { kind: 'route.set', route: mirrored };
    });
  }

  /** What the slow path has from here beside the desired state. */
  routes(): DesiredRoute[] {
    return [...this.#given].filter(([key]) => !this.#options.hidden(key)).map(([, route]) => route);
  }

  /** For a slow path that starts with nothing. */
  snapshot(): Change[] {
    return this.routes().map((route) => ({ kind: 'route.set', route }));
  }

  /** An address is what the kernel itself would look at first. */
  #seen(): Map<string, DesiredRoute> {
    const seen = new Map<string, DesiredRoute>();
    const { limit = LIMIT } = this.#options;
    this.#leftOut = 0;
    for (const route of [...this.#addresses.values(), ...this.#routes]) {
      const key = routeKey(route);
      if (seen.has(key)) continue;
      if (seen.size < limit) seen.set(key, route);
      else this.#leftOut++;
    }
    return seen;
  }
}

/** An address keeps its route: of a thousand, all but the one that has just come are the very same. */
const same = (a: DesiredRoute, b: DesiredRoute): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);
