// Damps a VIP that flaps: each withdrawal for cause adds to a penalty that halves with time, as RFC 2439 does it for BGP routes. Only
// coming back is delayed; going away never is.

const perWithdrawal = 1_000;
/**
 * The third withdrawal within a minute is one too many, however the two before it lie: 1000 (1 + 2 / 2^(60/120)) = 2414. Two at once, 2000,
 * are none too many. The half-life has to be above a minute for both to be so.
 */
const suppressAbove = 2_400;
const halfLifeMs = 120_000;
/** One that goes again as soon as it has come back is kept back again. */
const reuseBelow = 2_000;
/** Whatever happens, it is back within 120 log2(3300 / 2000) = 87 s of its last withdrawal. */
const most = 3_300;

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
