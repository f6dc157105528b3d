// The schedulers against brute force: who is eligible, in which order, in which shares.
import fc from 'fast-check';
import t from 'tap';
import { createScheduler, type SchedulerName, ServerFlag, type ServerView } from '../../dataplane/ipvs/index.js';
import { holds, testSeed } from '../support/property.js';

const seed = testSeed(t);
const names: readonly SchedulerName[] = ['rr', 'wrr', 'wlc'];

interface Server {
  weight: number;
  flags: number;
  active: number;
  inactive: number;
}

/** destIndexes are far from positions, so that mixing them up shows. */
const DEST = (position: number): number => 100 - 7 * position;

class View implements ServerView {
  columns = {
    weights: new Int32Array(128),
    active: new Int32Array(128),
    inactive: new Int32Array(128),
    flags: new Uint8Array(128),
  };
  members = new Int32Array(16).fill(-1);
  count = 0;

  constructor(servers: readonly Partial<Server>[]) {
    this.count = servers.length;
    servers.forEach((server, at) => {
      this.members[at] = DEST(at);
      this.write(at, server);
    });
  }

  write(at: number, { weight = 1, flags = 0, active = 0, inactive = 0 }: Partial<Server>): void {
    this.columns.weights[DEST(at)] = weight;
    this.columns.flags[DEST(at)] = flags;
    this.columns.active[DEST(at)] = active;
    this.columns.inactive[DEST(at)] = inactive;
  }
}

/** Positions of the next picks; -1 for none. */
function picks(name: SchedulerName, servers: readonly Partial<Server>[], count: number, start?: number): number[] {
  const scheduler = createScheduler(name, new View(servers), start);
  return Array.from({ length: count }, () => {
    const dest = scheduler.pick();
    return dest === -1 ? -1 : (100 - dest) / 7;
  });
}

const weights = (...list: number[]): Partial<Server>[] => list.map((weight) => ({ weight }));

t.test('who is eligible', async (t) => {
  for (const name of names) {
    t.strictSame(picks(name, [], 2), [-1, -1], `${name}: no server`);
    t.strictSame(picks(name, weights(0, 0), 2), [-1, -1], `${name}: weight 0`);
    t.strictSame(picks(name, weights(0, 5, 0), 3), [1, 1, 1]);
    for (const flag of Object.values(ServerFlag)) {
      t.strictSame(
        picks(name, [{ flags: flag }, {}, { flags: flag, weight: 9 }], 3),
        [1, 1, 1],
        `${name}: flag ${flag}`,
      );
      t.strictSame(picks(name, [{ flags: flag }], 1), [-1]);
    }
    t.strictSame(picks(name, weights(1, 1, 1), 5, 1), [1, 2, 0, 1, 2], `${name}: a start, then in turn`);
    t.strictSame(picks(name, weights(1, 1, 1), 1, 3 * 7 + 2), [2], `${name}: a start beyond the servers`);
  }
});

t.test('rr', async (t) => {
  t.strictSame(picks('rr', weights(9, 1, 5), 7), [0, 1, 2, 0, 1, 2, 0], 'whatever the weights');
  const view = new View(weights(1, 1, 1, 1));
  const scheduler = createScheduler('rr', view);
  const next = (): number => (100 - scheduler.pick()) / 7;
  t.strictSame([next(), next(), next()], [0, 1, 2]);
  view.write(3, { flags: ServerFlag.INHIBITED });
  t.strictSame([next(), next()], [0, 1], 'skips without an update');
  view.count = 2;
  scheduler.update(view);
  t.strictSame([next(), next(), next()], [0, 1, 0], 'after its place is gone');
});

t.test('wrr by example', async (t) => {
  t.strictSame(
    picks('wrr', weights(5, 1, 1), 7)
      .sort()
      .join(''),
    '0000012',
  );
  t.strictSame(picks('wrr', weights(2, 1), 6).join(''), '010010', 'spread, not in bursts');
  t.strictSame(picks('wrr', weights(65535, 1), 65536).filter((at) => at === 1).length, 1);
  const view = new View(weights(65535, 65535));
  const scheduler = createScheduler('wrr', view);
  scheduler.pick();
  for (const at of [0, 1]) view.write(at, { weight: 1 });
  scheduler.update(view);
  const after = Array.from({ length: 10 }, () => scheduler.pick());
  t.equal(after.filter((dest) => dest === DEST(0)).length, 5, 'credit of the old weights starves no one');
});

