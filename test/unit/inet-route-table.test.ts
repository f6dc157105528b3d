// The route table against a linear scan, and against the tutorial's listing.
import fc from 'fast-check';
import t from 'tap';
import {
  formatIp,
  formatPrefix,
  type Ipv4,
  ipv4,
  nextHopOf,
  parseIpv4,
  parsePrefix,
  type Route,
  type RouteScope,
  RouteTable,
} from '../../dataplane/inet/index.js';
import { holds, testSeed } from '../support/property.js';

const seed = testSeed(t);

function route(text: string, device: string, rest: Partial<Route> = {}): Route {
  const none = ipv4(0);
  return {
    ...parsePrefix(text),
    device,
    scope: 'link',
    gateway: none,
    source: none,
    mtu: 1500,
    metric: 0,
    origin: 'user',
    ...rest,
  };
}

const lines = (routes: readonly Route[]): string[] =>
  routes.map(
    (r) =>
      `inet ${formatPrefix(r.prefix, r.length)} via ${formatIp(r.gateway)} src ${formatIp(r.source)} dev ${r.device} ` +
      `mtu ${r.mtu} tos 0 scope ${r.scope} metric ${r.metric} proto auto`,
  );

t.test('lists as the tutorial prints', async (t) => {
  const table = new RouteTable();
  table.add(route('10.0.0.100/32', 'dpdk1', { scope: 'host', origin: 'address' }));
  table.add(route('10.0.0.0/16', 'dpdk1'));
  table.add(route('192.168.100.0/24', 'dpdk0'));
  table.add(route('192.168.100.200/32', 'dpdk0', { scope: 'host', origin: 'laddr' }));
  t.strictSame(lines(table.list()), [
    'inet 10.0.0.100/32 via 0.0.0.0 src 0.0.0.0 dev dpdk1 mtu 1500 tos 0 scope host metric 0 proto auto',
    'inet 192.168.100.200/32 via 0.0.0.0 src 0.0.0.0 dev dpdk0 mtu 1500 tos 0 scope host metric 0 proto auto',
    'inet 192.168.100.0/24 via 0.0.0.0 src 0.0.0.0 dev dpdk0 mtu 1500 tos 0 scope link metric 0 proto auto',
    'inet 10.0.0.0/16 via 0.0.0.0 src 0.0.0.0 dev dpdk1 mtu 1500 tos 0 scope link metric 0 proto auto',
  ]);
  t.strictSame(lines(table.list('dpdk1')).length, 2);
});

t.test('a gateway, a default route, the kernel’s address', async (t) => {
  const table = new RouteTable();
  const find = (ip: string): string | undefined => table.lookup(parseIpv4(ip))?.device;
  t.equal(find('8.8.8.8'), undefined, 'no route');
  const gateway = parseIpv4('172.10.0.1');
  const viaSwitch = table.add(route('0.0.0.0/0', 'dpdk1', { scope: 'global', gateway }));
  const onLink = table.add(route('192.168.100.77/24', 'dpdk0'));
  const kernel = table.add(route('172.10.0.2/32', 'dpdk1', { scope: 'kni_host' }));
  t.equal(formatIp(onLink.prefix), '192.168.100.0', 'host bits are cleared');
  t.equal(table.lookup(parseIpv4('255.255.255.255')), viaSwitch);
  t.equal(table.lookup(parseIpv4('192.168.100.255')), onLink);
  t.equal(table.lookup(parseIpv4('172.10.0.2')), kernel);
  t.equal(nextHopOf(viaSwitch, parseIpv4('8.8.8.8')), gateway);
  t.equal(nextHopOf(onLink, parseIpv4('192.168.100.2')), parseIpv4('192.168.100.2'));
});

