// What the procedures of the bridge work with: the dataplane, the kernel, the routing daemons, and the pace at which a VIP may change.
import type { DataplaneApi } from '../api/index.js';
import type { KernelAddress, Rtnetlink } from '../kni/index.js';
import { type AddressFamily, canonicalPrefix, hostLength, hostRoute } from './address.js';
import type { Driver } from './drivers/driver.js';

export interface Tools {
  readonly dataplane: DataplaneApi;
  readonly kernel: Pick<Rtnetlink, 'addresses' | 'addAddress' | 'deleteAddress'>;
  /** Of one family; null: this bridge announces none of it. */
  readonly driver: (family: AddressFamily) => Driver | null;
  /** The daemons learn of addresses through zebra only. */
  readonly zebraAnswers: () => Promise<boolean>;
  /** As of the last look, what comes and goes on an interface does not reach the daemon. */
  readonly deaf: (daemon: string) => boolean;
  readonly pace: Pace;
  /** Whoever waits gives up. */
  readonly stopping: () => boolean;
  /** Its proof is not waited for: it cannot be served any more. */
  readonly hopeless: (vip: string) => boolean;
}

/**
 * A router discards an LSA that follows its predecessor within a second (MinLSArrival, RFC 2328 section 13 (5)), and our ospfd sends
 * it again only 5 s later: announcing and withdrawing within a second was measured to take 5 to 9 s. Waiting a little makes both
 * take 0.1 s.
 */
export class Pace {
  /** The last changes that are less than `leastMs` ago, oldest first. */
  readonly #changed = new Map<string, number>();
  /** The last change of any. */
  #last = Number.NEGATIVE_INFINITY;
  /** When all may have changed: at our start, because of the process before us, and with every new adjacency. */
  #all = performance.now();

  constructor(readonly leastMs = 1_100) {}

  /** Waits until the LSAs of all of these may change again. */
  async wait(vips: readonly string[]): Promise<void> {
    let last = this.#all;
    for (const vip of vips) last = Math.max(last, this.#changed.get(vip) ?? 0);
    const left = last + this.leastMs - performance.now();
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
  }

  /** Milliseconds since the last change of any of them. */
  get quietMs(): number {
    return performance.now() - Math.max(this.#all, this.#last);
  }

  /** How many of them are remembered. */
  get size(): number {
    return this.#changed.size;
  }

  changed(vips: readonly string[]): void {
    const now = performance.now();
    if (vips.length > 0) this.#last = now;
    for (const vip of vips) {
      // To the end: the order is that of the changes.
      this.#changed.delete(vip);
      this.#changed.set(vip, now);
    }
    for (const [vip, at] of this.#changed) {
      if (now - at < this.leastMs) return;
      this.#changed.delete(vip);
    }
  }

  /** A neighbour has just received every LSA. */
  changedAll(): void {
    this.#all = performance.now();
  }
}

const isHost = ({ family, prefixLength }: KernelAddress): boolean => prefixLength === hostLength(family);

/** Host addresses on the interface. @throws {KernelError} ENODEV */
export async function hostAddresses(kernel: Tools['kernel'], kni: string): Promise<ReadonlySet<string>> {
  const addresses = await kernel.addresses(kni);
  return new Set(addresses.filter(isHost).map(({ address }) => address));
}

/** Prefixes that the dataplane hands to the kernel, of packets that belong to no service. */
export async function kniHostRoutes(
  dataplane: DataplaneApi,
  device: string,
  answerMs?: number,
): Promise<ReadonlySet<string>> {
  const list = (family: 'inet' | 'inet6') => dataplane.call('route.list', { device, family }, answerMs);
  const routes = (await Promise.all([list('inet'), list('inet6')])).flat();
  return new Set(
    routes.filter(({ scope }) => scope === 'kni_host').map(({ destination }) => canonicalPrefix(destination)),
  );
}

/** Those of the VIPs whose host route is not among them. */
export const withoutRoute = (vips: readonly string[], routes: ReadonlySet<string>): string[] =>
  vips.filter((vip) => !routes.has(hostRoute(vip)));

/** As `dpip route` has it. */
export const routesText = (vips: readonly string[], device: string): string =>
  `${some(vips.map(hostRoute))} dev ${device} scope kni_host`;

/** `a b c and 997 more` */
export function some(vips: readonly string[], most = 5): string {
  const rest = vips.length - most;
  return rest > 0 ? `${vips.slice(0, most).join(' ')} and ${rest} more` : vips.join(' ');
}
