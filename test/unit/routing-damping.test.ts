// Damping by independent arithmetic: a penalty of 1000 each, halving every 30 s, suppressed from 2500 until below 1000, at most 8000.
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { noPenalty, type Penalty, penalised, relieved, suppressedMs } from '../../routing/damping.js';
import { holds, testSeed } from '../support/property.js';

const flaps = (...at: number[]): Penalty => at.reduce(penalised, noPenalty);
const near = (t: Pick<Test, 'ok'>, seen: number, wanted: number, what: string): unknown =>
  t.ok(Math.abs(seen - wanted) < 0.5, `${what}: ${seen}, wanted ${wanted}`);

t.test('once and twice is no flapping', async (t) => {
  t.equal(suppressedMs(noPenalty, 0), 0);
  t.equal(suppressedMs(flaps(0), 0), 0);
  t.equal(suppressedMs(flaps(0, 0), 0), 0);
});

t.test('the third within half a minute or so, and not after it', async (t) => {
  // 1000 that have halved for 30 s, and two fresh ones: 2500 exactly.
  t.ok(suppressedMs(flaps(0, 30_000, 30_000), 30_000) > 0);
  t.equal(suppressedMs(flaps(0, 30_100, 30_100), 30_100), 0);
  // Both of the first two old: 1000 (1 + 2 / 2^(t/30)) = 2500 at t = 30 log2(4/3) = 12.45 s.
  t.ok(suppressedMs(flaps(0, 0, 12_400), 12_400) > 0);
  t.equal(suppressedMs(flaps(0, 0, 12_500), 12_500), 0);
});

t.test('how long: until the penalty is below 1000', async (t) => {
  // 3000 → 1000 takes log2 3 half lives.
  near(t, suppressedMs(flaps(0, 0, 0), 0), 47_549, 'three at once');
  near(t, suppressedMs(flaps(0, 0, 0), 20_000), 27_549, '20 s later');
  t.equal(suppressedMs(flaps(0, 0, 0), 47_550), 0);
  near(t, suppressedMs(flaps(...Array<number>(8).fill(0)), 0), 90_000, 'eight: 8000 → 1000 in three half lives');
  near(t, suppressedMs(flaps(...Array<number>(500).fill(0)), 0), 90_000, 'never more than 90 s');
});

t.test('what has worn off does not suppress again at the next withdrawal alone', async (t) => {
  const before = flaps(0, 0, 0);
  t.equal(relieved(before, 47_000).suppressed, true);
  const after = relieved(before, 48_000);
  t.equal(after.suppressed, false);
  // 3000 / 2^(48/30) = 990, and 1000 more: below 2500.
  t.equal(suppressedMs(penalised(after, 48_000), 48_000), 0);
  // Without looking in between it is suppressed still, as it was when it went again.
  t.ok(suppressedMs(penalised(before, 40_000), 40_000) > 0);
});

t.test('whatever it does', async (t) => {
  // The oracle adds up every single withdrawal since the cap was never reached.
  const gaps = fc.array(fc.integer({ min: 0, max: 60_000 }), { minLength: 1, maxLength: 7 });
  const property = fc.property(gaps, (list) => {
    let clock = 0;
    const times = list.map((gap) => {
      clock += gap;
      return clock;
    });
    const end = times.at(-1) ?? 0;
    const penalty = flaps(...times);
    const sum = times.reduce((total, at) => total + 1000 * 0.5 ** ((end - at) / 30_000), 0);
    const wait = suppressedMs(penalty, end);
    if (Math.abs(penalty.value - sum) > 1e-6) return false;
    if (penalty.suppressed && Math.abs(1000 * 2 ** (wait / 30_000) - Math.max(sum, 1000)) > 1e-3) return false;
    return sum < 2500 || penalty.suppressed;
  });
  holds(t, 'it is the sum of what has decayed', property, { seed: testSeed(t) });
});
