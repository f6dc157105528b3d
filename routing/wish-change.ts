// What an `announce` changes in the book before it is carried out: new VIPs, other ports, another policy; and back, where it fails.
import type { BridgeCore, Outcome } from './core.js';
import type { JournalEntry } from './journal.js';
import { allPorts, type Port, portsBeside } from './port.js';
import { Steps } from './steps.js';
import type { Vip } from './vip-book.js';
import { byHand, isParked } from './vip-state.js';

export class WishChange {
  readonly #core: BridgeCore;
  readonly #entries: readonly JournalEntry[];
  /** As they were, of those that were known. */
  readonly #before: JournalEntry[] = [];
  #added: Vip[] = [];

  /** @param entries of VIPs that the caller has claimed, as they are to be */
  constructor(core: BridgeCore, entries: readonly JournalEntry[]) {
    this.#core = core;
    this.#entries = entries;
  }

  /** After `make`. */
  get vips(): Vip[] {
    return this.#entries.flatMap(({ vip }) => this.#core.parts.book.get(vip) ?? []);
  }

  /**
   * Within `exclusive`. @returns what could not be taken off another port; null: nothing
   * @throws {DpvsError} no_room, journal: refused, and nothing has changed
   */
  async make(): Promise<Outcome | null> {
    const { book } = this.#core.parts;
    const known = this.vips;
    this.#before.push(...known.map(({ entry }) => ({ ...entry, owned: { ...entry.owned } })));
    const moved = known.filter(({ entry }) => movesAway(entry, this.#wish(entry.vip)));
    if (moved.length > 0) {
      book.refuseUnwritable();
      const away = await this.#core.withdraw(moved, true);
      if (away.error !== null) return away;
      book.remove(moved);
    }
    this.#added = this.#want();
    for (const vip of this.vips) {
      // Only what was not wanted is parked: a drain is ended by undrain alone.
      if (isParked(vip.state)) book.advance(vip, { kind: 'undrain' });
      book.forgive(vip);
    }
    return null;
  }

  /** On the ports where they are as well, until they are announced on the others: nobody is to miss them in between. */
  #want(): Vip[] {
    const { book } = this.#core.parts;
    try {
      return book.want(
        this.#entries.map((entry) => {
          const now = book.get(entry.vip)?.entry.ports ?? [];
          return { ...asNew(entry), ports: allPorts(entry.ports, now) };
        }),
      );
    } catch (error) {
      this.#putBack();
      throw error;
    }
  }

  /** Those that were taken off another port, where they were. */
  #putBack(): void {
    const { book } = this.#core.parts;
    book.add(this.#before.filter(({ vip }) => book.get(vip) === undefined).map(asNew));
  }

  /** Once they are announced: off the ports where they are not wished any more. Within `exclusive`. */
  leaveOthers(steps: Steps): Promise<Outcome> {
    return this.#core.leave(this.vips, ({ entry }) => this.#wish(entry.vip).ports, steps);
  }

  /** A first announcement that fails is refused as a whole; one that was wanted before stays wanted, where and as it was. Within `exclusive`. */
  async takeBack(): Promise<void> {
    const { book } = this.#core.parts;
    // What its undoing could not undo goes on being taken back; of those that were wanted before, the watch goes on trying it here.
    const rest = this.#added.filter(({ entry }) => entry.owned.routes.length > 0 || entry.owned.policy);
    book.remove(this.#added.filter((vip) => !rest.includes(vip)));
    const wasKnown = ({ entry }: Vip): boolean => this.#before.some(({ vip }) => vip === entry.vip);
    for (const vip of rest) if (!wasKnown(vip)) this.#forsake(vip);
    this.#putBack();
    const stayed = this.#before.flatMap(({ vip }) => book.get(vip) ?? []).filter((vip) => !this.#added.includes(vip));
    const placeBefore = ({ entry }: Vip): readonly Port[] => this.#before.find(({ vip }) => vip === entry.vip)!.ports;
    await this.#core.leave(stayed, placeBefore, new Steps());
    for (const { vip, policy, force, wanted, drain } of this.#before) {
      const known = book.get(vip)!;
      Object.assign(known.entry, { policy, force, drain });
      if (!wanted) this.#forsake(known);
    }
    book.save();
  }

  #forsake(vip: Vip): void {
    vip.entry.wanted = false;
    this.#core.parts.book.advance(vip, { kind: 'unwanted', reason: byHand });
  }

  #wish(vip: string): JournalEntry {
    return this.#entries.find((entry) => entry.vip === vip)!;
  }
}

/** To other ports altogether. */
const movesAway = ({ ports }: JournalEntry, wish: JournalEntry): boolean =>
  portsBeside(ports, wish.ports).length === ports.length;

/** Nothing of it is set up. */
const asNew = (entry: JournalEntry): JournalEntry => ({ ...entry, owned: { routes: [], policy: false } });
