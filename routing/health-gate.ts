// Asks the withdrawal guard for a VIP whose real servers or ports fail; reads the area's database at most once a round.
import { type AddressFamily, familyOf } from './address.js';
import type { BridgeCore } from './core.js';
import { type Announcement, othersOf } from './drivers/driver.js';
import type { Vip } from './vip-book.js';
import type { Reason } from './vip-state.js';

interface Look {
  readonly announcers: ReadonlyMap<string, readonly Announcement[]> | null;
  /** Wall clock, before it began. */
  readonly at: number;
}

export class HealthGate {
  readonly #core: BridgeCore;
  readonly #clock: () => number;
  readonly #looks = new Map<AddressFamily, Look>();

  /** @param clock the wall clock, milliseconds */
  constructor(core: BridgeCore, clock: () => number = Date.now) {
    this.#core = core;
    this.#clock = clock;
  }

  /** A new round: what was read before is old. */
  open(): void {
    this.#looks.clear();
  }

  /** Why the VIP stays announced all the same; null: it goes. */
  async heldBack(vip: Vip): Promise<Reason | null> {
    const { vip: address, policy } = vip.entry;
    const family = familyOf(address);
    const driver = this.#core.tools.driver(family);
    const look = policy.floor === 0 || driver === null ? null : await this.#look(family);
    const all = look?.announcers?.get(address);
    const announcers =
      driver === null || all === undefined ? null : [...all.filter(({ self }) => self), ...othersOf(all, driver)];
    const decidedAt = this.#clock();
    const times = { spreadMs: driver?.spreadMs ?? 0, lookedAt: look?.at ?? decidedAt, decidedAt };
    return this.#core.parts.guard.heldBack({ floor: policy.floor, announcers, ...times }, performance.now());
  }

  async #look(family: AddressFamily): Promise<Look> {
    const known = this.#looks.get(family);
    if (known !== undefined) return known;
    const at = this.#clock();
    const look = { announcers: await this.#core.announcers(family), at };
    this.#looks.set(family, look);
    return look;
  }
}
