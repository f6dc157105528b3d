// Asks the withdrawal guard for a VIP whose real servers or ports fail; reads the area's database at most once a round.
import { type AddressFamily, familyOf } from './address.js';
import type { BridgeCore } from './core.js';
import { type Announcement, othersOf } from './drivers/driver.js';
import type { Vip } from './vip-book.js';
import type { Reason } from './vip-state.js';

type Announcers = ReadonlyMap<string, readonly Announcement[]> | null;

export class HealthGate {
  readonly #core: BridgeCore;
  readonly #announcers = new Map<AddressFamily, Announcers>();

  constructor(core: BridgeCore) {
    this.#core = core;
  }

  /** A new round: what was read before is old. */
  open(): void {
    this.#announcers.clear();
  }

  /** Why the VIP stays announced all the same; null: it goes. */
  async heldBack(vip: Vip): Promise<Reason | null> {
    const { vip: address, policy } = vip.entry;
    const family = familyOf(address);
    const driver = this.#core.tools.driver(family);
    const all = policy.floor === 0 || driver === null ? undefined : (await this.#read(family))?.get(address);
    const announcers =
      driver === null || all === undefined ? null : [...all.filter(({ self }) => self), ...othersOf(all, driver)];
    const question = { vip: address, floor: policy.floor, spreadMs: driver?.spreadMs ?? 0, announcers };
    return this.#core.parts.guard.heldBack(question, performance.now());
  }

  forget(vip: Vip): void {
    this.#core.parts.guard.forget(vip.entry.vip);
  }

  async #read(family: AddressFamily): Promise<Announcers> {
    const known = this.#announcers.get(family);
    if (known !== undefined) return known;
    const read = await this.#core.announcers(family);
    this.#announcers.set(family, read);
    return read;
  }
}
