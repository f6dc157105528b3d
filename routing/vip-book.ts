// The VIPs that are wanted: their journal entries, their states and how they came there; moved by inputs and written down (by
// journal-keeper.ts) when they change. Each transition has its reason, in the log, as an event and in the VIP's history.
import { DpvsError } from '../api/index.js';
import type { Log } from '../log/index.js';
import { noPenalty, type Penalty, penalised, relieved, suppressedMs } from './damping.js';
import type { Departed, Journal, JournalEntry } from './journal.js';
import { JournalKeeper } from './journal-keeper.js';
import { mostVips } from './limits.js';
import { portsText } from './port.js';
import { transitionReason } from './transition-reason.js';
import {
  advance,
  type Intent,
  initialState,
  type Order,
  type Reason,
  type VipInput,
  type VipState,
} from './vip-state.js';

export interface Transition {
  /** ISO time. */
  readonly at: string;
  readonly from: VipState['kind'];
  readonly to: VipState['kind'];
  readonly reason: Reason;
}

export interface Vip {
  readonly entry: Mutable<JournalEntry>;
  state: VipState;
  penalty: Penalty;
  /** Why it stays announced although its real servers or ports say that it should go. */
  kept: Reason | null;
  /** The last ones, oldest first. */
  readonly history: Transition[];
  /** Milliseconds of the last announcement and withdrawal, until the routing daemon's database proved them. */
  readonly took: { announce: number | null; withdraw: number | null };
}
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Enough to see a VIP flap, and little enough for a thousand of them. */
const historyLength = 16;

function intentOf({ drain, wanted }: JournalEntry): Intent {
  if (!wanted) return 'unwanted';
  if (drain === null) return 'announced';
  return drain.ended ? 'drained' : 'draining';
}

export class VipBook {
  readonly #vips = new Map<string, Vip>();
  readonly #journal: Journal;
  readonly #keeper: JournalKeeper;
  readonly #log: Log;
  /** Called for each transition. */
  onTransition: (vip: Vip, transition: Transition) => void = () => {};

  /** @throws {DpvsError} journal: an unreadable one */
  constructor(journal: Journal, log: Log) {
    this.#journal = journal;
    this.#log = log;
    this.#keeper = new JournalKeeper(journal, log, () => this.all.map(({ entry }) => entry));
    for (const entry of journal.read()) this.#vips.set(entry.vip, newVip(entry, true));
  }

