// What FRR 8.4.4's bgpd printed, captured, read by the bridge's parsers; and the changes that its driver makes of it.
import { readFileSync } from 'node:fs';
import t from 'tap';
import type { KernelAddress } from '../../kni/index.js';
import {
  isWorse,
  parseAdvertised,
  parseBgpConfig,
  parseBgpNeighbours,
  parseOwnRoutes,
} from '../../routing/bgp-output.js';
import { Bgp } from '../../routing/drivers/bgp.js';
import type { Vtysh } from '../../routing/vtysh.js';

const sample = (name: string): string =>
  readFileSync(new URL(`../../../test/unit/golden/frr/${name}`, import.meta.url), 'utf8');
const json = (name: string): unknown => JSON.parse(sample(name));
const places: KernelAddress[] = [
  { device: 'lo', address: '127.0.0.1', prefixLength: 8, family: 'inet', scope: 'host' },
  { device: 'dpdk1.kni', address: '172.31.7.2', prefixLength: 30, family: 'inet', scope: 'global' },
];
const [vip, other] = ['123.1.2.3', '123.1.2.4'];

t.test('neighbours', async (t) => {
  const established = { key: '172.31.7.1', routerId: '10.0.0.1', interface: 'dpdk1.kni', full: true };
  for (const family of ['inet', 'inet6'] as const)
    t.match(parseBgpNeighbours(json('bgp-neighbours.json'), family, places), [
      { ...established, address: '172.31.7.1', state: 'Established', unacknowledged: 0, lacksPolicy: false },
    ]);
  t.match(
    parseBgpNeighbours(json('bgp-neighbours-idle.json'), 'inet', places),
    [{ routerId: '172.31.7.1', address: '172.31.7.1', interface: 'dpdk1.kni', state: 'Active', full: false }],
    'the interface of a session that is not up: where its network is',
  );
  const silent = sample('bgp-neighbours.json').replace(
    '"ipv4Unicast": {\n        "updateGroupId"',
    '"ipv4Unicast": {\n        "outboundEbgpRequiresPolicy": "Outbound updates discarded due to missing policy",\n        "updateGroupId"',
  );
  t.match(parseBgpNeighbours(JSON.parse(silent), 'inet', places), [{ lacksPolicy: true }]);
  t.match(parseBgpNeighbours(JSON.parse(silent), 'inet6', places), [{ lacksPolicy: false }]);
  const unnumbered = { 'dpdk1.kni': { bgpState: 'Established', addressFamilyInfo: { ipv4Unicast: {} } } };
  t.match(parseBgpNeighbours(unnumbered, 'inet', places), [{ interface: 'dpdk1.kni', routerId: 'dpdk1.kni' }]);
  t.same(parseBgpNeighbours(unnumbered, 'inet6', places), [], 'not activated for the family');
});

t.test('what neighbours are told', async (t) => {
  const told = parseAdvertised(json('bgp-advertised.json'));
  t.same([...told.keys()], [vip, other]);
  t.notOk(isWorse(told.get(vip)!, '65001'));
  t.ok(isWorse(told.get(other)!, '65001'), 'by its MED');
  t.ok(isWorse({ ...told.get(other)!, metric: 0 }, '65001'), 'by its path');
  t.same([...parseAdvertised(json('bgp-advertised6.json')).keys()], ['2001:db8::1']);
  t.same([...parseOwnRoutes(json('bgp-table.json'))], [vip, other]);
});

t.test('anything else is nothing, and no exception', async (t) => {
  for (const odd of [{}, null, [], 7, 'x', { warning: 'Default BGP instance not found' }, { routes: { a: [null] } }]) {
    t.same(parseBgpNeighbours(odd, 'inet', places), []);
    t.equal(parseAdvertised(odd).size, 0);
    t.equal(parseOwnRoutes(odd).size, 0);
  }
});

t.test('the running configuration', async (t) => {
  const text = sample('bgp-running-config.txt');
  const config = parseBgpConfig(text, 'inet');
  t.match(config, { asn: '65001', drainRouteMap: true });
  t.same(
    [...config.networks],
    [
      [vip, null],
      [other, 'DPVS-DRAIN'],
    ],
  );
  t.same([...parseBgpConfig(text, 'inet6').networks], [['2001:db8::1', null]]);
  const vrf = parseBgpConfig('router bgp 7 vrf red\n address-family ipv4 unicast\n  network 1.2.3.4/32\n', 'inet');
  t.match(vrf, { asn: null, drainRouteMap: false });
  t.equal(vrf.networks.size, 0, "another VRF's instance is not ours");
});

t.test('changes', async (t) => {
  const driverOf = (config: string, family: 'inet' | 'inet6' = 'inet'): Bgp =>
    new Bgp(family, { run: async () => config, json: async () => ({}) } as unknown as Vtysh, async () => places);
  const head = ['router bgp 65001', 'address-family ipv4 unicast'];
  const tail = ['exit-address-family', 'exit'];
  const fresh = driverOf('router bgp 65001\n neighbor 172.31.7.1 remote-as 65000\nexit\n');
  t.same((await fresh.permission([vip])).lines, [...head, 'network 123.1.2.3/32', ...tail]);
  t.same((await fresh.prohibition([vip])).lines, []);
  t.same((await fresh.worsening([vip])).lines, [
    'route-map DPVS-DRAIN permit 10',
    ' set metric 1000000',
    ' set community graceful-shutdown additive',
    ' set as-path prepend 65001 65001 65001',
    'exit',
    ...head,
    'network 123.1.2.3/32 route-map DPVS-DRAIN',
    ...tail,
  ]);
  const used = driverOf(sample('bgp-running-config.txt'));
  t.same((await used.permission([vip, other])).lines, []);
  t.same((await used.worsening([vip, other])).vips, [vip]);
  t.same((await used.improvement([vip, other])).lines, [...head, 'network 123.1.2.4/32', ...tail]);
  t.same((await used.prohibition([other])).lines, [...head, 'no network 123.1.2.4/32', ...tail]);
  const six = driverOf(sample('bgp-running-config.txt'), 'inet6');
  t.match((await six.permission(['2001:db8::2'])).lines[1], 'address-family ipv6 unicast');
  const foreign = driverOf(sample('bgp-running-config.txt').replace('1.2.3/32\n', '1.2.3/32 route-map MINE\n'));
  await t.rejects(foreign.worsening([vip]), { code: 'not_support' });
  t.match(await driverOf('').obstacle(), /no `router bgp`/);
  t.match(await fresh.obstacle(), /no neighbour for ipv4 unicast/);
});
