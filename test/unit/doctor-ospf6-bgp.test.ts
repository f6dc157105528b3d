// What doctor reads of OSPFv3 and BGP: packets, the daemons' words, the kernel's counters, and who speaks for a family.
import fc from 'fast-check';
import t from 'tap';
import { parseBgpSessions } from '../../routing/doctor/bgp-state.js';
import { parseTcpDrops } from '../../routing/doctor/kernel-files.js';
import { parseOspf6 } from '../../routing/doctor/ospf6-packet.js';
import { parseOspf6Interface } from '../../routing/doctor/ospf6-state.js';
import { ospfPackets } from '../../routing/doctor/pcap.js';
import { speakersOf } from '../../routing/doctor/speakers.js';
import { wayTo } from '../../routing/doctor/way.js';
import * as f from './doctor-facts.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

// Version 3, type 1, length 40, router 10.0.0.1, area 0.0.0.7, no checksum, instance 3; then interface 2, priority 1, options AT, R, E and V6,
// hello 10, dead 40, DR 10.0.0.1, no Backup, one neighbour 172.31.7.2.
const hello = hex(`03 01 0028 0a000001 00000007 0000 03 00
  00000002 01 000413 000a 0028 0a000001 00000000 ac1f0702`);

t.test('hello', async (t) => {
  t.strictSame(parseOspf6(hello), {
    type: 'hello',
    routerId: '10.0.0.1',
    area: '0.0.0.7',
    instance: 3,
    hello: {
      external: true,
      nssa: false,
      authenticated: true,
      helloInterval: 10,
      deadInterval: 40,
      designated: '10.0.0.1',
      backup: '0.0.0.0',
      neighbours: ['172.31.7.2'],
    },
    description: null,
  });
  for (const length of [0, 1, 15, 39]) t.equal(parseOspf6(hello.subarray(0, length)), null, `${length} bytes of it`);
  t.equal(parseOspf6(hex('02 01 0010 0a000001 00000000 0000 00 00')), null, 'of version 2');
});

t.test('database description: the MTU', async (t) => {
  const packet = parseOspf6(hex('03 02 001c 0a000001 00000000 0000 00 00 00 000013 0578 00 07 00000001'));
  t.same(packet?.description, { mtu: 1400 });
  t.equal(packet?.hello, null);
});

t.test('pcap', async (t) => {
  const ip = (next: string) =>
    Buffer.concat([
      hex(`6c000000 0028 ${next} 01 fe80000000000000 0000000000000001 ff02000000000000 0000000000000005`),
      hello,
    ]);
  const file = (body: Buffer) => {
    const frame = Buffer.concat([hex('333300000005 020000000001 86dd'), body]);
    const length = Buffer.alloc(8);
    length.writeUInt32BE(frame.length, 0);
    length.writeUInt32BE(frame.length, 4);
    return Buffer.concat([
      hex('a1b2c3d4 0002 0004 00000000 00000000 0000ffff 00000001 0000000000000000'),
      length,
      frame,
    ]);
  };
  const [packet, ...more] = ospfPackets(file(ip('59')));
  t.same(more, []);
  t.match(packet, { version: 6, source: 'fe80::1', destination: 'ff02::5' });
  t.ok(packet.payload.equals(hello));
  t.same(ospfPackets(file(ip('3a'))), [], 'ICMPv6');
  t.same(ospfPackets(file(ip('59').subarray(0, -1))), [], 'cut off');
});

t.test('no bytes make it throw', async (t) => {
  let seen = 0;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 90 }), fc.nat(5), (bytes, type) => {
      const packet = Buffer.from(bytes);
      if (packet.length > 4) packet.set([3, type, 0, packet.length]);
      parseOspf6(packet);
      seen += 1;
    }),
    { seed: 5340, numRuns: 500 },
  );
  t.equal(seen, 500);
});