  get all(): Vip[] {
    return [...this.#vips.values()];
  }

  get(vip: string): Vip | undefined {
    return this.#vips.get(vip);
  }

  /** Why the journal cannot be written; null: it can. */
  get journalTrouble(): string | null {
    return this.#keeper.trouble;
  }

  /**
   * New VIPs, or known ones with another policy: written down before anything changes here.
   * @returns the new ones. @throws {DpvsError} no_room; journal: it cannot be written. Then nothing has changed
   */
  want(wishes: readonly JournalEntry[]): Vip[] {
    this.refuseTooMany(wishes.map(({ vip }) => vip));
    const fresh = wishes.filter(({ vip }) => !this.#vips.has(vip));
    const wished = new Map(
      wishes.map(({ vip, ports, policy, force, wanted, drain }) => [vip, { ports, policy, force, wanted, drain }]),
    );
    this.#keeper.write([...this.all.map(({ entry }) => ({ ...entry, ...wished.get(entry.vip) })), ...fresh]);
    for (const { entry } of this.all) Object.assign(entry, wished.get(entry.vip));
    return this.#enter(fresh);
  }

  /** @throws {DpvsError} no_room: with these, there would be more than the bridge takes */
  refuseTooMany(vips: readonly string[]): void {
    const fresh = vips.filter((vip) => !this.#vips.has(vip)).length;
    const known = this.#vips.size;
    // A journal that holds more is read all the same, and may be worked off.
    if (fresh > 0 && known + fresh > mostVips)
      throw new DpvsError('no_room', `${known} VIPs and ${fresh} more: one node announces at most ${mostVips}`, 'vips');
  }

  /** Before a change that cannot be taken back, and whose end has to be written down. @throws {DpvsError} journal */
  refuseUnwritable(): void {
    this.#keeper.write(this.all.map(({ entry }) => entry));
  }

  /** Takes back what was removed. */
  add(entries: readonly JournalEntry[]): Vip[] {
    const vips = this.#enter(entries);
    if (vips.length > 0) this.save();
    return vips;
  }

  #enter(entries: readonly JournalEntry[]): Vip[] {
    const vips = entries.map((entry) => newVip(entry, false));
    for (const vip of vips) this.#vips.set(vip.entry.vip, vip);
    return vips;
  }

  remove(vips: readonly Vip[]): void {
    for (const { entry } of vips) this.#vips.delete(entry.vip);
    if (vips.length > 0) this.save();
  }

  get departed(): readonly Departed[] {
    return this.#journal.departed;
  }

  /** The oldest are forgotten when there are too many. */
  setDeparted(departed: readonly Departed[]): void {
    this.#journal.departed = departed.slice(-mostVips);
    this.save();
  }

  get restartUntil(): string | null {
    return this.#journal.restartUntil;
  }

  setRestartUntil(until: string | null): void {
    this.#journal.restartUntil = until;
    this.save();
  }

  /** On disk when it returns, or else as soon as the disk takes it: what has been done is not undone by a disk. */
  readonly save = (): void => this.#keeper.save();

  /** Nothing is written after it. */
  close(): void {
    this.#keeper.close();
  }

  suppressedMs(vip: Vip): number {
    const now = performance.now();
    vip.penalty = relieved(vip.penalty, now);
    return suppressedMs(vip.penalty, now);
  }

  /** The operator has spoken: what it did before counts no more. */
  forgive(vip: Vip): void {
    vip.penalty = noPenalty;
  }

  /** Says it once for each new reason. */
  keep(vip: Vip, reason: Reason | null): void {
    if (reason !== null && vip.kept?.detail !== reason.detail)
      this.#log.event('vip.kept', { vip: vip.entry.vip, device: portsText(vip.entry.ports), ...reason });
    vip.kept = reason;
  }

  /** It goes, or went, although no condition failed: for the history, the log and the event. Its state is not changed. */
  tell(vip: Vip, reason: Reason): void {
    const from = vip.state.kind;
    if (from !== 'withdrawn') this.#record(vip, from, 'withdrawn', reason);
  }

  /** @returns what is to be done now */
  advance(vip: Vip, input: VipInput): Order {
    const before = vip.state;
    const now = performance.now();
    const { state, order } = advance(before, input, now);
    vip.state = state;
    const { vip: address, ports } = vip.entry;
    const device = portsText(ports);
    if (input.kind === 'drifted' && before !== state)
      this.#log.event('vip.drifted', { vip: address, device, ...input.reason });
    if (input.kind === 'failed') this.#log.event('vip.announce_failed', { vip: address, device, ...input.reason });
    if (state.kind !== before.kind) this.#transition(vip, before, input, now);
    this.#keepDrain(vip);
    return order;
  }

  #transition(vip: Vip, before: VipState, input: VipInput, now: number): void {
    const { state } = vip;
    if (state.kind !== 'announced') vip.kept = null;
    // Only what the node does of itself is flapping.
    if (state.kind === 'withdrawn' && input.kind === 'assessed') vip.penalty = penalised(vip.penalty, now);
    this.#record(vip, before.kind, state.kind, transitionReason(before, input, state));
  }

  #record(vip: Vip, from: VipState['kind'], to: VipState['kind'], reason: Reason): void {
    const { vip: address, ports } = vip.entry;
    const device = portsText(ports);
    const transition = { at: new Date().toISOString(), from, to, reason };
    vip.history.push(transition);
    if (vip.history.length > historyLength) vip.history.shift();
    this.#log.event(`vip.${to}`, { vip: address, device, from, ...reason });
    this.onTransition(vip, transition);
  }

  /** The journal follows the state: a drain survives the bridge. */
  #keepDrain({ entry, state }: Vip): void {
    if (entry.drain === null) return;
    const ended = state.kind === 'withdrawn' && state.parked;
    if (ended === entry.drain.ended) return;
    entry.drain = { ...entry.drain, ended };
    this.#keeper.saveSoon();
  }
}

function newVip(entry: JournalEntry, held: boolean): Vip {
  return {
    entry,
    state: initialState(performance.now(), held, intentOf(entry)),
    penalty: noPenalty,
    kept: null,
    history: [],
    took: { announce: null, withdraw: null },
  };
}
