// Which routers are there, of what FRR 8.4.4 printed before and after one of them lost its power: 10.0.0.9, behind the switch 10.0.0.1.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { parseStubAnnouncers } from '../../routing/frr-output.js';
import { reachableRouters } from '../../routing/reachability.js';

const own = '172.31.7.2';
const golden = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../test/unit/golden/frr/area-${name}.json`, import.meta.url), 'utf8'));
const all = ['10.0.0.1', '10.0.0.9', own];
const routersOf = (found: ReadonlySet<string>): string[] => [...found].filter((each) => /^[\d.]+$/.test(each)).sort();

t.test('broadcast link, VIPs as stub links: by the database', async (t) => {
  const reachable = (state: string) =>
    routersOf(reachableRouters(own, golden(`router${state}`), golden(`network${state}`), golden(`route${state}`)));
  t.same(reachable(''), all);
  t.same(reachable('-dead'), ['10.0.0.1', own]);
  const dead = parseStubAnnouncers(golden('router-dead'), own).get('123.1.2.3');
  t.same(dead?.map(({ router }) => router).sort(), ['10.0.0.9', own], 'its LSA is still there');
});

t.test('a router that has a VIP on two interfaces announces it once, as well as the better of them', async (t) => {
  const stub = (metric: number) => ({
    ...{ linkType: 'Stub Network', networkAddress: '123.1.2.3', networkMask: '255.255.255.255', tos0Metric: metric },
  });
  const lsa = (advertisingRouter: string, ...metrics: number[]) => ({
    ...{ lsaAge: 1, advertisingRouter },
    routerLinks: Object.fromEntries(metrics.map((metric, i) => [`link${i}`, stub(metric)])),
  });
  const areas = { '0.0.0.0': [lsa(own, 20, 10), lsa('10.0.0.9', 10, 60_000, 30)] };
  t.same(parseStubAnnouncers({ routerLinkStates: { areas } }, own).get('123.1.2.3'), [
    { router: own, metric: 10, self: true },
    { router: '10.0.0.9', metric: 10, self: false },
  ]);
});

t.test('point-to-point link: by the database, and by the routing table where it is another area', async (t) => {
  t.same(routersOf(reachableRouters(own, golden('router-p2p'), {}, {})), all);
  t.same(routersOf(reachableRouters(own, golden('router-p2p-dead'), {}, golden('route-p2p-dead'))), ['10.0.0.1', own]);
  t.same(routersOf(reachableRouters(own, {}, {}, golden('route-p2p'))), ['10.0.0.9', own]);
});

t.test('a network whose LSA does not name a router is no way to it', async (t) => {
  t.same(routersOf(reachableRouters(own, golden('router'), {}, {})), [own]);
  const network = JSON.stringify(golden('network')).replaceAll('10.0.0.1', '10.0.0.7');
  t.same(routersOf(reachableRouters(own, golden('router'), JSON.parse(network), {})), [own]);
});

t.test('anything else is nothing, and no exception', async (t) => {
  for (const odd of [{}, null, 7, 'x', [], { routerLinkStates: 1 }, { routerLinkStates: { areas: { a: [null, 1] } } }])
    t.same([...reachableRouters(own, odd, odd, odd)], [own]);
});