t.test("ospf6d's words on an interface", async (t) => {
  const entry = {
    ...{ status: 'up', type: 'BROADCAST', operatingAsType: 'POINTOPOINT', attachedToArea: true, instanceId: 3 },
    ...{ interfaceMtu: 1400, areaId: '0.0.0.1', ospf6InterfaceState: 'PointToPoint' },
    ...{ timerIntervalsConfigHello: 1, timerIntervalsConfigDead: 4, authInfo: { authType: 'MANUAL KEY' } },
  };
  const sources = {
    interfaces: { 'dpdk1.kni': entry, lo: { status: 'up', type: 'LOOPBACK' } },
    instance: { areas: { '0.0.0.1': { areaIsStub: true, areaIsNSSA: false } } },
    running: 'interface dpdk1.kni\n ipv6 ospf6 passive\nexit\n!\nrouter ospf6\nexit\n',
  };
  t.same(parseOspf6Interface(sources, 'dpdk1.kni'), {
    ...{ area: '0.0.0.1', areaKind: 'stub', instance: 3, pointToPoint: true, state: 'PointToPoint', mtu: 1400 },
    ...{ hello: 1, dead: 4, passive: true, mtuIgnore: false, authenticated: true },
  });
  t.equal(parseOspf6Interface(sources, 'lo'), null);
  t.equal(parseOspf6Interface({ ...sources, interfaces: null }, 'dpdk1.kni'), null);
});

t.test('sessions, as FRR 8.4.4 shows them', async (t) => {
  const json = {
    '172.31.7.1': {
      ...{ remoteAs: 65000, localAs: 65001, nbrExternalLink: true, bgpState: 'Idle', authenticationEnabled: 1 },
      ...{ lastResetTimerMsecs: 8000, lastErrorCodeSubcode: '0202', externalBgpNbrMaxHopsAway: 2, adminShutDown: true },
      ...{ lastNotificationReason: 'OPEN Message Error/Bad Peer AS', lastResetDueTo: 'BGP Notification received' },
      addressFamilyInfo: { ipv4Unicast: {}, ipv6Unicast: { outboundEbgpRequiresPolicy: 'discarded' } },
    },
  };
  t.same(parseBgpSessions(json, []), [
    {
      ...{ key: '172.31.7.1', state: 'Idle', established: false, localAs: 65001, remoteAs: 65000, external: true },
      ...{
        maxHops: 2,
        shutdown: true,
        password: true,
        families: ['inet', 'inet6'],
        declined: [],
        withoutPolicy: ['inet6'],
      },
      lastReset: {
        ...{ dueTo: 'BGP Notification received', code: '0202', by: 'peer' },
        reason: 'OPEN Message Error/Bad Peer AS',
      },
    },
  ]);
  for (const odd of [null, {}, { warning: 'none' }, { a: {} }]) t.same(parseBgpSessions(odd, []), []);

  const withExtensions = (bgpState: string, multiprotocolExtensions: unknown) => ({
    '172.31.7.1': {
      ...{ bgpState, neighborCapabilities: { multiprotocolExtensions } },
      addressFamilyInfo: { ipv4Unicast: {}, ipv6Unicast: {} },
    },
  });
  const both = { advertisedAndReceived: true };
  for (const [what, state, extensions, declined] of [
    ['both named', 'Established', { ipv4Unicast: both, ipv6Unicast: both }, []],
    ['one named', 'Established', { ipv4Unicast: both, ipv6Unicast: { advertised: true } }, ['inet6']],
    ['no session', 'Idle', { ipv4Unicast: both, ipv6Unicast: { advertised: true } }, []],
    ['no capability', 'Established', { ipv4Unicast: { advertised: true }, ipv6Unicast: { advertised: true } }, []],
    ['no word', 'Established', undefined, []],
  ] as const)
    t.same(parseBgpSessions(withExtensions(state, extensions), [])[0].declined, declined, what);
});

