// The bridge's view of ospfd: its neighbours, or why it cannot be asked. Says in the log when an adjacency comes or goes.
import type { Log } from '../log/index.js';
import type { OspfView } from './conditions.js';
import type { OspfNeighbour } from './frr-output.js';
import type { Ospfd } from './ospfd.js';
import { VtyshError } from './vtysh.js';

export class OspfWatch {
  readonly #ospfd: Pick<Ospfd, 'neighbours'>;
  readonly #log: Log;
  #view: OspfView = { trouble: 'not asked yet', neighbours: [] };
  #looking: Promise<OspfView> | null = null;
  /** Called when an adjacency has become Full. */
  onFull: () => void = () => {};

  constructor(ospfd: Pick<Ospfd, 'neighbours'>, log: Log) {
    this.#ospfd = ospfd;
    this.#log = log;
  }

  /** As of the last look. */
  get view(): OspfView {
    return this.#view;
  }

  /** Looks that are asked for at the same time share one. */
  look(): Promise<OspfView> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #lookOnce(): Promise<OspfView> {
    const before = this.#view;
    try {
      this.#view = { trouble: null, neighbours: await this.#ospfd.neighbours() };
    } catch (error) {
      if (!(error instanceof VtyshError)) throw error;
      this.#view = { trouble: error.message, neighbours: [] };
    }
    this.#tell(before, this.#view);
    return this.#view;
  }

  #tell(before: OspfView, after: OspfView): void {
    if (after.trouble !== null && before.trouble !== after.trouble)
      this.#log.event('ospf.daemon_down', { reason: after.trouble });
    const full = (view: OspfView): Map<string, OspfNeighbour> =>
      new Map(view.neighbours.filter((each) => each.full).map((each) => [`${each.routerId} ${each.interface}`, each]));
    const [was, is] = [full(before), full(after)];
    for (const [key, { routerId, interface: kni, state }] of is) {
      if (was.has(key)) continue;
      this.#log.event('ospf.neighbour_full', { routerId, interface: kni, state });
      this.onFull();
    }
    for (const [key, { routerId, interface: kni }] of was)
      if (!is.has(key)) this.#log.event('ospf.neighbour_lost', { routerId, interface: kni });
  }
}
