// The explicit routes, and which route is in effect for each key when addresses bring routes of their own.
import type { Change, DesiredAddress, DesiredRoute } from './changes.js';
import { derivedRoutes, routeKey } from './derived-routes.js';

interface Derived {
  /** Of the address it comes from. */
  readonly order: number;
  readonly route: DesiredRoute;
}

export class RouteFacts {
  readonly #explicit = new Map<string, DesiredRoute>();
  /** Route key → address key → the route that address brings. */
  readonly #derived = new Map<string, Map<string, Derived>>();
  /** Address key → route keys it stands in. */
  readonly #byAddress = new Map<string, string[]>();

  clone(): RouteFacts {
    const copy = new RouteFacts();
    for (const [key, route] of this.#explicit) copy.#explicit.set(key, route);
    for (const [key, derived] of this.#derived) copy.#derived.set(key, new Map(derived));
    for (const [address, keys] of this.#byAddress) copy.#byAddress.set(address, keys);
    return copy;
  }

  set(route: DesiredRoute): void {
    this.#explicit.set(routeKey(route), route);
  }

  remove(route: DesiredRoute): void {
    this.#explicit.delete(routeKey(route));
  }

  get size(): number {
    return this.#explicit.size;
  }

  explicit(): DesiredRoute[] {
    return [...this.#explicit.values()];
  }

  /** The explicit route of the key, else the one of the oldest address that brings it. */
  inEffect(key: string): DesiredRoute | null {
    const explicit = this.#explicit.get(key);
    if (explicit !== undefined) return explicit;
    let oldest: Derived | null = null;
    for (const derived of this.#derived.get(key)?.values() ?? [])
      if (oldest === null || derived.order < oldest.order) oldest = derived;
    return oldest?.route ?? null;
  }

  /** The address is now this (null: gone). Returns the steps that follow for the routes in effect. */
  derive(address: string, inEffect: DesiredAddress | null, order: number): Change[] {
    const stale = this.#byAddress.get(address) ?? [];
    const routes = inEffect === null ? [] : derivedRoutes(inEffect);
    const keys = routes.map(routeKey);
    return this.change([...new Set([...stale, ...keys])], () => {
      for (const key of stale) this.#forget(key, address);
      for (const route of routes) this.#remember(routeKey(route), address, { order, route });
      if (keys.length > 0) this.#byAddress.set(address, keys);
      else this.#byAddress.delete(address);
    });
  }

  /** Runs `mutate` and returns the steps for those of the keys whose route in effect it changed; removals first. */
  change(keys: readonly string[], mutate: () => void): Change[] {
    const before = keys.map((key) => this.inEffect(key));
    mutate();
    const removed: Change[] = [];
    const set: Change[] = [];
    keys.forEach((key, i) => {
      const was = before[i] ?? null;
      const is = this.inEffect(key);
      if (is === null) {
        if (was !== null) removed.push({ kind: 'route.remove', route: was });
      } else if (JSON.stringify(was) !== JSON.stringify(is)) set.push({ kind: 'route.set', route: is });
    });
    return [...removed, ...set];
  }

  #forget(key: string, address: string): void {
    const derived = this.#derived.get(key);
    derived?.delete(address);
    if (derived?.size === 0) this.#derived.delete(key);
  }

  #remember(key: string, address: string, derived: Derived): void {
    const present = this.#derived.get(key) ?? new Map<string, Derived>();
    present.set(address, derived);
    this.#derived.set(key, present);
  }
}