t.test('/proc/net/netstat', async (t) => {
  const text = [
    'TcpExt: SyncookiesSent TCPMD5NotFound TCPMD5Unexpected TCPMD5Failure TCPMinTTLDrop',
    'TcpExt: 9 1 2 3 4',
    'IpExt: InNoRoutes',
    'IpExt: 7',
  ].join('\n');
  t.same(parseTcpDrops(text), { md5Missing: 1, md5Unexpected: 2, md5Wrong: 3, ttl: 4 });
  t.same(parseTcpDrops(''), { md5Missing: 0, md5Unexpected: 0, md5Wrong: 0, ttl: 0 });
  t.same(parseTcpDrops('TcpExt: SyncookiesSent\nTcpExt: 9\n').ttl, 0, 'a kernel without it');
});

t.test('who speaks for a family', async (t) => {
  const ospf = { config: f.ospf.config };
  const bare = { config: { ...f.ospf.config, routerOspf: false } };
  const none = { ospf: null, ospf6: null, bgp: null };
  const wanted = (vip: string) => [f.wish(vip)];
  const said = [
    { protocol: 'bgp' as const, family: 'inet' as const },
    { protocol: 'ospf6' as const, family: 'inet6' as const },
  ];
  for (const [what, bridge, daemons, speakers] of [
    ['the bridge says it', { routing: said, wanted: [] }, { ...none, ospf }, { inet: 'bgp', inet6: 'ospf6' }],
    ['nothing runs', { routing: null, wanted: [] }, none, { inet: 'ospf', inet6: null }],
    ['ospfd', { routing: null, wanted: [] }, { ...none, ospf }, { inet: 'ospf', inet6: null }],
    [
      'ospfd beside bgpd',
      { routing: null, wanted: [] },
      { ...none, ospf, bgp: { asn: '1' } },
      { inet: 'ospf', inet6: null },
    ],
    ['bgpd', { routing: null, wanted: [] }, { ...none, ospf: bare, bgp: { asn: '1' } }, { inet: 'bgp', inet6: 'bgp' }],
    ['a bare bgpd', { routing: null, wanted: [] }, { ...none, bgp: { asn: null } }, { inet: 'bgp', inet6: 'bgp' }],
    [
      'two bare ones',
      { routing: null, wanted: [] },
      { ...none, ospf: bare, bgp: { asn: null } },
      { inet: 'ospf', inet6: null },
    ],
    ['an IPv6 VIP', { routing: null, wanted: wanted(f.vip6) }, { ...none, ospf }, { inet: 'ospf', inet6: 'ospf6' }],
    ['nothing but IPv6 VIPs', { routing: null, wanted: wanted(f.vip6) }, none, { inet: null, inet6: 'ospf6' }],
    [
      'ospf6d, ospfd dead, an IPv4 VIP',
      { routing: null, wanted: wanted(f.vip) },
      { ...none, ospf6: { configured: true } },
      { inet: 'ospf', inet6: 'ospf6' },
    ],
  ] as const)
    t.same(speakersOf(bridge, daemons), speakers, what);
});

t.test('the way to an address', async (t) => {
  const route = (destination: string, type: 'unicast' | 'blackhole' = 'unicast') => ({
    ...f.defaultRoute(),
    destination,
    type,
  });
  const addresses = [f.address('172.31.7.2', 30), f.address('2001:db8:7::2', 64)];
  for (const [address, routes, way] of [
    ['172.31.7.1', [], 'link'],
    ['2001:db8:7::1', [], 'link'],
    ['dpdk1.kni', [], 'link'],
    ['10.9.9.9', [], 'none'],
    ['10.9.9.9', [route('0.0.0.0/0')], 'default'],
    ['10.9.9.9', [route('0.0.0.0/0'), route('10.0.0.0/8')], 'route'],
    ['10.9.9.9', [route('10.9.9.9/32', 'blackhole')], 'none'],
    ['2001:db8:8::1', [route('0.0.0.0/0')], 'none'],
  ] as const)
    t.equal(wayTo({ addresses, routes: [...routes] }, address), way, `${address} with ${routes.length} routes`);
});
