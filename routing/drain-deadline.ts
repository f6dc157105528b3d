// Time until a drain cuts what is left, by the monotonic clock. The journal has the wall clock's, which is asked only when a deadline is
// seen for the first time: a clock that is set meanwhile neither cuts flows early nor keeps a drain for hours.
import type { Vip } from './vip-book.js';

const known = new WeakMap<Vip, { readonly deadline: string; readonly at: number }>();

/** Milliseconds, below zero when it has passed; null: no drain, or one without a deadline. */
export function drainLeftMs(vip: Vip): number | null {
  const deadline = vip.entry.drain?.deadline ?? null;
  if (deadline === null) return null;
  const now = performance.now();
  const before = known.get(vip);
  if (before?.deadline === deadline) return before.at - now;
  const leftMs = Date.parse(deadline) - Date.now();
  known.set(vip, { deadline, at: now + leftMs });
  return leftMs;
}
