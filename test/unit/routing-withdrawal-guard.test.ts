// The withdrawal guard: the floor among nodes that decide by themselves, and the limit a minute.
import fc from 'fast-check';
import t from 'tap';
import type { Announcement } from '../../routing/drivers/driver.js';
import { WithdrawalGuard } from '../../routing/withdrawal-guard.js';
import { holds, testSeed } from '../support/property.js';

const spreadMs = 2_000;
/** Two seconds to go in, two to be heard of, half a second by which clocks may differ. */
const turnMs = 4_500;
const area = (self: string, ...others: string[]): Announcement[] =>
  [self, ...others].sort().map((router) => ({ router, metric: 20, self: router === self }));
const answer = (floor: number, announcers: readonly Announcement[] | null, decidedAt: number, lookedAt = decidedAt) => {
  const reason = new WithdrawalGuard(0).heldBack({ floor, spreadMs, announcers, lookedAt, decidedAt }, 0);
  return reason === null ? 'goes' : `${reason.at}: ${reason.detail}`;
};

t.test('without a floor it goes, whoever announces it, at any time', async (t) => {
  for (const announcers of [null, [], area('a'), area('a', 'b')])
    for (let now = 0; now < 20_000; now += 500) t.equal(answer(0, announcers, now), 'goes');
});

t.test('the floor counts others', async (t) => {
  t.match(answer(1, null, 0), /^floor: the announcers .* cannot be counted/);
  t.match(answer(1, area('a'), 0), /^floor: 0 other announcers, 1 have to stay/);
  t.match(answer(2, area('a', 'b'), 0), /^floor: 1 other announcers, 2/);
  t.equal(answer(1, area('a', 'b'), 0), 'goes');
  t.equal(answer(2, area('a', 'b', 'c'), 0), 'goes');
});

t.test('turns by the clock: those who may go together have the first, the highest ids one each', async (t) => {
  const nodes = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'];
  /** When it may go, in a day somewhere, as turns of a cycle. */
  const turnsOf = (self: string, floor: number): number[] => {
    const announcers = area(self, ...nodes.filter((node) => node !== self));
    const cycle = (floor + 1) * turnMs;
    const start = Math.ceil(1_700_000_000_000 / cycle) * cycle;
    const going = new Set<number>();
    for (let now = 0; now < 3 * cycle; now += 100)
      if (answer(floor, announcers, start + now) === 'goes') {
        going.add(Math.floor((now % cycle) / turnMs));
        t.ok(now % turnMs < 2_000, 'early in the turn: it is heard of before the next one');
      }
    return [...going];
  };
  t.same(
    nodes.map((node) => turnsOf(node, 1)),
    [[0], [0], [0], [1]],
  );
  t.same(
    nodes.map((node) => turnsOf(node, 2)),
    [[0], [0], [1], [2]],
  );
  t.same(
    nodes.map((node) => turnsOf(node, 3)),
    [[0], [1], [2], [3]],
  );
  t.same(
    nodes.map((node) => turnsOf(node, 4)),
    [[], [], [], []],
  );
});

t.test('what was looked at before the turn does not count', async (t) => {
  const start = 2 * turnMs * 1_000;
  t.equal(answer(1, area('a', 'b'), start + 300, start), 'goes');
  t.match(answer(1, area('a', 'b'), start + 300, start - 1), /it waits for its turn/);
});

const nobody = { spreadMs, announcers: null, lookedAt: 0, decidedAt: 0 };

t.test('the limit a minute counts what went, of all VIPs', async (t) => {
  const guard = new WithdrawalGuard(2);
  const ask = (_name: string, now: number): string => guard.heldBack({ ...nobody, floor: 0 }, now)?.detail ?? 'goes';
  t.equal(ask('1', 0), 'goes');
  t.equal(ask('2', 30_000), 'goes');
  t.match(ask('3', 59_999), /^2 VIPs went .* within a minute, 2 may/);
  t.equal(ask('3', 60_000), 'goes', 'the first is a minute ago; what was refused is not counted');
  t.match(ask('4', 89_999), /2 may/);
  t.equal(ask('4', 90_000), 'goes');
  const free = new WithdrawalGuard(0);
  for (let i = 0; i < 1_000; i++) t.equal(free.heldBack({ ...nobody, floor: 0 }, 0), null);
});

t.test('who is held by the floor uses nothing of the limit', async (t) => {
  const guard = new WithdrawalGuard(1);
  for (let now = 0; now < 5_000; now += 1_000) t.equal(guard.heldBack({ ...nobody, floor: 1 }, now)?.at, 'floor');
  t.equal(guard.heldBack({ ...nobody, floor: 1, announcers: area('a', 'b') }, 5_000), null);
  t.equal(guard.heldBack({ ...nobody, floor: 1, announcers: area('a', 'b') }, 6_000)?.at, 'withdraw limit');
});

