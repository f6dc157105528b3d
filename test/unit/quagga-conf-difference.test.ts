// From what runs to what is wanted: FRR's own way of printing a configuration is told from a change, and others' lines stay.
import t from 'tap';
import { type ConfigDifference, configDifference, type RoutingModel, renderConfig } from '../../quagga-conf/index.js';

const model: RoutingModel = {
  flavor: 'frr',
  form: 'redistribute',
  hostname: 'node1',
  logDirectory: null,
  routerId: '1.1.1.1',
  area: '7',
  areaType: 'normal',
  authenticationScope: 'interface',
  interfaces: [
    {
      name: 'dpdk1.kni',
      network: '172.10.0.0/30',
      networkType: 'broadcast',
      hello: 1,
      dead: 4,
      cost: 10,
      bfd: true,
    },
  ],
  vips: ['123.1.2.3'],
  referenceBandwidth: 1000,
  externalMetric: 20,
  passive: [{ name: 'dpdk0.kni', network: '192.168.0.0/16' }],
  bfdTimers: { transmit: 300, receive: 300, multiplier: 3 },
};
/** Captured from FRR 8.4.4 that had read the file of this model. */
const running = `Building configuration...

Current configuration:
!
frr version 8.4.4
frr defaults traditional
hostname vm
!
interface dpdk0.kni
 ip ospf passive
exit
!
interface dpdk1.kni
 ip ospf bfd
 ip ospf bfd profile dpvs
 ip ospf cost 10
 ip ospf dead-interval 4
 ip ospf hello-interval 1
exit
!
router ospf
 ospf router-id 1.1.1.1
 log-adjacency-changes
 auto-cost reference-bandwidth 1000
 redistribute connected metric 20 metric-type 1 route-map DPVS-ANNOUNCE
 network 172.10.0.0/30 area 7
 network 192.168.0.0/16 area 7
exit
!
ip prefix-list DPVS-VIPS seq 1 deny 0.0.0.0/0
ip prefix-list DPVS-VIPS seq 5 permit 123.1.2.3/32
ip prefix-list DPVS-DRAIN seq 1 deny 0.0.0.0/0
!
route-map DPVS-ANNOUNCE permit 5
 match ip address prefix-list DPVS-DRAIN
 set metric 1000000
exit
!
route-map DPVS-ANNOUNCE permit 10
 match ip address prefix-list DPVS-VIPS
 set metric 20
exit
!
end
`;
const ospfd = (change: Partial<RoutingModel> = {}): string => renderConfig({ ...model, ...change })['ospfd.conf'] ?? '';
const link = (change: Partial<RoutingModel['interfaces'][number]>): Partial<RoutingModel> => ({
  interfaces: [{ ...model.interfaces[0]!, ...change }],
});
/** The generator wrote `model` last, FRR runs `now`. */
const from = (now: string, change: Partial<RoutingModel>, overwrite = false): ConfigDifference =>
  configDifference({ running: now, wanted: ospfd(change), previous: ospfd(), overwrite });
const nothing = { commands: [], kept: [], disruptive: [] };

t.test('what FRR prints of the same configuration is no difference', async (t) => {
  t.same(from(running, {}), nothing);
  t.same(configDifference({ running, wanted: ospfd({ area: '0.0.0.7' }), previous: null }), nothing);
  const bfdd = renderConfig(model)['bfdd.conf']!;
  const shown = 'Current configuration:\n!\nbfd\n profile dpvs\n exit\n !\nexit\n!\nend\n';
  t.same(configDifference({ running: shown, wanted: bfdd, previous: bfdd }), nothing);
});

t.test('what the generator changed is changed, in its context', async (t) => {
  t.same(from(running, link({ cost: 40 })), {
    ...nothing,
    commands: ['interface dpdk1.kni', 'ip ospf cost 40', 'exit'],
  });
  t.same(from(running, { externalMetric: 5, vips: [] }).commands, [
    'no ip prefix-list DPVS-VIPS permit 123.1.2.3/32',
    'route-map DPVS-ANNOUNCE permit 10',
    'set metric 5',
    'exit',
  ]);
  t.same(from(running, { vips: ['123.1.2.3', '123.1.2.9'] }).commands, [
    'ip prefix-list DPVS-VIPS permit 123.1.2.9/32',
  ]);
  t.same(from(running, link({ bfd: false })).commands, [
    'interface dpdk1.kni',
    'no ip ospf bfd profile dpvs',
    'no ip ospf bfd',
    'exit',
  ]);
});

t.test("what the bridge does while it runs is nobody else's doing, and stays", async (t) => {
  const draining = running
    .replace('metric 20 metric-type', 'metric 21 metric-type')
    .replace('!\nroute-map', 'ip prefix-list DPVS-DRAIN seq 6 permit 123.1.2.3/32\n!\nroute-map');
  t.not(draining, running);
  t.same(from(draining, {}), nothing);
});

