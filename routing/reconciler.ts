// The bridge's watch: looks every second, and at once when something changed, and moves each VIP to where the node's state says.
import type { KernelEvent } from '../kni/index.js';
import { firstFailure } from './conditions.js';
import { type BridgeCore, byPlace, conditionReason } from './core.js';
import { DrainWatch } from './drain-watch.js';
import { findDrift } from './drift.js';
import { HealthGate } from './health-gate.js';
import { StaleWatch } from './stale-watch.js';
import type { NodeView } from './view.js';
import type { Vip } from './vip-book.js';
import { isHeld, isUnheard, isUp } from './vip-state.js';

const roundMs = 1_000;
/** While ospfd is away and a VIP waits for it: the earlier a new ospfd is told of the VIP, the less of its predecessor's LSA is flushed. */
const watchfulMs = 250;
/** Asking a daemon costs a process each time; while all is well this is often enough. */
const thoroughMs = 3_000;
/** VIPs that failed are tried one by one, so that one that cannot be announced does not hold up the others; so many a round. */
const singlesARound = 8;

export class Reconciler {
  readonly #core: BridgeCore;
  readonly #drains: DrainWatch;
  readonly #gate: HealthGate;
  readonly #stale: StaleWatch;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #again = false;
  #thoroughAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(core: BridgeCore) {
    this.#core = core;
    this.#drains = new DrainWatch(core);
    this.#gate = new HealthGate(core);
    this.#stale = new StaleWatch(core);
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
        else this.#timer = setTimeout(() => this.nudge(false), this.#daemonIsMissed() ? watchfulMs : roundMs);
      });
  }

  /** The kernel's changes that concern a VIP or its interface. */
  readonly onKernelEvent = (event: KernelEvent): void => {
    if (event.kind === 'route') return;
    const { book } = this.#core.parts;
    // Whoever did it: the routing daemon changes the VIP's LSA now.
    if (event.kind === 'address') this.#core.tools.pace.changed([event.address.address]);
    const concerned =
      event.kind === 'resync' ||
      (event.kind === 'link'
        ? book.all.some(({ entry }) => entry.kni === event.link.name)
        : book.get(event.address.address) !== undefined);
    if (concerned) this.nudge(true);
  };

  /** Waits for the round that is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  #daemonIsMissed(): boolean {
    const { book } = this.#core.parts;
    if (this.#core.graceful.active) return true;
    const trouble = this.#core.speakers.some(({ watch }) => watch.view.trouble !== null);
    return trouble && book.all.some(({ state }) => isHeld(state));
  }

  #round(): Promise<void> {
    return this.#core.exclusive(async () => {
      const { graceful, parts } = this.#core;
      const { book } = parts;
      if (this.#closed) return;
      if (book.all.length + book.departed.length === 0 && !graceful.active) return this.#release();
      const thorough = performance.now() - this.#thoroughAt >= thoroughMs;
      const pending = book.all.some(({ state }) => state.kind !== 'announced');
      if (thorough || pending || graceful.active) await this.#core.lookAtNeighbours();
      await graceful.round();
      if (thorough) {
        this.#thoroughAt = performance.now();
        // Until it is over, a database that lacks a VIP is no news.
        if (!graceful.active)
          await this.#noteDrift(book.all.filter(({ state }) => state.kind === 'announced' || isUnheard(state)));
      }
      const { announce, withdraw } = await this.#orders();
      withdraw.push(...(await this.#drains.round(thorough)));
      if (withdraw.length > 0) await this.#core.withdraw(withdraw, false);
      if (!graceful.underWay) await this.#announce(announce);
      if (thorough && !graceful.active) await this.#stale.round();
      await this.#release();
    });
  }

  /** A dataplane that is stopping goes on forwarding until it hears that nothing is announced any more. */
  async #release(): Promise<void> {
    const { book, dataplane, api } = this.#core.parts;
    if (!dataplane.view().stopping || book.all.some(({ state }) => isHeld(state))) return;
    // It may have ended meanwhile: that is what it is told for.
    await api.call('node.released', {}).catch(() => {});
  }

  /** Those that are tried for the first time all at once, the others one by one. */
  async #announce(vips: readonly Vip[]): Promise<void> {
    const failures = ({ state }: Vip): number => (state.kind === 'ready' ? state.failures : 0);
    const fresh = byPlace(vips.filter((vip) => failures(vip) === 0));
    const again = vips.filter((vip) => failures(vip) > 0).slice(0, singlesARound);
    for (const group of [...fresh, ...again.map((vip) => [vip])]) {
      if (this.#closed) return;
      await this.#core.announce(group);
    }
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
    const { book } = this.#core.parts;
    const view = await this.#core.view();
    this.#gate.open();
    for (const vip of book.all) {
      const conditions = this.#core.conditions(view, vip);
      const health = conditionReason(firstFailure(conditions, 'health'));
      const hard = conditionReason(firstFailure(conditions, 'serve'));
      const held = mayBeUp(vip, view) && hard === null && health !== null ? await this.#gate.heldBack(vip) : null;
      if (health === null) this.#gate.forget(vip);
      book.keep(vip, held);
      // While the daemon is away for a planned restart the neighbours keep what it had announced.
      const excused = this.#core.graceful.active && vip.state.kind === 'announced';
      const order = book.advance(vip, {
        kind: 'assessed',
        serve: held === null ? conditionReason(firstFailure(conditions, 'serve', 'health')) : null,
        begin: excused ? null : conditionReason(firstFailure(conditions, 'begin')),
        hear: excused ? null : conditionReason(firstFailure(conditions, 'hear')),
      });
      if (order === 'announce' || order === 'withdraw') orders[order].push(vip);
    }
    return orders;
  }
}

/** Announced, or what a bridge that was killed left announced: that is held back like any other. */
const mayBeUp = ({ state, entry }: Vip, { carried }: NodeView): boolean =>
  isUp(state) || (state.kind !== 'withdrawn' && isHeld(state) && carried.has(`${entry.kni} ${entry.vip}`));