t.test('equal prefixes', async (t) => {
  const table = new RouteTable();
  const find = (): Route | undefined => table.lookup(parseIpv4('10.1.1.1'));
  const slow = table.add(route('10.1.1.1/32', 'dpdk0', { metric: 20 }));
  const fast = table.add(route('10.1.1.1/32', 'dpdk1', { metric: 10 }));
  t.equal(find(), fast, 'the lowest metric');
  table.add(route('10.1.1.1/32', 'dpdk2', { metric: 10 }));
  t.equal(find(), fast, 'then the oldest');
  const ours = table.add(route('10.1.1.1/32', 'dpdk3', { metric: 30, scope: 'host' }));
  t.equal(find(), ours, 'host before anything');
  table.delete({ prefix: parseIpv4('10.1.1.1'), length: 32, scope: 'host' });
  table.delete({ prefix: parseIpv4('10.1.1.1'), length: 32 });
  t.not(find(), fast, 'delete without details takes the best');
  table.delete({ prefix: parseIpv4('10.1.1.1'), length: 32, device: 'dpdk2' });
  t.equal(find(), slow);
});

t.test('refusals change nothing', async (t) => {
  const table = new RouteTable({ maxRoutes: 2 });
  table.add(route('10.0.0.0/8', 'dpdk0'));
  const { generation } = table;
  const refused: [string, Route][] = [
    ['already_exist', route('10.2.3.4/8', 'dpdk0', { scope: 'global', gateway: parseIpv4('10.0.0.1') })],
    ['invalid_parameter', route('10.0.0.0/24', 'dpdk0', { scope: 'kni_host' })],
    ['invalid_parameter', route('10.0.0.0/31', 'dpdk0', { scope: 'host' })],
    ['invalid_parameter', route('10.0.0.1/32', 'dpdk0', { scope: 'host', gateway: parseIpv4('10.0.0.2') })],
    ['invalid_parameter', route('10.0.0.1/32', 'dpdk0', { scope: 'global', gateway: parseIpv4('10.0.0.1') })],
    ['invalid_parameter', { ...route('10.0.0.0/8', 'dpdk0'), length: 33 }],
  ];
  for (const [code, wrong] of refused) t.throws(() => table.add(wrong), { code }, lines([wrong])[0]);
  const unknown = [
    { prefix: parseIpv4('10.0.0.0'), length: 9 },
    { prefix: parseIpv4('10.0.0.0'), length: 8, device: 'dpdk1' },
    { prefix: parseIpv4('10.0.0.0'), length: 8, metric: 1 },
  ];
  for (const match of unknown) t.throws(() => table.delete(match), { code: 'not_exist' });
  t.equal(table.generation, generation);
  table.add(route('10.0.0.0/8', 'dpdk1'));
  t.throws(() => table.add(route('10.0.0.0/8', 'dpdk2')), { code: 'no_room' });
  t.equal(table.size, 2);
});

t.test('put adds or replaces', async (t) => {
  const table = new RouteTable({ maxRoutes: 1 });
  table.put(route('10.0.0.0/8', 'dpdk0'));
  table.put(route('10.0.0.0/8', 'dpdk0', { mtu: 9000 }));
  t.equal(table.size, 1);
  t.equal(table.lookup(parseIpv4('10.0.0.1'))?.mtu, 9000);
  t.throws(() => table.put({ ...route('10.0.0.0/8', 'dpdk0'), scope: 'host' }), { code: 'invalid_parameter' });
  t.equal(table.lookup(parseIpv4('10.0.0.1'))?.mtu, 9000, 'refused: the old one is there');
});

/** Few bits vary, so that prefixes nest and repeat. */
const address = fc.tuple(fc.nat(3), fc.nat(15)).map(([high, low]) => ipv4(0xc0a80000 + high * 0x4000 + low));
const anyRoute = fc
  .record({
    prefix: fc.oneof(address, fc.nat(0xffffffff).map(ipv4)),
    length: fc.oneof(fc.nat(32), fc.constantFrom(0, 16, 18, 28, 31, 32)),
    device: fc.constantFrom('dpdk0', 'dpdk1'),
    metric: fc.nat(2),
    host: fc.constantFrom<RouteScope | null>(null, null, 'host', 'kni_host'),
  })
  .map(({ host, ...r }) =>
    route('0.0.0.0/0', r.device, { ...r, ...(host === null ? {} : { scope: host, length: 32 }) }),
  );
