// ICMPv6: echo for the dataplane's addresses, errors made here, and errors about connections translated back in both directions.
import {
  type Dissection,
  dissect,
  Icmp6Type,
  NextHeader,
  type PacketBuilder,
  packet,
} from '../support/packet/index.js';
import { only, tell } from '../support/scene.js';
import { vport } from '../support/two-arm.js';
import { client6, lip6, packetTest6, router6, servers6, tcpFlow6, udpFlow6, vip6 } from '../support/two-arm6.js';
import { answer, drop, punt, runCases } from './verdict.js';

const wanRouter = { address: '2001:db8:fffe::1', mac: router6.mac };
const lanRouter = { address: '2001:db8:b::fe', mac: '02:00:c0:a8:64:fe' };

packetTest6('echo requests to the VIP and to a LIP are answered', async (t, scene) => {
  const wan = packet().eth({ src: client6.mac, dst: scene.mac('dpdk1') });
  const echo = { type: Icmp6Type.echoRequest, id: 7, seq: 9 };
  const request = wan.ip6({ src: client6.address, dst: vip6, hopLimit: 3, trafficClass: 0x20 }).icmp6(echo);
  for (const length of [0, 1, 56, 57, 1440]) {
    const reply = only(await scene.exchange('dpdk1', request.payload(length).build()), 'dpdk1');
    t.match(reply.eth, { src: scene.mac('dpdk1'), dst: client6.mac });
    t.match(reply.ip6, { src: vip6, dst: client6.address, hopLimit: 64 });
    t.match(reply.icmp6, { type: Icmp6Type.echoReply, code: 0, id: 7, seq: 9 });
    t.same(reply.payload, dissect(request.payload(length).build()).payload, `${length} bytes`);
  }
  const extensions = [{ header: NextHeader.hopByHop, rest: [0, 1, 4, 0, 0, 0, 0] }];
  const routed = wan.ip6({ src: client6.address, dst: vip6, extensions }).icmp6(echo).payload(8).build();
  const reply = only(await scene.exchange('dpdk1', routed), 'dpdk1');
  t.same(reply.ip6?.extensions, [], 'options are not echoed');
  t.equal(reply.payload.length, 8);
  const lan = packet().eth({ src: servers6[0].mac, dst: scene.mac('dpdk0') });
  const toLip = lan.ip6({ src: servers6[0].address, dst: lip6 }).icmp6(echo).build();
  t.equal(only(await scene.exchange('dpdk0', toLip), 'dpdk0').ip6?.src, lip6);
  await runCases(t, scene, [
    {
      name: 'a wrong checksum',
      on: 'dpdk1',
      frame: wan
        .ip6({ src: client6.address, dst: vip6 })
        .icmp6({ ...echo, checksum: 'bad' })
        .build(),
      verdict: drop('icmpChecksum'),
    },
    {
      name: 'seven bytes',
      on: 'dpdk1',
      frame: wan.ip6({ src: client6.address, dst: vip6, nextHeader: 58 }).payload(7).build(),
      verdict: drop('icmpTruncated'),
    },
    {
      name: 'to a kernel address',
      on: 'dpdk1',
      frame: wan.ip6({ src: client6.address, dst: '2001:db8:c::2' }).icmp6(echo).build(),
      verdict: punt('dpdk1.kni', 'ip6'),
    },
    {
      name: 'a reply to the VIP is for the kernel',
      on: 'dpdk1',
      frame: wan
        .ip6({ src: client6.address, dst: vip6 })
        .icmp6({ ...echo, type: Icmp6Type.echoReply })
        .build(),
      verdict: punt('dpdk1.kni', 'local'),
    },
  ]);
});

packetTest6('a packet too big for the way out is answered, and quotes what fits 1280 bytes', async (t, scene) => {
  await scene.harness.configure('route.add', { destination: '2001:db8:b::2/128', device: 'dpdk0', mtu: 1400 });
  const flow = await (await tcpFlow6(scene).establish()).serverSpeaks();
  const segment = flow.clientFrame({ flags: 'PA', data: 1400 }).build();
  const exchange = await scene.exchange('dpdk1', segment);
  const error = only(exchange, 'dpdk1');
  t.equal(exchange.rises.get('drop.mtu_exceeded'), 1);
  t.match(error.ip6, { src: vip6, dst: client6.address, hopLimit: 64, payloadLength: 1240 });
  t.match(error.icmp6, { type: Icmp6Type.tooBig, code: 0, seq: 1400 });
  t.same(error.payload, segment.subarray(14, 14 + 1232), 'the segment as it came');
  const small = await scene.exchange('dpdk1', flow.clientFrame({ flags: 'PA', data: 1340 }).build());
  t.equal(only(small, 'dpdk0').payload.length, 1340, 'of just the size it passes');
});

packetTest6('from the server about what the client sent (port unreachable)', async (t, scene) => {
  const flow = udpFlow6(scene);
  const arrived = await flow.fromClient();
  const error = packet()
    .eth({ src: servers6[0].mac, dst: scene.mac('dpdk0') })
    .ip6({ src: servers6[0].address, dst: lip6, trafficClass: 0xc0 })
    .icmp6({ type: Icmp6Type.unreachable, code: 4 })
    .payload(arrived.bytes.slice(14));
  const d = only(await scene.exchange('dpdk0', error.build()), 'dpdk1');
  t.match(d.eth, { src: scene.mac('dpdk1'), dst: client6.mac });
  t.match(d.ip6, { src: vip6, dst: client6.address, trafficClass: 0xc0 });
  t.match(d.icmp6, { type: Icmp6Type.unreachable, code: 4 });
  t.same(
    d.quoted?.bytes,
    flow.clientFrame().build().subarray(14),
    "the quoted packet is the client's own, to the byte",
  );
});

