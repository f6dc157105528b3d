// The bridge's watch: looks every second, and at once when something changed, and moves each VIP to where the node's state says.
import type { KernelEvent } from '../kni/index.js';
import { firstFailure } from './conditions.js';
import { type BridgeCore, conditionReason } from './core.js';
import { findDrift } from './drift.js';
import type { Vip } from './vip-book.js';
import { isHeld } from './vip-state.js';

const roundMs = 1_000;
/** While ospfd is away and a VIP waits for it: the earlier a new ospfd is told of the VIP, the less of its predecessor's LSA is flushed. */
const watchfulMs = 250;
/** Asking ospfd costs a process each time; while all is well this is often enough. */
const thoroughMs = 3_000;

export class Reconciler {
  readonly #core: BridgeCore;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #again = false;
  #thoroughAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(core: BridgeCore) {
    this.#core = core;
  }

  start(): void {
    this.nudge(false);
  }

  /** A round soon. @param thorough also look whether everything that was set up is still there */
  nudge(thorough: boolean): void {
    if (this.#closed) return;
    if (thorough) this.#thoroughAt = Number.NEGATIVE_INFINITY;
    if (this.#running !== null) {
      this.#again = true;
      return;
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#running = this.#round()
      .catch((error: unknown) => this.#core.parts.log.event('api.defect', { method: 'reconcile', error }))
      .then(() => {
        this.#running = null;
        if (this.#closed) return;
        const again = this.#again;
        this.#again = false;
        if (again) this.nudge(false);
        else this.#timer = setTimeout(() => this.nudge(false), this.#ospfdIsMissed() ? watchfulMs : roundMs);
      });
  }

  /** The kernel's changes that concern a VIP or its interface. */
  readonly onKernelEvent = (event: KernelEvent): void => {
    if (event.kind === 'route') return;
    const vips = this.#core.parts.book.all;
    // Whoever did it: ospfd changes the VIP's LSA now.
    if (event.kind === 'address') this.#core.tools.pace.changed([event.address.address]);
    const concerned =
      event.kind === 'resync' ||
      (event.kind === 'link'
        ? vips.some(({ entry }) => entry.kni === event.link.name)
        : vips.some(({ entry }) => entry.vip === event.address.address));
    if (concerned) this.nudge(true);
  };

  /** Waits for the round that is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  #ospfdIsMissed(): boolean {
    const { book, ospf } = this.#core.parts;
    return ospf.view.trouble !== null && book.all.some(({ state }) => isHeld(state));
  }

  #round(): Promise<void> {
    return this.#core.exclusive(async () => {
      const { book, ospf } = this.#core.parts;
      if (this.#closed || book.all.length === 0) return;
      const thorough = performance.now() - this.#thoroughAt >= thoroughMs;
      const pending = book.all.some(({ state }) => state.kind !== 'announced');
      if (thorough || pending) await ospf.look();
      if (thorough) {
        this.#thoroughAt = performance.now();
        await this.#noteDrift(book.all.filter(({ state }) => state.kind === 'announced'));
      }
      const { announce, withdraw } = await this.#orders();
      if (withdraw.length > 0) await this.#core.withdraw(withdraw, false);
      for (const vip of announce) {
        if (this.#closed) return;
        await this.#core.announce(vip);
      }
    });
  }

  async #noteDrift(announced: readonly Vip[]): Promise<void> {
    const { book, dataplane } = this.#core.parts;
    // While the dataplane is silent its conditions decide; its routes cannot be asked.
    if (announced.length === 0 || !dataplane.view().reachable) return;
    const drifted = await findDrift(
      this.#core.tools,
      announced.map(({ entry }) => entry),
    );
    for (const vip of announced) {
      const reason = drifted.get(vip.entry.vip);
      if (reason !== undefined) book.advance(vip, { kind: 'drifted', reason });
    }
  }

  async #orders(): Promise<{ announce: Vip[]; withdraw: Vip[] }> {
    const orders = { announce: [] as Vip[], withdraw: [] as Vip[] };
    const view = await this.#core.view();
    for (const vip of this.#core.parts.book.all) {
      const conditions = this.#core.conditions(view, vip);
      const order = this.#core.parts.book.advance(vip, {
        kind: 'assessed',
        serve: conditionReason(firstFailure(conditions, true)),
        begin: conditionReason(firstFailure(conditions, false)),
      });
      if (order !== 'none') orders[order].push(vip);
    }
    return orders;
  }
}