// ---- several nodes ---------------------------------------------------------------------------------------------------

interface Trouble {
  readonly node: number;
  readonly from: number;
  readonly to: number;
}

interface Cluster {
  readonly nodes: number;
  readonly floor: number;
  /** Until the others know what a node has done. */
  readonly delayMs: number;
  /** To read the area's database. */
  readonly readMs: number;
  /** Of each node: when in a second it asks, and by how much its clock is ahead. */
  readonly phases: readonly number[];
  readonly skews: readonly number[];
}

/** Nodes that ask once a second and see each other's changes late. @returns how many announced, each 50 ms */
function counts({ nodes, floor, delayMs, readMs, phases, skews }: Cluster, troubles: readonly Trouble[]): number[] {
  const routers = Array.from({ length: nodes }, (_, i) => `10.0.0.${i + 1}`);
  /** Of each node: when it began and ceased to announce. */
  const log = routers.map(() => [{ at: Number.NEGATIVE_INFINITY, up: true }]);
  const upAt = (node: number, when: number): boolean =>
    log[node].findLast(({ at: since }) => since <= when)?.up ?? true;
  const end = Math.max(0, ...troubles.map(({ to }) => to)) + 10_000;
  const seen: number[] = [];
  for (let now = 0; now < end; now += 50) {
    for (let node = 0; node < nodes; node++) {
      if ((now + phases[node]) % 1_000 !== 0) continue;
      const sick = troubles.some((each) => each.node === node && now >= each.from && now < each.to);
      const up = upAt(node, now);
      if (!sick && !up) log[node].push({ at: now, up: true });
      if (!sick || !up) continue;
      const announcers = routers
        .map((router, i) => ({ router, metric: 20, self: i === node }))
        .filter(({ self }, i) => self || upAt(i, now - readMs - delayMs));
      const decidedAt = now + skews[node];
      const question = { floor, spreadMs, announcers, decidedAt, lookedAt: decidedAt - readMs };
      if (new WithdrawalGuard(0).heldBack(question, now) === null) log[node].push({ at: now, up: false });
    }
    seen.push(routers.filter((_, i) => upAt(i, now)).length);
  }
  return seen;
}

t.test('nodes that fail whenever they do leave as many announcers as the floor says', async (t) => {
  const step = (most: number) => fc.integer({ min: 0, max: most / 50 }).map((steps) => steps * 50);
  const scene = fc.integer({ min: 2, max: 7 }).chain((nodes) => {
    const each = <T>(of: fc.Arbitrary<T>) => fc.array(of, { minLength: nodes, maxLength: nodes });
    return fc.record({
      nodes: fc.constant(nodes),
      delayMs: step(spreadMs),
      readMs: step(600),
      floor: fc.integer({ min: 1, max: nodes }),
      phases: each(step(950)),
      skews: each(step(500)),
      // Of each node two failures, at any time; many together.
      troubles: fc.array(
        fc.record({
          node: fc.integer({ min: 0, max: nodes - 1 }),
          from: fc.oneof(step(4_000), step(60_000)),
          lasts: fc.oneof(fc.constant(60_000), step(30_000)),
        }),
        { minLength: 1, maxLength: 2 * nodes },
      ),
    });
  });
  const property = fc.property(scene, ({ troubles, ...cluster }) => {
    const list = troubles.map(({ node, from, lasts }) => ({ node, from, to: from + lasts }));
    return Math.min(...counts(cluster, list)) >= cluster.floor;
  });
  holds(t, 'never fewer', property, { seed: testSeed(t), numRuns: 600 });
});

t.test('the second fails just when the first has waited: one of them stays', async (t) => {
  const cluster = { nodes: 2, floor: 1, delayMs: 500, readMs: 100, phases: [0, 0], skews: [0, 0] };
  for (let later = 0; later < 20_000; later += 50) {
    const troubles = [
      { node: 1, from: 1_000, to: 60_000 },
      { node: 0, from: 1_000 + later, to: 60_000 },
    ];
    t.equal(Math.min(...counts(cluster, troubles)), 1, `${later} ms later`);
  }
});

t.test('one that fails alone goes, whatever its rank, within a cycle of turns', async (t) => {
  for (const floor of [1, 2, 3])
    for (let node = 0; node < 4; node++) {
      const cluster = { ...{ nodes: 4, floor, delayMs: 500, readMs: 100 }, phases: [0, 0, 0, 0], skews: [0, 0, 0, 0] };
      const seen = counts(cluster, [{ node, from: 1_000, to: 60_000 }]);
      t.equal(Math.min(...seen), 3, `floor ${floor}, node ${node}`);
      t.ok(seen.indexOf(3) * 50 <= 1_000 + (floor + 1) * turnMs + 1_000);
    }
});