t.test('a flapping server gets no burst', async (t) => {
  const view = new View(weights(10, 10, 1));
  const scheduler = createScheduler('wrr', view);
  let most = 0;
  for (let round = 0; round < 200; round++) {
    view.write(2, { weight: 1, flags: ServerFlag.UNAVAILABLE });
    for (let i = 0; i < 100; i++) scheduler.pick();
    view.write(2, { weight: 1 });
    let burst = 0;
    for (let i = 0; i < 21; i++) if (scheduler.pick() === DEST(2)) burst++;
    most = Math.max(most, burst);
  }
  t.ok(most <= 2, `at most two of 21 for a weight of 1 in 21, was ${most}`);
});

const weight = fc.oneof(fc.nat(6), fc.integer({ min: 1, max: 40 }));
const server = fc.record({
  weight,
  flags: fc.constantFrom(0, 0, 0, ServerFlag.UNAVAILABLE, ServerFlag.OVERLOAD, ServerFlag.INHIBITED),
  active: fc.oneof(fc.nat(3), fc.nat(10_000_000)),
  inactive: fc.oneof(fc.nat(1000), fc.nat(10_000_000)),
});
const servers = fc.array(server, { minLength: 1, maxLength: 12, size: 'max' });
const able = (s: Server): boolean => s.flags === 0 && s.weight > 0;
const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

t.test('rr and wrr in general', async (t) => {
  const turn = fc.property(servers, fc.nat(20), (list, start) => {
    const eligible = list.map((_, at) => at).filter((at) => able(list[at]!));
    const expected = Array.from({ length: 30 }, () => -1);
    const first = eligible.findIndex((at) => at >= start % list.length);
    if (eligible.length > 0) {
      expected.forEach((_, i) => {
        expected[i] = eligible[(Math.max(first, 0) + i) % eligible.length]!;
      });
    }
    return picks('rr', list, 30, start).join() === expected.join();
  });
  holds(t, 'rr is the cycle of the eligible', turn, { seed, numRuns: 500 });

  const shares = fc.property(servers, fc.nat(20), fc.nat(50), (list, start, offset) => {
    const eligible = list.filter(able);
    if (eligible.length === 0) return true;
    const unit = eligible.reduce((g, s) => gcd(g, s.weight), 0);
    const period = eligible.reduce((sum, s) => sum + s.weight, 0) / unit;
    // From anywhere in the sequence, not only from its beginning.
    const window = picks('wrr', list, offset + period, start).slice(offset);
    return list.every((s, at) => window.filter((p) => p === at).length === (able(s) ? s.weight / unit : 0));
  });
  holds(t, 'wrr gives exact shares in every period', shares, { seed, numRuns: 500 });

  const spread = fc.property(servers, (list) => {
    const total = list.filter(able).reduce((sum, s) => sum + s.weight, 0);
    if (total === 0) return true;
    const sequence = picks('wrr', list, 2 * total);
    const seen = list.map(() => 0);
    return sequence.every((p, i) => {
      seen[p]!++;
      return list.every((s, at) => !able(s) || Math.abs(seen[at]! - ((i + 1) * s.weight) / total) <= 2);
    });
  });
  holds(t, 'wrr is never more than two picks off its share', spread, { seed, numRuns: 300 });
});

t.test('wlc in general', async (t) => {
  const property = fc.property(servers, fc.nat(20), (list, start) => {
    const view = new View(list);
    const scheduler = createScheduler('wlc', view, start);
    let after = start % list.length;
    for (let round = 0; round < 40; round++) {
      // Exact fractions in big integers; in circular order from the one after the last.
      let best = -1;
      for (let i = 0; i < list.length; i++) {
        const at = (after + i) % list.length;
        const cost = (s: Server): bigint => BigInt(s.active) * 256n + BigInt(s.inactive);
        const [s, b] = [list[at]!, list[best]];
        if (able(s) && (b === undefined || cost(s) * BigInt(b.weight) < cost(b) * BigInt(s.weight))) best = at;
      }
      if (scheduler.pick() !== (best === -1 ? -1 : DEST(best))) return false;
      if (best === -1) return true;
      after = best + 1;
      list[best]![round % 3 === 0 ? 'active' : 'inactive']++;
      view.write(best, list[best]!);
    }
    return true;
  });
  holds(t, 'the least (active * 256 + inactive) / weight', property, { seed, numRuns: 500 });
  t.strictSame(picks('wlc', [{ active: 1 }, { inactive: 255 }], 1), [1]);
  t.strictSame(picks('wlc', [{ active: 1 }, { inactive: 257 }], 1), [0]);
  t.strictSame(
    picks(
      'wlc',
      [
        { active: 10, weight: 1 },
        { active: 19, weight: 2 },
      ],
      1,
    ),
    [1],
  );
  t.strictSame(
    picks(
      'wlc',
      [
        { active: 10_000_000, weight: 65535 },
        { active: 9_999_999, weight: 65535 },
      ],
      1,
    ),
    [1],
    'exact',
  );
});
