// The ports of a LIP: the tutorial's numbers, each port once, freed ports last; random use against a set.
import fc from 'fast-check';
import t from 'tap';
import { ipv4, parseIpv4 } from '../../dataplane/inet/index.js';
import { rsBucket, SaPool, SaPoolTable } from '../../dataplane/ipvs/index.js';
import { holds, testSeed } from '../support/property.js';

const seed = testSeed(t);
const PORTS = 64_511;

const drain = (pool: SaPool, bucket: number): number[] => {
  const ports: number[] = [];
  for (let port = pool.take(bucket); port !== 0; port = pool.take(bucket)) ports.push(port);
  return ports;
};

t.test('the numbers of the tutorial', async (t) => {
  const pool = new SaPool();
  t.strictSame(pool.counters(), { used: 0, free: 1_032_176, miss: 0 });
  const port = pool.take(3);
  t.strictSame(pool.counters(), { used: 1, free: 1_032_175, miss: 0 });
  pool.give(3, port);
  t.strictSame(pool.counters(), { used: 0, free: 1_032_176, miss: 0 });
});

t.test('every port of a bucket once, then a miss', async (t) => {
  // Enough seeds that steps which would not reach every port are among them.
  const incomplete: number[] = [];
  for (let s = -100; s < 100; s++) {
    const pool = new SaPool({ seed: s * 77_777 });
    const seen = new Uint8Array(65_536);
    let count = 0;
    for (let port = pool.take(0); port !== 0; port = pool.take(0)) {
      if (port < 1025 || port > 65_535 || seen[port] === 1) incomplete.push(s);
      seen[port] = 1;
      count++;
    }
    if (count !== PORTS || pool.miss !== 1 || pool.take(1) === 0) incomplete.push(s);
  }
  t.strictSame(incomplete, []);
  t.not(new SaPool({ seed: 1 }).take(0), new SaPool({ seed: 2 }).take(0), 'seeds begin elsewhere');
});

t.test('a freed port waits until all others were used', async (t) => {
  const pool = new SaPool({ seed });
  const first = [pool.take(0), pool.take(0), pool.take(0)];
  for (const port of [first[1]!, first[0]!, first[2]!]) pool.give(0, port);
  const order = drain(pool, 0);
  t.equal(order.length, PORTS);
  t.strictSame(order.slice(-3), [first[1], first[0], first[2]], 'first in, first out');

  let expected = order;
  for (const port of expected) pool.give(0, port);
  for (let round = 0; round < 5; round++) {
    // 40 000 out and in again move the head round the end of the ring.
    const part = Array.from({ length: 40_000 }, () => pool.take(0));
    for (const port of part.reverse()) pool.give(0, port);
    expected = [...expected.slice(40_000), ...expected.slice(0, 40_000).reverse()];
  }
  t.ok(
    drain(pool, 0).every((port, i) => port === expected[i]),
    'also round the end of the ring',
  );
});

t.test('giving back what is not in use is a bug', async (t) => {
  const pool = new SaPool();
  const port = pool.take(0);
  t.throws(() => pool.give(1, port), { code: 'ERR_ASSERTION' }, 'another bucket');
  t.throws(() => pool.give(0, port === 5000 ? 5001 : 5000), { code: 'ERR_ASSERTION' });
  pool.give(0, port);
  t.throws(() => pool.give(0, port), { code: 'ERR_ASSERTION' }, 'twice');
  t.throws(() => pool.give(0, 0), { code: 'ERR_ASSERTION' });
  t.throws(() => pool.take(16), { code: 'ERR_ASSERTION' });
  t.throws(() => pool.reserve(0, 1024), { code: 'ERR_ASSERTION' });
  t.throws(() => new SaPool({ buckets: 129 }), { code: 'ERR_ASSERTION' });
  t.strictSame(pool.counters(), { used: 0, free: 1_032_176, miss: 0 });
});

t.test('a restart adopts the ports of live flows', async (t) => {
  const pool = new SaPool({ seed });
  const live = Array.from({ length: 30_000 }, (_, i) => 1025 + i * 2);
  t.ok(live.every((port) => pool.reserve(4, port)));
  t.equal(pool.used, live.length);
  t.notOk(pool.reserve(4, live[0]!), 'once');
  const fresh = drain(pool, 4);
  t.equal(fresh.length, PORTS - live.length);
  t.notOk(
    fresh.some((port) => port < 1025 + 60_000 && port % 2 === 1),
    'none of them',
  );
  for (const port of live) pool.give(4, port);
  t.strictSame(drain(pool, 4), live, 'out of the queue meanwhile, so they go to its tail');
  for (const port of live.slice(0, 1000)) {
    pool.reserve(5, port);
    pool.give(5, port);
  }
  const all = drain(pool, 5);
  t.strictSame(
    [all.length, new Set(all).size],
    [PORTS, PORTS],
    'ended before it left the queue: neither twice nor lost',
  );
  for (const port of all) pool.give(5, port);
  for (let i = 0; i < 100_000; i++) {
    pool.reserve(5, live[0]!);
    pool.give(5, live[0]!);
  }
  t.equal(drain(pool, 5).length, PORTS, 'its place is not taken twice');
});

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant('take' as const),
      bucket: fc.nat(1),
      times: fc.constantFrom(1, 2, 5, 20_000),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant('give' as const),
      bucket: fc.nat(1),
      times: fc.constantFrom(1, 3, 15_000),
      from: fc.nat(9),
      newest: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('reserve' as const),
      bucket: fc.nat(1),
      port: fc.integer({ min: 1025, max: 65535 }),
      times: fc.constantFrom(1, 100),
    }),
  },
);

