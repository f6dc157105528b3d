// What doctor reads: OSPF off a pcap, /proc/net/igmp, ospfd's words. The packets are built here byte by byte from RFC 2328 A.3.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { maskOf } from '../../routing/doctor/checks/netmask.js';
import { parseInterfaceConfig } from '../../routing/doctor/interface-config.js';
import { parseIgmp } from '../../routing/doctor/kernel-files.js';
import { isSignedBy, parseOspf } from '../../routing/doctor/ospf-packet.js';
import { parseOspfInterface, parseRouterLsas, parseWithoutOpaque } from '../../routing/doctor/ospf-state.js';
import { ospfPackets } from '../../routing/doctor/pcap.js';
import { parseSeenNeighbours, parseSeenNeighbours6 } from '../../routing/doctor/seen-neighbour.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

// Version 2, type 1, length 48, router 10.0.0.1, area 0.0.0.7, no checksum, authentication none; then mask /30, hello 10, E bit,
// priority 1, dead 40, DR 172.31.7.1, no Backup, one neighbour 172.31.7.2.
const hello = hex(`02 01 0030 0a000001 00000007 0000 0000 0000000000000000
  fffffffc 000a 02 01 00000028 ac1f0701 00000000 ac1f0702`);

t.test('hello', async (t) => {
  t.strictSame(parseOspf(hello), {
    type: 'hello',
    routerId: '10.0.0.1',
    area: '0.0.0.7',
    authentication: { kind: 'none' },
    hello: {
      mask: '255.255.255.252',
      helloInterval: 10,
      deadInterval: 40,
      external: true,
      nssa: false,
      priority: 1,
      designated: '172.31.7.1',
      backup: '0.0.0.0',
      neighbours: ['172.31.7.2'],
    },
    description: null,
  });
  for (const length of [0, 1, 23, 47]) t.equal(parseOspf(hello.subarray(0, length)), null, `${length} bytes of it`);
});

t.test('database description: the MTU', async (t) => {
  const packet = parseOspf(hex('02 02 0020 0a000001 00000000 0000 0000 0000000000000000 2328 02 07 00000001'));
  t.same(packet?.description, { mtu: 9000 });
  t.equal(packet?.hello, null);
});

t.test('authentication', async (t) => {
  const plain = hex('02 01 0018 0a000001 00000000 0000 0001 7365637265740000');
  t.same(parseOspf(plain)?.authentication, { kind: 'plain', key: 'secret' });

  const signed = hex('02 01 0018 0a000001 00000000 0000 0002 0000 05 10 00000001');
  const key = Buffer.concat([Buffer.from('secret'), Buffer.alloc(10)]);
  const digest = createHash('md5')
    .update(Buffer.concat([signed, key]))
    .digest();
  const md5 = parseOspf(Buffer.concat([signed, digest]))?.authentication;
  if (md5?.kind !== 'md5') return t.fail('MD5 was not seen');
  t.equal(md5.keyId, 5);
  t.equal(isSignedBy(md5, 'secret'), true);
  t.equal(isSignedBy(md5, 'Secret'), false);
});

t.test('no bytes make it throw', async (t) => {
  let seen = 0;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(5), (bytes, type) => {
      const packet = Buffer.from(bytes);
      if (packet.length > 4) packet.set([2, type, 0, packet.length]);
      parseOspf(packet);
      ospfPackets(Buffer.concat([hex('d4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000000'), packet]));
      seen += 1;
    }),
    { seed: 2328, numRuns: 500 },
  );
  t.equal(seen, 500);
});

t.test('pcap', async (t) => {
  const ip = (payload: Buffer, flags = 0): Buffer => {
    const header = hex('45c00000 00000000 01590000 ac1f0701 e0000005');
    header.writeUInt16BE(20 + payload.length, 2);
    header.writeUInt16BE(flags, 6);
    return Buffer.concat([header, payload]);
  };
  // Padded to 60 bytes, as Ethernet does: the padding belongs to no packet.
  const frame = (body: Buffer, type = '0800'): Buffer =>
    Buffer.concat([hex(`01005e000005 020000000001 ${type}`), body, Buffer.alloc(7)]);
  const file = (little: boolean, ...frames: Buffer[]): Buffer => {
    const words = (...values: number[]): Buffer => {
      const bytes = Buffer.alloc(values.length * 4);
      for (const [i, value] of values.entries())
        if (little) bytes.writeUInt32LE(value, i * 4);
        else bytes.writeUInt32BE(value, i * 4);
      return bytes;
    };
    const head = words(0xa1b2c3d4, 0, 0, 0, 65535, 1);
    return Buffer.concat([head, ...frames.flatMap((each) => [words(0, 0, each.length, each.length), each])]);
  };
  for (const little of [true, false]) {
    const packets = ospfPackets(
      file(little, frame(ip(hello)), frame(ip(hello), '81000007 0800'), frame(ip(hello), '86dd')),
    );
    t.equal(packets.length, 2, 'untagged and tagged, IPv6 left out');
    for (const packet of packets) {
      t.match(packet, { source: '172.31.7.1', destination: '224.0.0.5' });
      t.ok(packet.payload.equals(hello), 'without the padding');
    }
  }
  t.same(ospfPackets(file(true, frame(ip(hello, 0x2000)))), [], 'a fragment');
  t.equal(ospfPackets(file(true, frame(ip(hello)), frame(ip(hello))).subarray(0, -1)).length, 1, 'a record cut off');
  t.same(ospfPackets(Buffer.from('no pcap, but long enough to be one')), []);
});

