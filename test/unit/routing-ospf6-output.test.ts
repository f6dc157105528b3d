// What FRR 8.4.4's ospf6d printed, captured, read by the bridge's parsers; and the changes that its driver makes of it.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { standing } from '../../routing/drivers/driver.js';
import { Ospf6, parseConfig6 } from '../../routing/drivers/ospf6.js';
import {
  parseAnnouncers6,
  parseAttached6,
  parseBorderRouters6,
  parseNeighbours6,
  parseOriginated6,
  parseRouterId6,
} from '../../routing/ospf6-output.js';
import type { Vtysh } from '../../routing/vtysh.js';

const sample = (name: string): string =>
  readFileSync(new URL(`../../../test/unit/golden/frr/${name}`, import.meta.url), 'utf8');
const json = (name: string): unknown => JSON.parse(sample(name));
const vip = '2001:db8::1';

t.test('neighbours and interfaces', async (t) => {
  t.match(parseNeighbours6(json('ospf6-neighbours.json')), [
    { routerId: '10.0.0.1', address: /^fe80::/, interface: 'dpdk1.kni', state: 'Full', full: true },
  ]);
  t.ok(parseAttached6(json('ospf6-interface.json'), 'dpdk1.kni'));
  t.notOk(parseAttached6(json('ospf6-interface.json'), 'dpdk0.kni'));
  t.notOk(parseAttached6({ noSuchInterface: 'x' }, 'x'));
  t.equal(parseRouterId6(json('ospf6.json')), '10.0.0.2');
});

t.test('what it originates', async (t) => {
  t.same(
    [...parseOriginated6(json('ospf6-self.json'))],
    [
      [vip, 'live'],
      ['2001:db8::2', 'flushing'],
    ],
    'an LSA at MaxAge is on its way out',
  );
  const intra = parseOriginated6(json('ospf6-intra-prefixes.json'));
  t.equal(intra.get('2001:db8::9'), 'live', 'an address of the interface is announced, too');
});

t.test('who announces it', async (t) => {
  const reachable = parseBorderRouters6(sample('ospf6-border-routers.txt'));
  t.same([...reachable], ['10.0.0.2', '10.0.0.3']);
  const external = parseAnnouncers6(json('ospf6-externals.json'), {}, '10.0.0.2', reachable);
  t.same(external.get(vip), [
    { router: '10.0.0.2', metric: 1_000_000, self: true },
    { router: '10.0.0.3', metric: 20, self: false },
  ]);
  t.equal(standing(external.get(vip)!, { drainMetric: 1_000_000 }), 'worse');
  const both = parseAnnouncers6(json('ospf6-externals.json'), json('ospf6-intra-prefixes.json'), '10.0.0.2', reachable);
  t.match(
    both.get(vip)?.find(({ self }) => self),
    { metric: 10 },
    "a router's intra-area prefix hides its external one: the drain has no effect",
  );
  t.equal(standing(both.get(vip)!, { drainMetric: 1_000_000 }), 'best');
  const alone = parseAnnouncers6(json('ospf6-externals.json'), {}, '10.0.0.2', new Set(['10.0.0.2']));
  t.equal(
    standing(alone.get(vip)!, { drainMetric: 1_000_000 }),
    'only',
    'one that lost its power is in the database still',
  );
});

t.test('anything else is nothing, and no exception', async (t) => {
  for (const odd of [{}, null, [], 7, 'x', { asScopedLinkStateDb: [{ lsa: [null, { type: 'AS-External' }] }] }]) {
    t.same(parseNeighbours6(odd), []);
    t.equal(parseOriginated6(odd).size, 0);
    t.equal(parseAnnouncers6(odd, odd, '1.1.1.1', new Set()).size, 0);
    t.notOk(parseAttached6(odd, 'x'));
  }
});

t.test('the running configuration', async (t) => {
  const config = parseConfig6(sample('ospf6-running-config.txt'));
  t.match(config, { routerOspf: true, redistribute: { routeMap: 'DPVS-ANNOUNCE6' }, prefixList: true, linkList: true });
  t.match(config, { drainList: true, drainRouteMap: true });
  t.same([...config.permitted], [vip, '2001:db8::2']);
  t.same([...config.drained], [vip]);
  t.same([...config.advertise], [['dpdk1.kni', 'DPVS-LINK6']]);
});

t.test('changes', async (t) => {
  const driverOf = (config: string): Ospf6 => new Ospf6({ run: async () => config } as unknown as Vtysh, 20);
  const bare = driverOf('interface dpdk1.kni\n ipv6 ospf6 area 0.0.0.0\nexit\nrouter ospf6\nexit\n');
  t.same((await bare.permission([vip], 'dpdk1.kni')).lines, [
    'ipv6 prefix-list DPVS-LINK6 seq 1 deny ::/0 ge 128',
    'ipv6 prefix-list DPVS-LINK6 seq 2 permit any',
    'interface dpdk1.kni',
    'ipv6 ospf6 advertise prefix-list DPVS-LINK6',
    'exit',
    'ipv6 prefix-list DPVS-VIPS6 seq 1 deny ::/0',
    'ipv6 prefix-list DPVS-VIPS6 permit 2001:db8::1/128',
    'ipv6 prefix-list DPVS-DRAIN6 seq 1 deny ::/0',
    'route-map DPVS-ANNOUNCE6 permit 5',
    ' match ipv6 address prefix-list DPVS-DRAIN6',
    ' set metric 1000000',
    'route-map DPVS-ANNOUNCE6 permit 10',
    ' match ipv6 address prefix-list DPVS-VIPS6',
    ' set metric 20',
    'exit',
    'router ospf6',
    'redistribute connected metric 20 metric-type 1 route-map DPVS-ANNOUNCE6',
    'exit',
  ]);
  await t.rejects(bare.worsening([vip]), { code: 'not_support' }, 'not ours to worsen');
  const full = driverOf(sample('ospf6-running-config.txt'));
  t.same((await full.permission([vip], 'dpdk1.kni')).lines, [], 'all of it is there');
  t.same((await full.worsening([vip])).lines, []);
  t.same((await full.improvement([vip])).lines, ['no ipv6 prefix-list DPVS-DRAIN6 permit 2001:db8::1/128']);
  t.same((await full.prohibition([vip])).lines, [
    'no ipv6 prefix-list DPVS-VIPS6 permit 2001:db8::1/128',
    'no ipv6 prefix-list DPVS-DRAIN6 permit 2001:db8::1/128',
  ]);
  const own = sample('ospf6-running-config.txt').replace('prefix-list DPVS-LINK6\n', 'prefix-list MINE\n');
  t.same(
    (await driverOf(own).permission([vip], 'dpdk1.kni')).lines,
    [],
    "an administrator's list on the interface stays",
  );
  const range = driverOf(
    sample('ospf6-running-config.txt').replace('seq 6 permit 2001:db8::1/128', 'seq 6 permit 2001:db8::/64 ge 128'),
  );
  t.same((await range.permission(['2001:db8::77'], 'dpdk1.kni')).lines, [], 'a range permits it already');
});