t.test("bgpd's contexts, and what closes a session", async (t) => {
  const bgp = (change: Partial<RoutingModel> = {}): string =>
    renderConfig({
      ...model,
      passive: [],
      gracefulRestart: 60,
      bgp: { localAs: 65001, peers: [{ address: '172.10.0.1', remoteAs: 65100 }] },
      ...change,
    })['bgpd.conf'] ?? '';
  // Captured from FRR 8.4.4 that had read this file, an empty line and its end left out.
  const shown = `hostname vm
!
router bgp 65001
 bgp router-id 1.1.1.1
 no bgp ebgp-requires-policy
 bgp graceful-restart restart-time 60
 bgp graceful-restart
 bgp graceful-restart preserve-fw-state
 neighbor 172.10.0.1 remote-as 65100
 neighbor 172.10.0.1 bfd
 neighbor 172.10.0.1 bfd profile dpvs
 neighbor 172.10.0.1 timers 1 4
 neighbor 172.10.0.1 timers connect 1
 !
 address-family ipv4 unicast
  redistribute connected metric 21 route-map DPVS-ANNOUNCE
 exit-address-family
exit
!
ip prefix-list DPVS-VIPS seq 1 deny 0.0.0.0/0
ip prefix-list DPVS-VIPS seq 5 permit 123.1.2.3/32
ip prefix-list DPVS-DRAIN seq 1 deny 0.0.0.0/0
!
route-map DPVS-ANNOUNCE permit 5
 match ip address prefix-list DPVS-DRAIN
 set community graceful-shutdown additive
 set metric 4294967294
 set origin igp
exit
!
route-map DPVS-ANNOUNCE permit 10
 match ip address prefix-list DPVS-VIPS
 set metric 0
 set origin igp
exit
!
end
`;
  const difference = (change: Partial<RoutingModel>): ConfigDifference =>
    configDifference({ running: shown, wanted: bgp(change), previous: bgp() });
  t.same(difference({}), nothing);
  t.same(difference({ vips: [] }), { ...nothing, commands: ['no ip prefix-list DPVS-VIPS permit 123.1.2.3/32'] });
  t.same(difference({ gracefulRestart: 90 }).disruptive, ['bgp graceful-restart restart-time 90']);
  const { commands } = configDifference({ running: '', wanted: bgp(), previous: null });
  t.same(
    commands.slice(commands.indexOf('address-family ipv4 unicast') - 1).filter((each) => !each.startsWith('neighbor')),
    [
      'router bgp 65001',
      'address-family ipv4 unicast',
      'redistribute connected route-map DPVS-ANNOUNCE',
      'exit',
      'exit',
    ],
  );
  const gone = configDifference({ running: shown, wanted: '!', previous: bgp() }).commands;
  t.ok(gone.includes('bgp ebgp-requires-policy') && !gone.some((each) => each.startsWith('no no ')), gone.join('; '));
});

t.test('what would take the neighbour down is named', async (t) => {
  t.same(from(running, link({ hello: 2, dead: 8 })).disruptive, [
    'ip ospf hello-interval 2',
    'ip ospf dead-interval 8',
  ]);
  t.same(from(running, link({ networkType: 'point-to-point' })).disruptive, ['ip ospf network point-to-point']);
  const area = from(running, { area: '8', passive: [] });
  t.ok(area.disruptive.includes('no network 172.10.0.0/30 area 0.0.0.7'), area.disruptive.join());
  t.ok(
    area.commands.indexOf('no network 172.10.0.0/30 area 0.0.0.7') <
      area.commands.indexOf('network 172.10.0.0/30 area 0.0.0.8'),
  );
  t.same(from(running, link({ cost: 1 })).disruptive, []);
});

t.test("others' lines stay, and the router with them", async (t) => {
  const others = running
    .replace(' ip ospf cost 10', ' ip ospf cost 999\n ip ospf priority 0')
    .replace(
      'exit\n!\nip prefix',
      ' timers throttle spf 10 20 30\n area 7 range 10.0.0.0/8\nexit\n!\nip prefix-list DPVS-VIPS seq 10 permit 9.9.9.9/32\nip prefix',
    );
  t.same(from(others, {}), { ...nothing, kept: [{ running: 'ip ospf cost 999', wanted: 'ip ospf cost 10' }] });
  t.same(from(others, {}, true).commands, ['interface dpdk1.kni', 'ip ospf cost 10', 'exit']);
  const gone = configDifference({ running: others, wanted: '! nothing\n', previous: ospfd(), overwrite: true });
  t.notMatch(gone.commands.join('\n'), /no router|no interface|no route-map|timers|range|9\.9\.9\.9|priority|999/);
  t.ok(gone.commands.includes('no ip ospf bfd'));
  // Nothing is known to be ours: nothing is taken away, and nothing is set over what is there.
  const stranger = configDifference({ running: others, wanted: ospfd(link({ bfd: false, cost: 7 })), previous: null });
  t.same(stranger, { ...nothing, kept: [{ running: 'ip ospf cost 999', wanted: 'ip ospf cost 7' }] });
});

t.test('an empty daemon gets everything, the prefix-list before the redistribution', async (t) => {
  const { commands, kept } = configDifference({ running: '', wanted: ospfd(), previous: null });
  t.same(kept, []);
  const at = (line: string): number => commands.findIndex((each) => each.startsWith(line));
  t.ok(at('ip prefix-list DPVS-VIPS seq 1 deny') >= 0);
  t.ok(at('ip prefix-list DPVS-VIPS seq 1 deny') < at('route-map DPVS-ANNOUNCE'));
  t.ok(at('route-map DPVS-ANNOUNCE') < at('redistribute connected'));
  // A model of vtysh: what was told, printed as a configuration, is what is wanted.
  const told: string[] = [];
  let depth = 0;
  for (const line of commands) {
    if (line === 'exit') depth--;
    else told.push(`${' '.repeat(depth)}${line}`);
    if (/^(interface|router|route-map) /.test(line)) depth++;
  }
  t.same(configDifference({ running: told.join('\n'), wanted: ospfd(), previous: null }), nothing);
});
