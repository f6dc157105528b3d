// The withdrawal guard: the floor among nodes that decide by themselves, and the limit a minute.
import fc from 'fast-check';
import t from 'tap';
import type { Announcement } from '../../routing/drivers/driver.js';
import { WithdrawalGuard } from '../../routing/withdrawal-guard.js';
import { holds, testSeed } from '../support/property.js';

const vip = '123.1.2.3';
const staggerMs = 2_000;
const area = (self: string, ...others: string[]): Announcement[] =>
  [self, ...others].sort().map((router) => ({ router, metric: 20, self: router === self }));
const at = (guard: WithdrawalGuard, floor: number, announcers: readonly Announcement[] | null, now: number): string => {
  const reason = guard.heldBack({ vip, floor, spreadMs: staggerMs, announcers }, now);
  return reason === null ? 'goes' : `${reason.at}: ${reason.detail}`;
};

t.test('without a floor it goes, whoever announces it', async (t) => {
  for (const announcers of [null, [], area('a'), area('a', 'b')])
    t.equal(at(new WithdrawalGuard(0), 0, announcers, 0), 'goes');
});

t.test('the floor counts others', async (t) => {
  t.match(at(new WithdrawalGuard(0), 1, null, 0), /^floor: the announcers .* cannot be counted/);
  t.match(at(new WithdrawalGuard(0), 1, area('a'), 0), /^floor: 0 other announcers, 1 have to stay/);
  t.match(at(new WithdrawalGuard(0), 2, area('a', 'b'), 0), /^floor: 1 other announcers, 2/);
  t.equal(at(new WithdrawalGuard(0), 1, area('a', 'b'), 0), 'goes');
  t.equal(at(new WithdrawalGuard(0), 2, area('a', 'b', 'c'), 0), 'goes');
});

t.test('by rank: the first may go, each later one waits for those before it', async (t) => {
  const nodes = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'];
  /** When it goes if it is asked every 100 ms and nobody else does anything. */
  const goesAt = (self: string, floor: number): number => {
    const guard = new WithdrawalGuard(0);
    const announcers = area(self, ...nodes.filter((node) => node !== self));
    for (let now = 0; now < 60_000; now += 100) if (at(guard, floor, announcers, now) === 'goes') return now;
    return -1;
  };
  t.same(
    nodes.map((node) => goesAt(node, 1)),
    [0, 0, 0, staggerMs],
  );
  t.same(
    nodes.map((node) => goesAt(node, 2)),
    [0, 0, staggerMs, 2 * staggerMs],
  );
  t.same(
    nodes.map((node) => goesAt(node, 3)),
    [0, staggerMs, 2 * staggerMs, 3 * staggerMs],
  );
  t.same(
    nodes.map((node) => goesAt(node, 4)),
    [-1, -1, -1, -1],
  );
});

t.test('what was waited before it was well again, or alone, does not count', async (t) => {
  const guard = new WithdrawalGuard(0);
  t.match(at(guard, 1, area('b', 'a'), 0), /they go first/);
  guard.forget(vip);
  t.match(at(guard, 1, area('b', 'a'), staggerMs), /they go first/, 'well again in between');
  t.match(at(guard, 1, area('b'), staggerMs + 500), /0 other announcers/);
  t.match(
    at(guard, 1, area('b', 'a'), 3_600_000),
    /they go first/,
    'alone in between: the other may fail again with us',
  );
  t.equal(at(guard, 1, area('b', 'a'), 3_600_000 + staggerMs), 'goes');
});

t.test('the limit a minute counts what went, of all VIPs', async (t) => {
  const guard = new WithdrawalGuard(2);
  const ask = (name: string, now: number): string =>
    guard.heldBack({ vip: name, floor: 0, spreadMs: staggerMs, announcers: null }, now)?.detail ?? 'goes';
  t.equal(ask('1', 0), 'goes');
  t.equal(ask('2', 30_000), 'goes');
  t.match(ask('3', 59_999), /^2 VIPs went .* within a minute, 2 may/);
  t.equal(ask('3', 60_000), 'goes', 'the first is a minute ago; what was refused is not counted');
  t.match(ask('4', 89_999), /2 may/);
  t.equal(ask('4', 90_000), 'goes');
  const free = new WithdrawalGuard(0);
  for (let i = 0; i < 1_000; i++)
    t.equal(free.heldBack({ vip: `${i}`, floor: 0, spreadMs: staggerMs, announcers: null }, 0), null);
});

