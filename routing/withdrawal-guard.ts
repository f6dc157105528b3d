// Protects the VIPs against a bad health check: how many announcers must stay, and how many VIPs may go within a minute. Asked only
// where the reason is the health of real servers or a lack of ports; a node that has no link, or no dataplane, is not held back.
import type { Announcement } from './drivers/driver.js';
import type { Reason } from './vip-state.js';

const minuteMs = 60_000;

export interface GuardQuestion {
  readonly vip: string;
  readonly floor: number;
  /** A withdrawal is in every database of the area by then, milliseconds. */
  readonly spreadMs: number;
  /** Who announces it now and does not drain it, this node included; null: cannot be counted. */
  readonly announcers: readonly Announcement[] | null;
}

export class WithdrawalGuard {
  /** When a VIP was first asked about in vain, monotonic. */
  readonly #waiting = new Map<string, number>();
  #withdrawnAt: number[] = [];

  /** @param perMinute VIPs that may go for reasons of health within a minute; 0: any number */
  constructor(readonly perMinute: number) {}

  /** null: it may be withdrawn now, and is counted as that. Otherwise why it stays. */
  heldBack(question: GuardQuestion, now: number): Reason | null {
    const reason = this.#floor(question, now) ?? this.#limit(now);
    if (reason === null) {
      this.#waiting.delete(question.vip);
      this.#withdrawnAt.push(now);
    }
    return reason;
  }

  /** It is well again, or not wanted any more. */
  forget(vip: string): void {
    this.#waiting.delete(vip);
  }

  #floor({ vip, floor, announcers, spreadMs }: GuardQuestion, now: number): Reason | null {
    if (floor === 0) return null;
    const kept = (detail: string): Reason => ({ at: 'floor', code: 'kept', detail });
    const others = announcers?.filter(({ self }) => !self).length ?? 0;
    if (announcers === null || others < floor) {
      // Who comes now may fail together with us: the turns are taken anew.
      this.#waiting.delete(vip);
      if (announcers === null) return kept('the announcers in the area cannot be counted');
      return kept(`${others} other announcers, ${floor} have to stay`);
    }
    // Nodes that fail at the same time must not all count each other. By router id, as many as may go are first; the others look again
    // when the first are out of the LSDB.
    const rank = announcers.filter(({ self, router }) => !self && router < ownRouter(announcers)).length;
    const allowed = announcers.length - floor;
    if (rank < allowed) return null;
    const since = this.#waiting.get(vip) ?? now;
    this.#waiting.set(vip, since);
    const wait = (rank - allowed + 1) * spreadMs;
    return now - since >= wait ? null : kept('other nodes may withdraw at the same time; they go first');
  }

  #limit(now: number): Reason | null {
    this.#withdrawnAt = this.#withdrawnAt.filter((at) => now - at < minuteMs);
    if (this.perMinute === 0 || this.#withdrawnAt.length < this.perMinute) return null;
    return {
      at: 'withdraw limit',
      code: 'kept',
      detail: `${this.#withdrawnAt.length} VIPs went for want of real servers or ports within a minute, ${this.perMinute} may`,
    };
  }
}

const ownRouter = (announcers: readonly Announcement[]): string => announcers.find(({ self }) => self)?.router ?? '';
