// The orderly end: a node that is told to stop goes on forwarding until its VIPs are withdrawn, so that nobody sends into nothing.
// The bridge withdraws them; it says that it is there by a lease, and that it is done by a request.
import type { Log } from '../../log/index.js';

/** The bridge repeats itself three times within. One that died is missed after this. */
export const BRIDGE_LEASE_MS = 10_000;

export interface FarewellParts {
  /** dataplane_defs { stop_linger }: longest wait; 0 never waits. */
  readonly lingerMs: number;
  readonly log: Log;
  /** The node begins to stop, within the given time. To be told to the bridge, and to who asks for the status. */
  readonly onStopping: (withinMs: number) => void;
  readonly now?: () => number;
}

export class Farewell {
  readonly #parts: FarewellParts;
  readonly #now: () => number;
  #leaseUntil = Number.NEGATIVE_INFINITY;
  #released: (() => void) | undefined;
  #stopping = false;

  constructor(parts: FarewellParts) {
    this.#parts = parts;
    this.#now = parts.now ?? (() => performance.now());
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** Whether a bridge said within the lease that it is there. */
  get attached(): boolean {
    return this.#now() < this.#leaseUntil;
  }

  attach(): { leaseMs: number } {
    this.#leaseUntil = this.#now() + BRIDGE_LEASE_MS;
    return { leaseMs: BRIDGE_LEASE_MS };
  }

  /** Nothing is announced here any more: a node that stops need not wait, and need not have waited for this bridge. */
  release(): void {
    this.#leaseUntil = Number.NEGATIVE_INFINITY;
    this.#released?.();
  }

  /** Resolves when the ports may be closed. At once without a bridge. @param hurry aborted: whoever stops us will not wait. */
  async begin(hurry: AbortSignal): Promise<void> {
    const { lingerMs, log, onStopping } = this.#parts;
    if (this.#stopping) return;
    this.#stopping = true;
    const wait = this.attached && !hurry.aborted ? lingerMs : 0;
    onStopping(wait);
    if (wait === 0) return;
    const since = this.#now();
    const why = await this.#until(wait, hurry);
    log.event(why === 'released' ? 'node.released' : 'node.not_released', {
      why,
      afterMs: Math.round(this.#now() - since),
    });
  }

  #until(wait: number, hurry: AbortSignal): Promise<'released' | 'time is up' | 'told again to stop'> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve('time is up'), wait);
      const now = (why: 'released' | 'told again to stop') => (): void => {
        clearTimeout(timer);
        resolve(why);
      };
      this.#released = now('released');
      hurry.addEventListener('abort', now('told again to stop'), { once: true });
    });
  }
}