t.test('/proc/net/igmp', async (t) => {
  const text = [
    'Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter',
    '1\tlo        :     1      V3',
    '\t\t\t\t010000E0     1 0:00000000\t\t0',
    '2\tdpdk1.kni :     2      V3',
    '\t\t\t\t050000E0     1 0:00000000\t\t0',
    '\t\t\t\t010000E0     1 0:00000000\t\t0',
  ].join('\n');
  t.same(Object.fromEntries(parseIgmp(text, true)), { lo: ['224.0.0.1'], 'dpdk1.kni': ['224.0.0.5', '224.0.0.1'] });
});

t.test("ospfd's configuration of an interface", async (t) => {
  const text = [
    'interface dpdk1.kni',
    ' ip ospf authentication message-digest',
    ' ip ospf cost 10',
    ' ip ospf message-digest-key 1 md5 secret',
    ' ip ospf passive 123.1.2.3',
    'exit',
    '!',
    'interface dpdk0.kni',
    ' ip ospf passive',
    ' ip ospf mtu-ignore',
    'exit',
    'router ospf',
    ' area 0.0.0.7 authentication',
    'exit',
  ].join('\n');
  const first = parseInterfaceConfig(text, 'dpdk1.kni', '0.0.0.7');
  t.same(first, {
    authentication: { kind: 'md5', keys: new Map([[1, 'secret']]) },
    cost: 10,
    passive: false,
    mtuIgnore: false,
  });
  t.equal(first.authentication.kind === 'md5' && first.authentication.keys.get(1), 'secret');
  const second = parseInterfaceConfig(text, 'dpdk0.kni', '0.0.0.7');
  t.same(second, { authentication: { kind: 'plain', key: null }, cost: null, passive: true, mtuIgnore: true });
  t.equal(parseInterfaceConfig(text, 'dpdk0.kni', '0.0.0.0').authentication.kind, 'none', 'of another area');
});

t.test("ospfd's JSON", async (t) => {
  const entry = { ospfEnabled: true, area: '0.0.0.7 [Stub]', networkType: 'POINTOPOINT', timerMsecs: 1000, cost: 10 };
  const seen = parseOspfInterface(
    { interfaces: { 'dpdk1.kni': { ...entry, timerDeadSecs: 4, mtuBytes: 1500 } } },
    'dpdk1.kni',
  );
  t.match(seen, { area: '0.0.0.7', areaKind: 'stub', pointToPoint: true, hello: 1, dead: 4, mtu: 1500, cost: 10 });
  t.equal(parseOspfInterface({ interfaces: { 'dpdk1.kni': { ...entry, ospfEnabled: false } } }, 'dpdk1.kni'), null);
  t.equal(parseOspfInterface({}, 'dpdk1.kni'), null);
  const routerLinks = { link0: { linkType: 'Stub Network' }, link1: { linkType: 'a Transit Network' } };
  t.same(parseRouterLsas({ 'Router Link States': { '0.0.0.0': { '10.0.0.2': { length: 48, routerLinks } } } }), [
    { area: '0.0.0.0', length: 48, links: 2, stubs: 1 },
  ]);
});

t.test('masks', async (t) => {
  for (let length = 0; length <= 32; length += 1) {
    const bits = '1'.repeat(length).padEnd(32, '0');
    t.equal(maskOf(length), (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)).join('.'));
  }
});

t.test('neighbours and the time in their state, as FRR 8.4.4 shows them', async (t) => {
  const entry = { ifaceAddress: '172.31.7.1', ifaceName: 'dpdk1.kni', nbrState: 'ExStart/Backup' };
  const neighbours = (...entries: unknown[]) => ({ neighbors: { '10.0.0.1': entries } });
  const times = { lastPrgrsvChangeMsec: 9704, lastRegressiveChangeMsec: 2462 };
  t.same(parseSeenNeighbours(neighbours({ ...entry, ...times }, { ...entry, lastPrgrsvChangeMsec: 9704 }, entry)), [
    ...[2.462, 9.704, 0].map((age) => ({
      ...{ routerId: '10.0.0.1', address: '172.31.7.1', interface: 'dpdk1.kni', state: 'ExStart/Backup', full: false },
      ...{ unacknowledged: 0, age },
    })),
  ]);
  const entry6 = { interface: 'dpdk1.kni', linkLocalAddress: 'fe80::1', neighborState: 'ExChange' };
  for (const [neighborStateDuration, age] of [
    ['00:01:23', 83],
    ['2d03:00:01', 183_601],
    ['-', 0],
    [undefined, 0],
  ] as const)
    t.same(parseSeenNeighbours6({ '10.0.0.1%dpdk1.kni': { ...entry6, neighborStateDuration } }), [
      {
        ...{ routerId: '10.0.0.1', address: 'fe80::1', interface: 'dpdk1.kni', state: 'ExChange', full: false },
        ...{ unacknowledged: 0, age },
      },
    ]);
  for (const odd of [null, {}, { neighbors: 1 }, { a: [null, 3] }]) {
    t.same(parseSeenNeighbours(odd), []);
    t.same(parseSeenNeighbours6(odd), []);
  }
});

t.test('neighbours that take no opaque LSAs, as FRR 8.4.4 shows them', async (t) => {
  const neighbour = (optionsCounter: unknown, nbrState = 'Full/-') => ({
    neighbors: { '10.0.0.1': [{ nbrState, optionsCounter }] },
  });
  t.same(parseWithoutOpaque(neighbour(2)), ['10.0.0.1']);
  t.same(parseWithoutOpaque(neighbour(66)), []);
  t.same(parseWithoutOpaque(neighbour(2, 'ExStart/-')), [], 'its options are not known yet');
  for (const odd of [null, {}, { neighbors: 1 }, { neighbors: { a: [null, 3] } }, neighbour('2')])
    t.same(parseWithoutOpaque(odd), []);
});