t.test('who is held by the floor uses nothing of the limit', async (t) => {
  const guard = new WithdrawalGuard(1);
  for (let now = 0; now < 5_000; now += 1_000) t.match(at(guard, 1, area('a'), now), /^floor/);
  t.equal(at(guard, 1, area('a', 'b'), 5_000), 'goes');
});

// ---- several nodes ---------------------------------------------------------------------------------------------------

interface Trouble {
  readonly node: number;
  readonly from: number;
  readonly to: number;
}

/** Nodes that ask once a second and see each other's changes late. @returns the fewest announcers there ever were */
function fewest(
  nodes: number,
  floor: number,
  delayMs: number,
  phases: readonly number[],
  troubles: readonly Trouble[],
) {
  const routers = Array.from({ length: nodes }, (_, i) => `10.0.0.${i + 1}`);
  const guards = routers.map(() => new WithdrawalGuard(0));
  /** Of each node: when it began and ceased to announce. */
  const log = routers.map(() => [{ at: Number.NEGATIVE_INFINITY, up: true }]);
  const upAt = (node: number, when: number): boolean =>
    log[node].findLast(({ at: since }) => since <= when)?.up ?? true;
  const end = Math.max(...troubles.map(({ to }) => to)) + 10_000;
  let least = nodes;
  for (let now = 0; now < end; now += 50)
    for (let node = 0; node < nodes; node++) {
      if ((now + phases[node]) % 1_000 !== 0) continue;
      const sick = troubles.some((each) => each.node === node && now >= each.from && now < each.to);
      const up = upAt(node, now);
      if (!sick) {
        guards[node].forget(vip);
        if (!up) log[node].push({ at: now, up: true });
      } else if (up) {
        const announcers = routers
          .map((router, i) => ({ router, metric: 20, self: i === node, seen: i === node || upAt(i, now - delayMs) }))
          .filter(({ seen }) => seen);
        if (guards[node].heldBack({ vip, floor, spreadMs: staggerMs, announcers }, now) === null)
          log[node].push({ at: now, up: false });
      }
      least = Math.min(least, routers.filter((_, i) => upAt(i, now)).length);
    }
  return least;
}

t.test('nodes that fail at the same time leave as many announcers as the floor says', async (t) => {
  // A withdrawal is seen within the stagger, less the second by which two nodes may look apart.
  const scene = fc
    .record({ nodes: fc.integer({ min: 2, max: 7 }), delaySteps: fc.integer({ min: 0, max: 18 }) })
    .chain(({ nodes, delaySteps }) =>
      fc.record({
        nodes: fc.constant(nodes),
        delayMs: fc.constant(delaySteps * 50),
        floor: fc.integer({ min: 1, max: nodes }),
        phases: fc.array(
          fc.integer({ min: 0, max: 19 }).map((step) => step * 50),
          { minLength: nodes, maxLength: nodes },
        ),
        // Who takes part in the first failure, and in a second one that follows a recovery.
        first: fc.array(fc.boolean(), { minLength: nodes, maxLength: nodes }),
        second: fc.array(fc.boolean(), { minLength: nodes, maxLength: nodes }),
        stay: fc.array(fc.boolean(), { minLength: nodes, maxLength: nodes }),
      }),
    );
  const property = fc.property(scene, ({ nodes, floor, delayMs, phases, first, second, stay }) => {
    const again = 40_000;
    const troubles: Trouble[] = [];
    for (let node = 0; node < nodes; node++) {
      // Some that failed first are sick the whole time.
      if (first[node]) troubles.push({ node, from: 1_000, to: stay[node] ? 60_000 : 20_000 });
      if (second[node]) troubles.push({ node, from: again, to: 60_000 });
    }
    return (
      fewest(nodes, floor, delayMs, phases, troubles.length > 0 ? troubles : [{ node: 0, from: 0, to: 0 }]) >= floor
    );
  });
  holds(t, 'never fewer', property, { seed: testSeed(t), numRuns: 400 });
});

t.test('one that fails alone goes, whatever its rank', async (t) => {
  for (const floor of [1, 2, 3])
    for (let node = 0; node < 4; node++) {
      const least = fewest(4, floor, 500, [0, 0, 0, 0], [{ node, from: 1_000, to: 30_000 }]);
      t.equal(least, 3, `floor ${floor}, node ${node}`);
    }
});
