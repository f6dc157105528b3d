// The LIPs of a service: in turn, past empty pools, out of step with the real servers.
import t from 'tap';
import { ipv4 } from '../../dataplane/inet/index.js';
import { type LaddrPick, LaddrSet, SaPool, seededRandom } from '../../dataplane/ipvs/index.js';

const lip = (n: number) => ipv4(0xc0a86400 + n);

function setOf(count: number, options: { jitter?: boolean; random?: () => number } = {}) {
  const set = new LaddrSet({ jitter: options.jitter ?? false, random: options.random ?? (() => 0.5) });
  const pools = Array.from({ length: count }, () => new SaPool({ buckets: 2 }));
  pools.forEach((pool, n) => {
    set.add(lip(n), 'dpdk0', pool);
  });
  const pick: LaddrPick = { laddr: undefined, port: 0 };
  /** Number of the LIP, or null. */
  const take = (bucket = 0): number | null =>
    set.take(bucket, pick) ? Number(pick.laddr!.address) - Number(lip(0)) : null;
  const takes = (times: number): (number | null)[] => Array.from({ length: times }, () => take());
  return { set, pools, pick, take, takes };
}

const exhaust = (pool: SaPool, bucket = 0): void => {
  while (pool.take(bucket) !== 0);
};

t.test('in turn', async (t) => {
  t.equal(setOf(0).take(), null, 'no LIP');
  const { set, takes, pick, pools } = setOf(3);
  t.strictSame(takes(7), [0, 1, 2, 0, 1, 2, 0]);
  t.strictSame(
    set.list().map((l) => l.conns),
    [3, 2, 2],
  );
  t.ok(pools[0]!.isUsed(0, pick.port));
  set.ended(lip(0));
  t.equal(set.get(lip(0))!.conns, 2);
  set.remove(lip(1));
  set.ended(lip(1));
  t.strictSame(takes(3), [2, 0, 2], 'without the removed one');
});

t.test('names', async (t) => {
  const { set, pools } = setOf(2);
  t.throws(() => set.add(lip(0), 'dpdk0', pools[0]!), { code: 'laddr_exists' });
  t.throws(() => set.remove(lip(9)), { code: 'no_laddr' });
  t.equal(set.remove(lip(0)).pool, pools[0]);
  t.throws(() => set.remove(lip(0)), { code: 'no_laddr' });
  t.strictSame(
    set.list().map((l) => l.address),
    [lip(1)],
  );
  t.equal(set.get(lip(0)), undefined);
});

t.test('past empty pools', async (t) => {
  const { set, pools, take, pick } = setOf(4);
  exhaust(pools[0]!);
  exhaust(pools[1]!);
  exhaust(pools[3]!);
  t.strictSame([take(), take()], [2, 2]);
  t.equal(take(1), 3, 'another real server’s bucket is not empty');
  exhaust(pools[2]!);
  const misses = pools.map((pool) => pool.miss);
  pick.port = 4711;
  t.equal(take(), null);
  t.equal(pick.port, 4711, 'unchanged');
  t.strictSame(
    pools.map((pool, n) => pool.miss - misses[n]!),
    [1, 1, 1, 1],
    'each was asked once',
  );
  t.equal(set.get(lip(2))!.conns, 2);
});

t.test('at most sixteen are asked', async (t) => {
  const { pools, take } = setOf(40);
  for (const pool of pools.slice(0, 39)) exhaust(pool);
  const asked = (): number => pools.reduce((sum, pool) => sum + pool.miss, 0);
  const before = asked();
  t.equal(take(), null, '0 … 15');
  t.equal(asked() - before, 16);
  t.equal(take(), null, '16 … 31');
  t.equal(take(), 39, 'the next attempt goes on where the last ended');
});

t.test('a restart', async (t) => {
  const { set, pools, take } = setOf(1);
  t.ok(set.adopt(lip(0), 0, 2000));
  t.notOk(set.adopt(lip(0), 0, 2000), 'the port is in use');
  t.notOk(set.adopt(lip(5), 0, 2000), 'no such LIP');
  t.equal(set.get(lip(0))!.conns, 1);
  t.ok(pools[0]!.isUsed(0, 2000));
  t.equal(take(), 0);
});

t.test('jitter', async (t) => {
  const draws = [0.5, 0.04, 0.5, 0.05, 0.01, 0.99];
  let at = 0;
  const { takes } = setOf(4, { jitter: true, random: () => draws[at++ % draws.length]! });
  t.strictSame(takes(6), [0, 2, 3, 0, 2, 3], 'one more step when the draw is below 0.05');

  // Lock-step: with two LIPs and two real servers in turn each LIP would only ever see one of the servers.
  const seed = Number(process.env.SEED ?? 20240601);
  t.comment(`seed ${seed}`);
  const lockstep = setOf(2, { jitter: true, random: seededRandom(seed) });
  const pairs = new Map<string, number>();
  const count = 4000;
  lockstep.takes(count).forEach((n, i) => {
    const pair = `LIP ${n} server ${i % 2}`;
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  });
  t.equal(pairs.size, 4, [...pairs].join(' '));
  t.ok([...pairs.values()].every((n) => n > count / 10));
  const skips = setOf(1000, { jitter: true, random: seededRandom(seed) })
    .takes(10_000)
    .filter((n, i, all) => i > 0 && (n! - all[i - 1]! + 1000) % 1000 === 2).length;
  t.ok(skips > 400 && skips < 600, `${skips} of 10000, 5 % are 500`);
});

t.test('the generator', async (t) => {
  const same = (seed: number): string => {
    const random = seededRandom(seed);
    return Array.from({ length: 5 }, random).join();
  };
  t.equal(same(42), same(42), 'repeatable');
  t.equal(new Set(Array.from({ length: 200 }, (_, seed) => same(seed))).size, 200, 'no two seeds alike');
  const random = seededRandom(0);
  const draws = Array.from({ length: 10_000 }, random);
  t.ok(draws.every((x) => x >= 0 && x < 1));
  t.ok(Math.abs(draws.reduce((sum, x) => sum + x) / draws.length - 0.5) < 0.02);
  for (const seed of [0, 1, 0x6d2b79f5, -1, 2 ** 31])
    t.ok(Array.from({ length: 10 }, seededRandom(seed)).some((x) => x > 0));
});
