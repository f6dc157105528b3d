// What commands and the watch of the bridge share: the view of the node, and the two procedures, one change at a time.
import type { Rtnetlink } from '../kni/index.js';
import type { Log } from '../log/index.js';
import { announceVip } from './announce.js';
import type { Announcer } from './announcer.js';
import { assess, type Condition, type NodeView } from './conditions.js';
import type { DataplaneWatch } from './dataplane-watch.js';
import type { OspfWatch } from './ospf-watch.js';
import type { Ospfd } from './ospfd.js';
import { StepError, Steps } from './steps.js';
import { type DataplaneApi, Pace, type Tools } from './tools.js';
import type { Vip, VipBook } from './vip-book.js';
import { isHeld, type Reason } from './vip-state.js';
import { withdrawVips } from './withdraw.js';

export interface BridgeParts {
  readonly log: Log;
  readonly api: DataplaneApi;
  readonly dataplane: DataplaneWatch;
  readonly kernel: Rtnetlink;
  readonly ospfd: Ospfd;
  readonly ospf: OspfWatch;
  readonly announcer: Announcer;
  readonly book: VipBook;
}

export interface Outcome {
  readonly steps: Steps;
  /** null when all of it succeeded. */
  readonly error: StepError | null;
}

export const reasonOf = ({ step, code, detail }: StepError): Reason => ({ at: step, code, detail });

export const conditionReason = (condition: Condition | null): Reason | null =>
  condition === null || condition.failure === null ? null : { at: condition.name, ...condition.failure };

export class BridgeCore {
  readonly tools: Tools;
  #last: Promise<unknown> = Promise.resolve();

  constructor(readonly parts: BridgeParts) {
    const { api, kernel, announcer, ospfd, ospf } = parts;
    const pace = new Pace();
    ospf.onFull = () => pace.changedAll();
    this.tools = { dataplane: api, kernel, announcer, ospfd, pace };
  }

  /** Runs after every change that was asked for before. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#last.then(work);
    this.#last = run.catch(() => {});
    return run;
  }

  /** Kernel links are read now; the dataplane and ospfd as of their last look. */
  async view(): Promise<NodeView> {
    const { kernel } = this.parts;
    const [links, addresses] = await Promise.all([kernel.links(), kernel.addresses()]);
    return {
      dataplane: this.parts.dataplane.view(),
      kernel: new Map(links.map((link) => [link.name, link])),
      carried: new Set(addresses.map(({ device, address }) => `${device} ${address}`)),
      ospf: this.parts.ospf.view,
    };
  }

  conditions(view: NodeView, vip: Vip): Condition[] {
    return assess(view, vip.entry, isHeld(vip.state));
  }

  /** One attempt to announce; its result is in the VIP's state. Within `exclusive`. */
  async announce(vip: Vip): Promise<Outcome> {
    const { book } = this.parts;
    const steps = new Steps();
    try {
      await announceVip(this.tools, steps, vip.entry, vip.entry.owned, book.save);
      book.advance(vip, { kind: 'announced' });
      return { steps, error: null };
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      book.advance(vip, { kind: 'failed', reason: reasonOf(error) });
      return { steps, error };
    }
  }

  /** Takes the VIPs back. Within `exclusive`. @param forGood they are not wanted any more */
  async withdraw(vips: readonly Vip[], forGood: boolean): Promise<Outcome> {
    const { book, log, ospf } = this.parts;
    const steps = new Steps();
    // An adjacency that has just come up sets the pace.
    await ospf.look();
    try {
      const held = vips.map(({ entry }) => entry);
      await withdrawVips(this.tools, steps, held, forGood, book.save);
      for (const vip of vips) book.advance(vip, { kind: 'released' });
      return { steps, error: null };
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      log.event('vip.withdraw_failed', { vips: vips.map(({ entry }) => entry.vip), ...reasonOf(error) });
      return { steps, error };
    }
  }
}