t.test('random use', async (t) => {
  const property = fc.property(fc.array(step, { maxLength: 40, size: 'max' }), fc.nat(), (steps, poolSeed) => {
    const pool = new SaPool({ seed: poolSeed, buckets: 2 });
    const inUse = [new Set<number>(), new Set<number>()];
    let misses = 0;
    for (const s of steps) {
      const used = inUse[s.bucket]!;
      // The oldest, or the newest: those are often reserved and still in the queue.
      const order = s.op === 'give' && s.newest ? [...used].reverse() : [...used];
      const chosen = s.op === 'give' ? order.slice(s.from, s.from + s.times) : [];
      for (let i = 0; i < s.times; i++) {
        if (s.op === 'take') {
          const port = pool.take(s.bucket);
          if (port === 0) {
            misses++;
            if (used.size !== PORTS) return false;
          } else if (used.has(port) || port < 1025 || port > 65535) return false;
          else used.add(port);
        } else if (s.op === 'reserve') {
          const port = 1025 + ((s.port - 1025 + i) % PORTS);
          if (pool.reserve(s.bucket, port) === used.has(port)) return false;
          used.add(port);
        } else if (chosen[i] !== undefined) {
          pool.give(s.bucket, chosen[i]!);
          used.delete(chosen[i]!);
        }
      }
      const count = inUse[0]!.size + inUse[1]!.size;
      if (pool.used !== count || pool.free !== 2 * PORTS - count || pool.miss !== misses) return false;
    }
    // Nothing was lost on the way: all that is not in use can still be taken.
    return inUse.every((used, bucket) => {
      const rest = drain(pool, bucket);
      return (
        rest.length === PORTS - used.size && rest.every((port) => !used.has(port)) && new Set(rest).size === rest.length
      );
    });
  });
  holds(t, 'in use once, counted, none lost', property, { seed, numRuns: 40 });
});

t.test('real servers spread over the buckets', async (t) => {
  const chiSquare = (buckets: readonly number[]): number => {
    const counts = new Array(16).fill(0);
    for (const bucket of buckets) counts[bucket]++;
    const expected = buckets.length / 16;
    return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  };
  const net = parseIpv4('192.168.100.0');
  const neighbours = Array.from({ length: 1600 }, (_, i) => rsBucket(6, ipv4(net + i), 80));
  const ports = Array.from({ length: 1600 }, (_, i) => rsBucket(6, net, 8000 + i));
  const strided = Array.from({ length: 1600 }, (_, i) => rsBucket(17, ipv4(net + i * 256), 53));
  // 15 degrees of freedom: 37.7 is exceeded by chance once in a thousand. The input is fixed, so this is no game of luck.
  for (const [name, list] of Object.entries({ neighbours, ports, strided })) {
    t.ok(chiSquare(list) < 37.7, `${name}: ${chiSquare(list).toFixed(1)}`);
  }
  const both = Array.from(
    { length: 160 },
    (_, i) => rsBucket(6, ipv4(net + i), 53) === rsBucket(17, ipv4(net + i), 53),
  );
  t.ok(both.filter(Boolean).length < 40, 'TCP and UDP of a server are independent');
  t.ok(Array.from({ length: 1000 }, (_, i) => rsBucket(6, ipv4(i), 80, 7)).every((b) => b >= 0 && b < 7));
});

t.test('the pools of the node', async (t) => {
  const lip = parseIpv4('192.168.100.200');
  const table = new SaPoolTable({ seed });
  t.equal(table.get(lip), undefined);
  const pool = table.open(lip);
  t.equal(table.open(lip), pool, 'one for all services');
  t.not(table.open(parseIpv4('192.168.100.201')), pool);
  const [a, b] = [pool.take(2), pool.take(2)];
  table.give(lip, 2, a);
  table.close(lip);
  table.close(lip);
  t.throws(() => table.close(lip), { code: 'ERR_ASSERTION' });
  t.equal(table.get(lip), pool, 'as long as a connection has a port');
  t.equal(table.open(lip), pool, 'and again by the next user');
  table.close(lip);
  table.give(lip, 2, b);
  t.equal(table.get(lip), undefined);
  t.equal(table.size, 1);
  t.throws(() => table.give(lip, 2, b), { code: 'ERR_ASSERTION' });
});
