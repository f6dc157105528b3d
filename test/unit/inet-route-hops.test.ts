// The choice among a route's ways: deterministic, in proportion to the weights, and moving no more connections than it must.
import t from 'tap';
import { clientHash, ipv4, parseIpv4, type RouteHop, wayOf } from '../../dataplane/inet/index.js';
import { testSeed } from '../support/property.js';
import { Random } from '../support/random.js';

const hop = (gateway: string, weight = 1, device = 'dpdk1'): RouteHop => ({
  gateway: parseIpv4(gateway),
  device,
  weight,
});
const route = (...hops: RouteHop[]) => ({ gateway: hops[0].gateway, device: hops[0].device, hops });
const a = hop('172.10.0.1');
const b = hop('172.20.0.1');
const c = hop('172.30.0.1');

function clients(t: Parameters<typeof testSeed>[0], count = 30_000): number[] {
  const random = new Random(testSeed(t));
  return Array.from({ length: count }, () => clientHash(ipv4(random.bits()), random.below(65536)));
}

t.test('one way is the route itself', async (t) => {
  const single = { gateway: a.gateway, device: a.device };
  t.equal(wayOf(single, 4711), single);
});

t.test('shares follow the weights', async (t) => {
  const hashes = clients(t);
  const heavy = hop('172.30.0.1', 2);
  const count = new Map<unknown, number>();
  for (const hash of hashes) {
    const way = wayOf(route(a, b, heavy), hash);
    count.set(way, (count.get(way) ?? 0) + 1);
  }
  for (const [way, weight] of [
    [a, 1],
    [b, 1],
    [heavy, 2],
  ] as const) {
    const share = (count.get(way) ?? 0) / hashes.length;
    // Five standard deviations of a binomial share.
    const expected = weight / 4;
    const margin = 5 * Math.sqrt((expected * (1 - expected)) / hashes.length);
    t.ok(Math.abs(share - expected) < margin, `weight ${weight} has ${share}`);
  }
});

t.test('the order of the ways is of no matter, and one that goes moves its own connections only', async (t) => {
  for (const hash of clients(t, 3000)) {
    const before = wayOf(route(a, b, c), hash);
    if (wayOf(route(c, a, b), hash) !== before) t.fail('the order mattered', { hash });
    const after = wayOf(route(a, c), hash);
    if (before !== b && after !== before) t.fail('a connection moved without need', { hash });
    if (after === b) t.fail('a way that is gone was chosen', { hash });
  }
  t.pass('3000 connections');
});

t.test('two ports with one gateway address are two ways', async (t) => {
  const both = [hop('172.10.0.1', 1, 'dpdk0'), hop('172.10.0.1', 1, 'dpdk1')];
  const used = new Set(clients(t, 200).map((hash) => wayOf(route(...both), hash).device));
  t.same([...used].sort(), ['dpdk0', 'dpdk1']);
});
