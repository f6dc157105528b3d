// Damps a VIP that flaps: each withdrawal for cause adds to a penalty that halves with time, as RFC 2439 does it for BGP routes. Only
// coming back is delayed; going away never is.

const perWithdrawal = 1_000;
/** The third withdrawal within half a minute or so is one too many. */
const suppressAbove = 2_500;
const reuseBelow = 1_000;
const halfLifeMs = 30_000;
/** Whatever happens, it is back within 90 s of its last withdrawal. */
const most = 8_000;

export interface Penalty {
  readonly value: number;
  /** Monotonic, milliseconds. */
  readonly at: number;
  readonly suppressed: boolean;
}

export const noPenalty: Penalty = { value: 0, at: 0, suppressed: false };

const decayed = ({ value, at }: Penalty, now: number): number => value * 2 ** ((at - now) / halfLifeMs);

export function penalised(penalty: Penalty, now: number): Penalty {
  const value = Math.min(decayed(penalty, now) + perWithdrawal, most);
  return { value, at: now, suppressed: penalty.suppressed || value >= suppressAbove };
}

/** Milliseconds until the VIP may come back; 0: at once. */
export function suppressedMs(penalty: Penalty, now: number): number {
  if (!penalty.suppressed) return 0;
  const value = decayed(penalty, now);
  return value <= reuseBelow ? 0 : Math.log2(value / reuseBelow) * halfLifeMs;
}

/** As of now; a penalty that has worn off does not suppress any more. */
export function relieved(penalty: Penalty, now: number): Penalty {
  return penalty.suppressed && suppressedMs(penalty, now) === 0 ? { ...penalty, suppressed: false } : penalty;
}
