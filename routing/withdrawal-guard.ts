// Protects the VIPs against a bad health check: how many announcers must stay, and how many VIPs may go within a minute. Asked only
// where the reason is the health of real servers or a lack of ports; a node that has no link, or no dataplane, is not held back.
import type { Announcement } from './drivers/driver.js';
import type { Reason } from './vip-state.js';

const minuteMs = 60_000;

export interface GuardQuestion {
  readonly floor: number;
  /** A withdrawal is in every database of the area by then, milliseconds. */
  readonly spreadMs: number;
  /** Who announces it and does not drain it, this node included; null: cannot be counted. */
  readonly announcers: readonly Announcement[] | null;
  /** When that was looked at, and now; wall clock, milliseconds: it is what the nodes have in common. */
  readonly lookedAt: number;
  readonly decidedAt: number;
}

/** A round of the watch, and what it takes to read the area's database on a busy machine. */
const windowMs = 2_000;
/** By so much the clocks of two nodes may differ. */
const skewMs = 500;

export class WithdrawalGuard {
  #withdrawnAt: number[] = [];

  /** @param perMinute VIPs that may go for reasons of health within a minute; 0: any number */
  constructor(readonly perMinute: number) {}

  /** null: it may be withdrawn now, and is counted as that. Otherwise why it stays. @param now monotonic, milliseconds */
  heldBack(question: GuardQuestion, now: number): Reason | null {
    const reason = floorOf(question) ?? this.#limit(now);
    if (reason === null) this.#withdrawnAt.push(now);
    return reason;
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

function floorOf(question: GuardQuestion): Reason | null {
  const { floor, announcers } = question;
  if (floor === 0) return null;
  const kept = (detail: string): Reason => ({ at: 'floor', code: 'kept', detail });
  if (announcers === null) return kept('the announcers in the area cannot be counted');
  const others = announcers.filter(({ self }) => !self);
  if (others.length < floor) return kept(`${others.length} other announcers, ${floor} have to stay`);
  return isOurTurn(question, others) ? null : kept('other nodes may withdraw at the same time: it waits for its turn');
}

/**
 * Nodes that fail must not all count each other, whenever each of them has failed. So each may go in its turn only, having looked in it:
 * what went in the turn before is out of the area's database by then. The turns follow the clock, for nothing else is common to nodes that
 * do not talk to each other; a node that waits from its own failure on may end its wait just when another begins. As many as may go
 * together have the first turn together; each of the `floor` highest router ids has one of its own.
 */
function isOurTurn(
  { announcers, floor, spreadMs, lookedAt, decidedAt }: GuardQuestion,
  others: readonly Announcement[],
) {
  const own = announcers?.find(({ self }) => self)?.router ?? '';
  const above = others.filter(({ router }) => router > own).length;
  const turnMs = windowMs + spreadMs + skewMs;
  const turn = Math.max(0, floor - above);
  const start = Math.floor(decidedAt / turnMs) * turnMs;
  const isOurs = Math.floor(decidedAt / turnMs) % (floor + 1) === turn;
  return isOurs && lookedAt >= start && decidedAt < start + windowMs;
}
