// What the procedures of the bridge work with: the dataplane, the kernel, ospfd, and the pace at which a VIP may change.
import type { Method, Params, Result } from '../api/index.js';
import type { Rtnetlink } from '../kni/index.js';
import type { Announcer } from './announcer.js';
import type { Ospfd } from './ospfd.js';

/** The dataplane's API; `DataplaneClient` is one. */
export interface DataplaneApi {
  call<M extends Method>(method: M, params: Params<M>, timeoutMs?: number): Promise<Result<M>>;
}

export interface Tools {
  readonly dataplane: DataplaneApi;
  readonly kernel: Pick<Rtnetlink, 'addresses' | 'addAddress' | 'deleteAddress'>;
  readonly announcer: Announcer;
  readonly ospfd: Pick<Ospfd, 'zebraAnswers'>;
  readonly pace: Pace;
}

/**
 * A router discards an LSA that follows its predecessor within a second (MinLSArrival, RFC 2328 section 13 (5)), and our ospfd sends
 * it again only 5 s later: announcing and withdrawing within a second was measured to take 5 to 9 s. Waiting a little makes both
 * take 0.1 s.
 */
export class Pace {
  readonly #changed = new Map<string, number>();
  /** When all may have changed: at our start, because of the process before us, and with every new adjacency. */
  #all = performance.now();

  constructor(readonly leastMs = 1_100) {}

  /** Waits until the LSAs of all of these may change again. */
  async wait(vips: readonly string[]): Promise<void> {
    const last = Math.max(this.#all, ...vips.map((vip) => this.#changed.get(vip) ?? this.#all));
    const left = last + this.leastMs - performance.now();
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
  }

  changed(vips: readonly string[]): void {
    const now = performance.now();
    for (const vip of vips) this.#changed.set(vip, now);
  }

  /** A neighbour has just received every LSA. */
  changedAll(): void {
    this.#all = performance.now();
  }
}

/** Whether VIP/32 is on the interface. */
export async function hasAddress(kernel: Tools['kernel'], kni: string, vip: string): Promise<boolean> {
  const addresses = await kernel.addresses(kni);
  return addresses.some(({ address, prefixLength }) => address === vip && prefixLength === 32);
}

/** Whether the dataplane hands packets for the VIP that belong to no service to the kernel. */
export async function hasKniRoute(dataplane: DataplaneApi, device: string, vip: string): Promise<boolean> {
  const routes = await dataplane.call('route.list', { device });
  return routes.some((route) => route.destination === `${vip}/32` && route.scope === 'kni_host');
}
