// The VIPs that are wanted: their journal entries and their states, moved by inputs and written down when they change.
import type { Log } from '../log/index.js';
import type { Journal, JournalEntry } from './journal.js';
import { advance, initialState, type Order, type VipInput, type VipState } from './vip-state.js';

export interface Vip {
  readonly entry: JournalEntry;
  state: VipState;
}

export class VipBook {
  readonly #vips = new Map<string, Vip>();
  readonly #journal: Journal;
  readonly #log: Log;

  /** @throws {DpvsError} config: an unreadable journal */
  constructor(journal: Journal, log: Log) {
    this.#journal = journal;
    this.#log = log;
    for (const entry of journal.read())
      this.#vips.set(entry.vip, { entry, state: initialState(performance.now(), true) });
  }

  get all(): Vip[] {
    return [...this.#vips.values()];
  }

  get(vip: string): Vip | undefined {
    return this.#vips.get(vip);
  }

  add(entry: JournalEntry): Vip {
    const vip = { entry, state: initialState(performance.now(), false) };
    this.#vips.set(entry.vip, vip);
    this.save();
    return vip;
  }

  remove(vip: string): void {
    if (this.#vips.delete(vip)) this.save();
  }

  readonly save = (): void => this.#journal.write(this.all.map(({ entry }) => entry));

  /** @returns what is to be done now */
  advance(vip: Vip, input: VipInput): Order {
    const before = vip.state;
    const { state, order } = advance(before, input, performance.now());
    vip.state = state;
    const { vip: address, device } = vip.entry;
    if (state.kind === 'announced' && before.kind !== 'announced')
      this.#log.event('vip.announced', { vip: address, device });
    else if (state.kind === 'withdrawn' && before.kind !== 'withdrawn')
      this.#log.event('vip.withdrawn', { vip: address, device, ...state.reason });
    else if (input.kind === 'drifted' && before !== state)
      this.#log.event('vip.drifted', { vip: address, device, ...input.reason });
    else if (input.kind === 'failed') this.#log.event('vip.announce_failed', { vip: address, device, ...input.reason });
    return order;
  }
}
