// IPv6 in the tables of addresses, routes and neighbours, beside IPv4 and against linear scans.
import fc from 'fast-check';
import t from 'tap';
import {
  AddressTable,
  IP_NONE,
  type Ip,
  IpPairMap,
  NEIGHBOUR_TIMEOUT,
  NeighbourTable,
  networkOf,
  parseIp,
  parseMac,
  parsePrefix,
  prefixContains,
  type Route,
  RouteTable,
} from '../../dataplane/inet/index.js';
import { holds, testSeed } from '../support/property.js';

const seed = testSeed(t);

const route = (destination: string, given: Partial<Route> = {}): Route => ({
  ...parsePrefix(destination),
  scope: 'link',
  ...{ gateway: IP_NONE, source: IP_NONE, device: 'dpdk1', mtu: 1500, metric: 0, origin: 'user' },
  ...given,
});

t.test('longest prefix, of either family, against a linear scan', async (t) => {
  const word = fc.constantFrom('0', '1', '8000', 'ffff');
  const six = fc.tuple(word, word, word, word).map(([a, b, c, d]) => `2001:${a}:${b}:0:${c}::${d}`);
  const four = fc.tuple(fc.nat(3), fc.nat(3)).map(([a, b]) => `10.${a}.${b}.0`);
  const prefix = fc.oneof(
    fc.tuple(six, fc.constantFrom(0, 16, 17, 31, 32, 33, 48, 64, 65, 80, 127, 128)),
    fc.tuple(four, fc.constantFrom(0, 8, 15, 16, 17, 24, 32)),
  );
  const property = fc.property(fc.array(prefix, { maxLength: 24 }), fc.array(fc.oneof(six, four)), (all, probes) => {
    const table = new RouteTable();
    const routes: Route[] = [];
    for (const [address, length] of all) {
      const one = route(`${address}/${length}`);
      const key = networkOf(one.prefix, length);
      if (routes.some((other) => other.length === length && networkOf(other.prefix, length) === key)) continue;
      routes.push(one);
      table.add(one);
    }
    // Some go again.
    for (const gone of routes.splice(0, routes.length >> 2)) table.delete(gone);
    return probes.map(parseIp).every((ip) => {
      const [best] = routes
        .filter((one) => prefixContains(one.prefix, one.length, ip))
        .sort((a, b) => b.length - a.length);
      const found = table.lookup(ip);
      return found?.length === best?.length && (found === undefined || prefixContains(found.prefix, found.length, ip));
    });
  });
  holds(t, 'lookup', property, { seed, numRuns: 500 });
});

t.test('what a route of IPv6 may be', async (t) => {
  const table = new RouteTable();
  const refused = (one: Route) => t.throws(() => table.add(one), { code: 'invalid_parameter' });
  refused(route('2001:db8::/127', { scope: 'host' }));
  refused(route('2001:db8::/32', { gateway: parseIp('10.0.0.1'), scope: 'global' }));
  refused(route('10.0.0.0/8', { source: parseIp('2001:db8::1') }));
  refused(route('2001:db8::1/128', { gateway: parseIp('2001:db8::1'), scope: 'global' }));
  table.add(route('2001:db8::1/128', { scope: 'kni_host', origin: 'kernel' }));
  const ours = table.add(route('2001:db8::1/128', { scope: 'host', device: 'dpdk0', origin: 'address' }));
  t.equal(table.lookup(parseIp('2001:db8::1')), ours, 'configured before the kernel’s');
});

t.test('addresses', async (t) => {
  const table = new AddressTable();
  const address = (text: string, length: number) => ({
    ...({
      address: parseIp(text),
      length,
      device: 'dpdk1',
      scope: 'global',
      broadcast: IP_NONE,
      sapool: false,
    } as const),
    ...({ origin: 'user', validUntil: Infinity, preferredUntil: Infinity } as const),
  });
  table.add(address('10.0.0.100', 32));
  table.add(address('2001:db8::100', 128));
  table.add(address('2001:db8:a::1', 64));
  t.ok(table.isLocal(parseIp('2001:db8::100')));
  t.notOk(table.isLocal(parseIp('2001:db8::101')));
  const source = (destination: string): Ip => table.selectSource('dpdk1', parseIp(destination));
  t.equal(source('2001:db8:a::7'), parseIp('2001:db8:a::1'), 'of the destination’s network');
  t.equal(source('2001:db8:ffff::7'), parseIp('2001:db8::100'), 'else the first of the family');
  t.equal(source('10.9.9.9'), parseIp('10.0.0.100'));
  t.throws(() => table.add(address('2001:db8::100', 64)), { code: 'already_exist' });
  for (const wrong of ['::', '::1', 'ff02::1'])
    t.throws(() => table.add(address(wrong, 128)), { code: 'invalid_parameter' }, wrong);
  table.delete(parseIp('2001:db8::100'), 'dpdk1');
  t.notOk(table.isLocal(parseIp('2001:db8::100')));
});

t.test('pairs', async (t) => {
  const map = new IpPairMap();
  const keys = ['10.0.0.1', '2001:db8::1', '2001:db8::2'].flatMap((ip) =>
    [0, 0xffff, 0x10000, 0xffffffff].map((second) => [parseIp(ip), second] as const),
  );
  keys.forEach(([ip, second], i) => {
    map.set(ip, second, i);
  });
  t.same(
    keys.map(([ip, second]) => map.get(ip, second)),
    keys.map((_, i) => i),
  );
  t.ok(map.delete(...keys[5]!));
  t.equal(map.get(...keys[5]!), -1);
  map.add(parseIp('fe80::1'), 7, 1);
  map.add(parseIp('fe80::1'), 7, 1);
  map.add(parseIp('fe80::1'), 7, -1);
  t.equal(map.get(parseIp('fe80::1'), 7), 1);
  map.add(parseIp('fe80::1'), 7, -1);
  t.equal(map.get(parseIp('fe80::1'), 7), -1);
});

t.test('an advertisement without override replaces no MAC (RFC 4861, 7.2.5)', async (t) => {
  const silent = { sendRequest: () => {}, changed: () => {}, resolved: () => {}, failed: () => {} };
  const table = new NeighbourTable(silent);
  const ip = parseIp('fe80::1');
  const [one, two] = [parseMac('02:00:00:00:00:01'), parseMac('02:00:00:00:00:02')];
  t.equal(table.learn('dpdk1', ip, one, 0, { solicited: true, create: false, override: true }), undefined);
  table.resolve('dpdk1', ip, 0);
  t.match(table.learn('dpdk1', ip, one, 10, { solicited: true, create: false, override: false }), { mac: one });
  table.learn('dpdk1', ip, two, 20, { solicited: true, create: false, override: false });
  t.match(table.get('dpdk1', ip), { mac: one, state: 'DELAY' }, 'the known one is to be verified');
  t.ok(table.nextDeadline <= 20 + NEIGHBOUR_TIMEOUT.delay);
  table.learn('dpdk1', ip, two, 30, { solicited: false, create: false, override: true });
  t.match(table.get('dpdk1', ip), { mac: two, state: 'DELAY' });
});