const action = fc.oneof(
  { weight: 4, arbitrary: anyRoute.map((r) => ({ op: 'add' as const, r })) },
  { weight: 2, arbitrary: anyRoute.map((r) => ({ op: 'delete' as const, r })) },
  { weight: 1, arbitrary: fc.constantFrom('dpdk0', 'dpdk1').map((device) => ({ op: 'flush' as const, device })) },
);

const bits = (n: number, length: number): string => n.toString(2).padStart(32, '0').slice(0, length);
const isHost = (r: Route): boolean => r.scope === 'host' || r.scope === 'kni_host';

/** In the order added; nothing but scans. */
class Oracle {
  routes: Route[] = [];
  same(r: Route): Route | undefined {
    return this.routes.find(
      (o) =>
        o.length === r.length &&
        bits(Number(o.prefix), o.length) === bits(Number(r.prefix), r.length) &&
        o.metric === r.metric &&
        o.device === r.device,
    );
  }
  lookup(ip: number): Route | undefined {
    let best: Route | undefined;
    for (const r of this.routes) {
      if (bits(ip, r.length) !== bits(Number(r.prefix), r.length)) continue;
      const order = (x: Route): number[] => [-x.length, isHost(x) ? 0 : 1, x.metric];
      if (best === undefined || order(r).find((v, i) => v !== order(best!)[i]) === undefined) best ??= r;
      else {
        const at = order(r).findIndex((v, i) => v !== order(best!)[i]);
        if (order(r)[at]! < order(best)[at]!) best = r;
      }
    }
    return best;
  }
}

t.test('equals a linear scan', async (t) => {
  const property = fc.property(
    fc.array(action, { maxLength: 60, size: 'max' }),
    fc.array(fc.oneof(address, fc.nat(0xffffffff).map(ipv4)), { minLength: 20, maxLength: 20 }),
    (actions, probes) => {
      const table = new RouteTable();
      const oracle = new Oracle();
      for (const a of actions) {
        const before = table.generation;
        let changes = true;
        if (a.op === 'flush') {
          const gone = table.flushDevice(a.device, (r) => r.metric < 2);
          const stay = oracle.routes.filter((r) => r.device !== a.device || r.metric === 2);
          if (gone.length !== oracle.routes.length - stay.length) return false;
          oracle.routes = stay;
          changes = gone.length > 0;
        } else {
          const same = oracle.same(a.r);
          changes = (same === undefined) === (a.op === 'add');
          try {
            const done =
              a.op === 'add' ? table.add(a.r) : table.delete({ ...a.r, scope: undefined, origin: undefined });
            if (!changes) return false;
            if (a.op === 'add') oracle.routes.push(done);
            else oracle.routes = oracle.routes.filter((r) => r !== same);
            if (a.op === 'delete' && done !== same) return false;
          } catch {
            if (changes) return false;
          }
        }
        if ((table.generation !== before) !== changes) return false;
      }
      const listed = table.list();
      const hosts = oracle.routes.filter(isHost);
      const nets = oracle.routes.filter((r) => !isHost(r));
      const expected = [...hosts];
      for (let length = 32; length >= 0; length--) expected.push(...nets.filter((r) => r.length === length));
      return (
        table.size === oracle.routes.length &&
        listed.length === expected.length &&
        listed.every((r, i) => r === expected[i]) &&
        [...probes, ...oracle.routes.map((r) => r.prefix as Ipv4)].every((ip) => table.lookup(ip) === oracle.lookup(ip))
      );
    },
  );
  holds(t, 'lookup, list, size, generation, refusals', property, { seed, numRuns: 400 });
});
