// Damping by independent arithmetic: 1000 a withdrawal, halving every 120 s, suppressed from 2400 until below 2000, at most 3300.
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { noPenalty, type Penalty, penalised, relieved, suppressedMs } from '../../routing/damping.js';
import { holds, testSeed } from '../support/property.js';

const minute = 60_000;
const flaps = (...at: number[]): Penalty => at.reduce(penalised, noPenalty);
const wait = (...at: number[]): number => suppressedMs(flaps(...at), at.at(-1) ?? 0);
const near = (t: Pick<Test, 'ok'>, seen: number, wanted: number, what: string): unknown =>
  t.ok(Math.abs(seen - wanted) < 1, `${what}: ${seen}, wanted ${wanted}`);

t.test('once and twice is no flapping', async (t) => {
  t.equal(suppressedMs(noPenalty, 0), 0);
  t.equal(wait(0), 0);
  t.equal(wait(0, 0), 0);
});

t.test('the third within a minute, wherever the second was', async (t) => {
  for (let second = 0; second <= minute; second += 1_000)
    t.ok(wait(0, second, minute) > 0, `second after ${second} ms`);
  t.ok(wait(0, 9_000, 18_000) > 0);
  t.ok(wait(0, 23_000, 46_000) > 0);
  // The first two at once: 1000 (1 + 2 / 2^(t/120)) = 2400 at t = 120 log2(1 / 0.7) = 61.75 s.
  t.ok(wait(0, 0, 61_700) > 0);
  t.equal(wait(0, 0, 61_800), 0);
});

t.test('slower flapping is noticed later, and very slow flapping never', async (t) => {
  const every = (seconds: number, times: number) =>
    wait(...Array.from({ length: times }, (_, i) => i * seconds * 1_000));
  // x + x² = 1.4 for x = 2^(-T/120): T = 42.03 s.
  t.ok(every(42, 3) > 0);
  t.equal(every(42.1, 3), 0);
  t.equal(every(60, 3), 0);
  t.ok(every(60, 4) > 0);
  // 1 / (1 - x) = 2.4: T = 93.3 s.
  t.ok(every(93, 50) > 0);
  t.equal(every(94, 500), 0);
});

t.test('how long: until the penalty is below 2000', async (t) => {
  // 3000 → 2000 takes log2 1.5 half-lives, 2414 → 2000 log2 1.2071.
  near(t, wait(0, 0, 0), 70_196, 'three at once');
  near(t, wait(0, 0, minute), 32_586, 'two, and a third a minute later');
  near(t, suppressedMs(flaps(0, 0, 0), 20_000), 50_196, '20 s later');
  t.equal(suppressedMs(flaps(0, 0, 0), 70_197), 0);
  near(t, wait(...Array<number>(500).fill(0)), 86_696, 'never more than 87 s: 3300 → 2000');
});

t.test('one that goes again as soon as it has come back is kept back again', async (t) => {
  const before = flaps(0, 0, 0);
  t.equal(relieved(before, 70_000).suppressed, true);
  const after = relieved(before, 70_200);
  t.equal(after.suppressed, false);
  t.ok(suppressedMs(penalised(after, 70_200), 70_200) > 0);
  // 3000 / 2^(132/120) = 1400, and 1000 more: 2400 at 132.0 s.
  t.ok(suppressedMs(penalised(after, 131_900), 131_900) > 0);
  t.equal(suppressedMs(penalised(after, 132_200), 132_200), 0, 'a minute later it is forgotten');
  // Without looking in between it is suppressed still, as it was when it went again.
  t.ok(suppressedMs(penalised(before, 60_000), 60_000) > 0);
});

t.test('whatever it does', async (t) => {
  // The oracle adds up every single withdrawal since the last that reached the cap.
  const gaps = fc.array(fc.integer({ min: 0, max: 120_000 }), { minLength: 1, maxLength: 12 });
  const property = fc.property(gaps, (list) => {
    let clock = 0;
    let sum = 0;
    let everAbove = false;
    const times = list.map((gap) => {
      clock += gap;
      sum = Math.min(sum * 0.5 ** (gap / 120_000) + 1000, 3300);
      everAbove ||= sum >= 2400;
      return clock;
    });
    const penalty = flaps(...times);
    if (Math.abs(penalty.value - sum) > 1e-6 || penalty.suppressed !== everAbove) return false;
    const left = suppressedMs(penalty, clock);
    return left <= 87_000 && (!everAbove || Math.abs(2000 * 2 ** (left / 120_000) - Math.max(sum, 2000)) < 1e-3);
  });
  holds(t, 'it is the sum of what has decayed', property, { seed: testSeed(t) });
});
