// The bridge's view of a routing daemon: its neighbours, or why it cannot be asked. Says in the log when an adjacency comes or goes.
import { setTimeout } from 'node:timers/promises';
import type { Log } from '../log/index.js';
import type { Driver } from './drivers/driver.js';
import type { Neighbour } from './frr-output.js';
import type { RoutingView } from './view.js';
import { VtyshError } from './vtysh.js';

/** An ospfd with a thousand VIPs on a busy machine answers in some 100 ms. */
const patienceMs = 1_500;

type Asked = Pick<Driver, 'protocol' | 'daemon' | 'neighbours'>;

export class NeighbourWatch {
  readonly #driver: Asked;
  readonly #log: Log;
  #view: RoutingView;
  #looking: Promise<RoutingView> | null = null;
  #silent = false;
  /** Called when an adjacency has become Full. */
  onFull: () => void = () => {};

  constructor(driver: Asked, log: Log) {
    this.#driver = driver;
    this.#log = log;
    this.#view = this.#seen('not asked yet', []);
  }

  /** As of the last look. */
  get view(): RoutingView {
    return this.#view;
  }

  /**
   * Looks that are asked for at the same time share one. A daemon that hangs holds nobody up for longer than `patienceMs`, and not at all
   * once it is known to hang: the look goes on, and until it ends the view is that of the one before.
   */
  async look(): Promise<RoutingView> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = null;
    });
    if (this.#silent) return this.#view;
    const patience = new AbortController();
    const looking = this.#looking.finally(() => patience.abort());
    await Promise.race([looking, setTimeout(patienceMs, null, { signal: patience.signal }).catch(() => {})]);
    return this.#view;
  }

  /** It was reached and did not answer, at the last look. */
  get silent(): boolean {
    return this.#silent;
  }

  async #lookOnce(): Promise<RoutingView> {
    const before = this.#view;
    try {
      this.#view = this.#seen(null, await this.#driver.neighbours());
      this.#silent = false;
    } catch (error) {
      if (!(error instanceof VtyshError)) throw error;
      this.#view = this.#seen(error.message, []);
      this.#silent = error.kind === 'silent';
    }
    this.#tell(before, this.#view);
    return this.#view;
  }

  #seen(trouble: string | null, neighbours: readonly Neighbour[]): RoutingView {
    const { protocol, daemon } = this.#driver;
    return { protocol, daemon, trouble, neighbours };
  }

  #tell(before: RoutingView, after: RoutingView): void {
    const { protocol, daemon } = after;
    if (after.trouble !== null && before.trouble !== after.trouble)
      this.#log.event('routing.daemon_down', { daemon, reason: after.trouble });
    const full = (view: RoutingView): Map<string, Neighbour> =>
      new Map(view.neighbours.filter((each) => each.full).map((each) => [`${each.routerId} ${each.interface}`, each]));
    const [was, is] = [full(before), full(after)];
    for (const [key, { routerId, interface: kni, state }] of is) {
      if (was.has(key)) continue;
      this.#log.event('routing.neighbour_full', { protocol, routerId, interface: kni, state });
      this.onFull();
    }
    for (const [key, { routerId, interface: kni }] of was)
      if (!is.has(key)) this.#log.event('routing.neighbour_lost', { protocol, routerId, interface: kni });
  }
}
