// The bridge's watch: looks every second, and at once when something changed, and moves each VIP to where the node's state says.
import type { KernelEvent } from '../kni/index.js';
import { firstFailure } from './conditions.js';
import { addressesOf, type BridgeCore, conditionReason } from './core.js';
import { DrainWatch } from './drain-watch.js';
import { findDrift } from './drift.js';
import { HealthGate } from './health-gate.js';
import { byPlace, usablePorts } from './places.js';
import { isCarried, type Port } from './port.js';
import { StaleWatch } from './stale-watch.js';
import type { NodeView } from './view.js';
import type { Vip } from './vip-book.js';
import { isHeld, isUnheard, isUp } from './vip-state.js';

const roundMs = 1_000;
/** While ospfd is away and a VIP waits for it: the earlier a new ospfd is told of the VIP, the less of its predecessor's LSA is flushed. */
const watchfulMs = 250;
/** Asking a daemon costs a process each time; while all is well this is often enough. */
const thoroughMs = 3_000;
/** Each asks the daemons all the time; those that come later take their turn. */
const attemptsAtOnce = 2;

export class Reconciler {
  readonly #core: BridgeCore;
  readonly #drains: DrainWatch;
  readonly #gate: HealthGate;
  readonly #stale: StaleWatch;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  readonly #attempts = new Set<Promise<void>>();
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
    const vip = event.kind === 'address' ? book.get(event.address.address) : undefined;
    // Whoever did it: the routing daemon changes the VIP's LSA now.
    if (vip !== undefined) this.#core.tools.pace.changed([vip.entry.vip]);
    const concerned =
      event.kind === 'resync' ||
      (event.kind === 'link'
        ? book.all.some(({ entry }) => entry.ports.some(({ kni }) => kni === event.link.name))
        : vip !== undefined);
    if (concerned) this.nudge(true);
  };

  /** Waits for the round that is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
    await Promise.all(this.#attempts);
  }

  #daemonIsMissed(): boolean {
    const { book } = this.#core.parts;
    if (this.#core.graceful.active) return true;
    const trouble = this.#core.speakers.some(({ watch }) => watch.view.trouble !== null);
    return trouble && book.all.some(({ state }) => isHeld(state));
  }

  async #round(): Promise<void> {
    for (const group of groupsOf(await this.#core.exclusive(() => this.#look()))) this.#attempt(group);
  }

  /** Moves the VIPs to where the node's state says, and takes back what has to go. @returns those that can be announced */
  async #look(): Promise<Vip[]> {
    const { graceful, parts } = this.#core;
    const { book } = parts;
    if (this.#closed) return [];
    if (book.all.length + book.departed.length === 0 && !graceful.active) {
      await this.#release();
      return [];
    }
    const thorough = performance.now() - this.#thoroughAt >= thoroughMs;
    const pending = book.all.some(({ state }) => state.kind !== 'announced');
    if (thorough || pending || graceful.active) await this.#core.lookAtNeighbours();
    await graceful.round();
    if (thorough) {
      this.#thoroughAt = performance.now();
      // Until it is over, a database that lacks a VIP is no news.
      if (!graceful.active)
        await this.#noteDrift(this.#free.filter(({ state }) => state.kind === 'announced' || isUnheard(state)));
    }
    const { announce, withdraw } = await this.#orders();
    withdraw.push(...(await this.#drains.round(thorough)));
    await this.#withdraw(withdraw);
    if (thorough && !graceful.active) await this.#stale.round();
    await this.#release();
    return graceful.underWay ? [] : announce;
  }

  /** Those that nobody is changing. */
  get #free(): Vip[] {
    const { parts, claims } = this.#core;
    return parts.book.all.filter(({ entry }) => !claims.has(entry.vip));
  }

  async #withdraw(vips: readonly Vip[]): Promise<void> {
    const { book } = this.#core.parts;
    const wanted = vips.filter(({ entry }) => entry.wanted);
    const unwanted = vips.filter(({ entry }) => !entry.wanted);
    if (wanted.length > 0) await this.#core.withdraw(wanted, false);
    if (unwanted.length === 0) return;
    const { error } = await this.#core.withdraw(unwanted, true);
    if (error === null) book.remove(unwanted);
  }

  /** Whose proof is under way is not waited for when it cannot be served any more: the next round takes it back. */
  #giveUpHopeless(view: NodeView): void {
    const { claims, hopeless, parts } = this.#core;
    hopeless.clear();
    for (const vip of parts.book.all) {
      if (!claims.has(vip.entry.vip)) continue;
      if (firstFailure(this.#core.conditions(view, vip, true), 'serve') !== null) hopeless.add(vip.entry.vip);
    }
  }

  #attempt(vips: readonly Vip[]): void {
    this.#background(vips, () => this.#core.announce(vips, false));
  }

  /** The rounds go on meanwhile. */
  #background(vips: readonly Vip[], work: () => Promise<unknown>): void {
    if (this.#closed || this.#attempts.size >= attemptsAtOnce) return;
    const release = this.#core.claims.takeNow(addressesOf(vips));
    if (release === null) return;
    const attempt = work()
      .catch((error: unknown) => this.#failed(vips, error))
      .then(() => {
        release();
        this.#attempts.delete(attempt);
        this.nudge(false);
      });
    this.#attempts.add(attempt);
  }

  /** A fault of our own, or what the kernel says in no word that is known: tried again like any other failure. */
  #failed(vips: readonly Vip[], error: unknown): void {
    const { book, log } = this.#core.parts;
    log.event('api.defect', { method: 'announce', error });
    const reason = { at: 'announce', code: 'internal', detail: error instanceof Error ? error.message : String(error) };
    for (const vip of vips) if (vip.state.kind === 'ready') book.advance(vip, { kind: 'failed', reason });
  }

  /** A dataplane that is stopping goes on forwarding until it hears that nothing is announced any more. */
  async #release(): Promise<void> {
    const { claims, parts } = this.#core;
    const { book, dataplane, api } = parts;
    if (!dataplane.view().stopping || !claims.none || book.all.some(({ state }) => isHeld(state))) return;
    // It may have ended meanwhile: that is what it is told for.
    await api.call('node.released', {}).catch(() => {});
  }

  async #noteDrift(announced: readonly Vip[]): Promise<void> {
    const { book, dataplane, speakers } = this.#core.parts;
    // While the dataplane is silent its conditions decide; its routes cannot be asked.
    if (announced.length === 0 || !dataplane.view().reachable) return;
    const { gone, lacking } = await findDrift(
      this.#core.tools,
      announced.map(({ entry }) => entry),
      (family) => speakers[family]?.watch.silent ?? false,
    );
    for (const vip of announced) {
      const reason = gone.get(vip.entry.vip);
      if (reason !== undefined) book.advance(vip, { kind: 'drifted', reason });
    }
    await this.#mend(announced, lacking);
  }

  /** Of several ports, those that have come, or come back, since it was announced. */
  async #mend(announced: readonly Vip[], lacking: ReadonlyMap<string, readonly Port[]>): Promise<void> {
    if (lacking.size === 0) return;
    const view = await this.#core.view();
    const due = announced.flatMap((vip) => {
      const usable = usablePorts(view, vip);
      const ports = (lacking.get(vip.entry.vip) ?? []).filter((port) => usable.includes(port));
      return ports.length === 0 ? [] : [{ vip, entry: { vip: vip.entry.vip, ports } }];
    });
    for (const group of byPlace(due)) {
      const vips = group.map(({ vip }) => vip);
      this.#background(vips, () => this.#core.mend(vips, group[0].entry.ports));
    }
  }

  async #orders(): Promise<{ announce: Vip[]; withdraw: Vip[] }> {
    const orders = { announce: [] as Vip[], withdraw: [] as Vip[] };
    const { book } = this.#core.parts;
    const view = await this.#core.view();
    this.#gate.open();
    this.#giveUpHopeless(view);
    for (const vip of this.#free) {
      const conditions = this.#core.conditions(view, vip);
      const health = conditionReason(firstFailure(conditions, 'health'));
      const hard = conditionReason(firstFailure(conditions, 'serve'));
      const held = mayBeUp(vip, view) && hard === null && health !== null ? await this.#gate.heldBack(vip) : null;
      book.keep(vip, held ?? this.#drains.heldBack(vip));
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
  isUp(state) || (state.kind !== 'withdrawn' && isHeld(state) && isCarried(carried, entry));

/** Together, but for those that failed before anything could be proved: one may spoil it for all. */
function groupsOf(vips: readonly Vip[]): Vip[][] {
  const isAlone = ({ state }: Vip): boolean => state.kind === 'ready' && state.alone;
  return [...byPlace(vips.filter((vip) => !isAlone(vip))), ...vips.filter(isAlone).map((vip) => [vip])];
}