/** An error by `from` about what came out, with so many bytes of it. */
const about = (
  scene: { mac(port: 'dpdk0' | 'dpdk1'): string },
  port: 'dpdk0' | 'dpdk1',
  from: { address: string; mac: string },
  arrived: Dissection,
  quoted: number,
  icmp: { type: number; code?: number; mtu?: number; checksum?: 'bad' },
): PacketBuilder =>
  packet()
    .eth({ src: from.mac, dst: scene.mac(port) })
    .ip6({ src: from.address, dst: arrived.ip6?.src ?? '' })
    .icmp6(icmp)
    .payload(arrived.bytes.slice(14, 14 + quoted));

packetTest6('from a router on the LAN about a segment (packet too big)', async (t, scene) => {
  const flow = await (await tcpFlow6(scene).establish()).serverSpeaks();
  const sequence = flow.clientNext;
  const arrived = await flow.fromClient({ flags: 'PA', data: 1000 });
  for (const quoted of [48, 60, 1060]) {
    const error = about(scene, 'dpdk0', lanRouter, arrived, quoted, { type: Icmp6Type.tooBig, mtu: 1300 });
    const d = only(await scene.exchange('dpdk0', error.build()), 'dpdk1');
    t.equal(d.ip6?.dst, client6.address, `${quoted} bytes quoted`);
    t.match(d.icmp6, { type: Icmp6Type.tooBig, seq: 1300 });
    t.match(d.quoted?.ip6, { src: client6.address, dst: vip6 });
    const original = flow.clientFrame({ flags: 'PA', data: 1000, seq: sequence }).build().subarray(14);
    t.same(d.quoted?.bytes, original.subarray(0, quoted), 'ports, numbers and checksum are as the client sent them');
  }
});

packetTest6('from the WAN about what the server sent (packet too big, time exceeded)', async (t, scene) => {
  const flow = await (await tcpFlow6(scene).establish()).serverSpeaks();
  const sequence = flow.serverNext;
  const arrived = await flow.fromServer({ flags: 'PA', data: 1000 });
  for (const [type, code, mtu] of [
    [Icmp6Type.tooBig, 0, 1280],
    [Icmp6Type.timeExceeded, 0, 0],
    [Icmp6Type.unreachable, 3, 0],
    [Icmp6Type.parameter, 1, 40],
  ]) {
    const error = about(scene, 'dpdk1', wanRouter, arrived, 1060, { type, code, mtu });
    const d = only(await scene.exchange('dpdk1', error.build()), 'dpdk0');
    t.match(d.eth, { src: scene.mac('dpdk0'), dst: servers6[0].mac });
    t.match(d.ip6, { src: lip6, dst: servers6[0].address });
    t.match(d.icmp6, { type, code, seq: mtu });
    const original = flow.serverFrame({ flags: 'PA', data: 1000, seq: sequence }).build().subarray(14);
    t.same(d.quoted?.bytes.subarray(0, 40), original.subarray(0, 40));
    t.match(d.quoted?.tcp, { sport: vport, dport: flow.lport, seq: sequence });
  }
});

packetTest6('errors about nobody’s connection', async (t, scene) => {
  const flow = udpFlow6(scene);
  const arrived = await flow.fromClient();
  const cases: [string, PacketBuilder][] = [
    ['about another port', about(scene, 'dpdk0', lanRouter, { ...arrived, bytes: swapped(arrived) }, 48, { type: 1 })],
    ['that quotes 47 bytes', about(scene, 'dpdk0', lanRouter, arrived, 47, { type: 1 })],
    ['that quotes 39', about(scene, 'dpdk0', lanRouter, arrived, 39, { type: 1 })],
    ['that quotes nothing', about(scene, 'dpdk0', lanRouter, arrived, 0, { type: 1 })],
    ['of a type to come', about(scene, 'dpdk0', lanRouter, arrived, 48, { type: 5 })],
  ];
  await runCases(
    t,
    scene,
    cases.map(([name, frame]) => ({ name, on: 'dpdk0', frame: frame.build(), verdict: punt('dpdk0.kni', 'local') })),
  );
  const bad = about(scene, 'dpdk0', lanRouter, arrived, 48, { type: 1, checksum: 'bad' }).build();
  await runCases(t, scene, [{ name: 'a wrong checksum', on: 'dpdk0', frame: bad, verdict: drop('icmpChecksum') }]);
});

packetTest6('an echo to the VIP while nothing else is there for it', async (t, scene) => {
  const request = packet()
    .eth({ src: client6.mac, dst: scene.mac('dpdk1') })
    .ip6({ src: client6.address, dst: vip6 })
    .icmp6({ type: Icmp6Type.echoRequest });
  await scene.harness.configure('service.flush', {});
  const verdict = answer('dpdk1', (d) => (d.icmp6?.type === Icmp6Type.echoReply ? [] : ['no reply']));
  await runCases(t, scene, [{ name: 'the address is ours', on: 'dpdk1', frame: request.build(), verdict }]);
  await scene.harness.configure('addr.del', { address: vip6, device: 'dpdk1' });
  const after = await scene.exchange('dpdk1', request.build());
  t.equal(after.out['dpdk1.kni'].length, 1, tell(after));
});

/** The quoted ports exchanged. */
function swapped({ bytes }: Dissection): Uint8Array {
  const other = Uint8Array.from(bytes);
  other.set(bytes.subarray(56, 58), 54);
  other.set(bytes.subarray(54, 56), 56);
  return other;
}
