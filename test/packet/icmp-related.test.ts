// ICMP errors about a FullNATed connection: translated back inside and outside, so that path MTU discovery and unreachables work.
import { type Dissection, packet, u16 } from '../support/packet/index.js';
import { only, tell } from '../support/scene.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { client, gateway, lip, packetTest, servers, udpPort, vip, vport } from '../support/two-arm.js';
import { UdpFlow } from '../support/udp-flow.js';

const lanRouter = { address: '192.168.100.254', mac: '02:00:c0:a8:64:fe' };

packetTest('from the server about what the client sent (UDP port unreachable)', async (t, scene) => {
  const flow = new UdpFlow(scene);
  const arrived = await flow.fromClient();
  const error = packet()
    .eth({ src: servers[0].mac, dst: scene.mac('dpdk0') })
    .ip4({ src: servers[0].address, dst: lip, tos: 0xc0 })
    .icmp({ type: 3, code: 3 })
    .payload(arrived.bytes.slice(14, 14 + 28 + 5));
  const d = only(await scene.exchange('dpdk0', error.build()), 'dpdk1');
  t.match(d.eth, { src: scene.mac('dpdk1'), dst: client.mac });
  t.match(d.ip4, { src: vip, dst: client.address, tos: 0xc0 });
  t.match(d.icmp, { type: 3, code: 3 });
  const original = flow.clientFrame().build().subarray(14);
  t.same(
    [...(d.quoted?.bytes.subarray(0, 20) ?? [])],
    [...original.subarray(0, 20)],
    "the quoted header is the client's own",
  );
  t.match(d.quoted?.udp, { sport: flow.sport, dport: udpPort, checksum: u16(original, 26) });
});

packetTest('from a router on the LAN about a TCP segment (fragmentation needed)', async (t, scene) => {
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  const sequence = flow.clientNext;
  const arrived = await flow.fromClient({ flags: 'PA', data: 1000 });
  for (const quoted of [28, 40, 548]) {
    const error = packet()
      .eth({ src: lanRouter.mac, dst: scene.mac('dpdk0') })
      .ip4({ src: lanRouter.address, dst: lip })
      .icmp({ type: 3, code: 4, mtu: 1300 })
      .payload(arrived.bytes.slice(14, 14 + quoted));
    const d = only(await scene.exchange('dpdk0', error.build()), 'dpdk1');
    t.equal(d.ip4?.dst, client.address, `${quoted} bytes quoted`);
    t.match(d.icmp, { type: 3, code: 4, seq: 1300 });
    t.match(d.quoted?.ip4, { src: client.address, dst: vip });
    const [sport, dport, seqHigh, seqLow] = words(d);
    t.same([sport, dport], [flow.sport, vport]);
    t.equal(((seqHigh << 16) | seqLow) >>> 0, sequence, 'the client knows the number, or it would ignore the error');
    t.equal(d.quoted?.bytes.length, quoted);
  }
});

packetTest('from the WAN about what the server sent (fragmentation needed, time exceeded)', async (t, scene) => {
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  const sequence = flow.serverNext;
  const arrived = await flow.fromServer({ flags: 'PA', data: 1000 });
  for (const [type, code, mtu] of [
    [3, 4, 1280],
    [11, 0, 0],
  ]) {
    const error = packet()
      .eth({ src: gateway.mac, dst: scene.mac('dpdk1') })
      .ip4({ src: gateway.address, dst: vip })
      .icmp({ type, code, mtu })
      .payload(arrived.bytes.slice(14, 14 + 28));
    const d = only(await scene.exchange('dpdk1', error.build()), 'dpdk0');
    t.match(d.eth, { src: scene.mac('dpdk0'), dst: servers[0].mac });
    t.match(d.ip4, { src: lip, dst: servers[0].address });
    t.match(d.icmp, { type, code, seq: mtu });
    t.match(d.quoted?.ip4, { src: servers[0].address, dst: lip });
    const [sport, dport, seqHigh, seqLow] = words(d);
    t.same([sport, dport], [vport, flow.lport]);
    t.equal(((seqHigh << 16) | seqLow) >>> 0, sequence);
  }
});

packetTest('about nothing we know', async (t, scene) => {
  const quote = packet().ip4({ src: vip, dst: client.address }).tcp({ sport: vport, dport: 4, seq: 1 }).build();
  const error = packet()
    .eth({ src: gateway.mac, dst: scene.mac('dpdk1') })
    .ip4({ src: gateway.address, dst: vip })
    .icmp({ type: 3, code: 1 })
    .payload(quote.slice(0, 28));
  const exchange = await scene.exchange('dpdk1', error.build());
  t.equal(exchange.out.dpdk0.length + exchange.out.dpdk1.length, 0, tell(exchange));
  t.equal(exchange.out['dpdk1.kni'].length + exchange.drops, 1, "the kernel's, or a counted drop");
});

packetTest('cut short or lying inside', async (t, scene) => {
  const flow = await new TcpFlow(scene).establish();
  const good = packet().ip4({ src: vip, dst: client.address }).tcp({ sport: vport, dport: flow.sport, seq: 1 }).build();
  const inners: [string, Uint8Array][] = [
    ['nothing quoted', good.slice(0, 0)],
    ['19 bytes', good.slice(0, 19)],
    ['a header and 3 bytes', good.slice(0, 23)],
    ['ihl 15', Uint8Array.from(good.slice(0, 28)).fill(0x4f, 0, 1)],
    ['version 6', Uint8Array.from(good.slice(0, 28)).fill(0x65, 0, 1)],
    ['a later fragment', Uint8Array.from(good.slice(0, 28)).fill(0x01, 6, 7)],
  ];
  for (const [what, inner] of inners) {
    const error = packet()
      .eth({ src: gateway.mac, dst: scene.mac('dpdk1') })
      .ip4({ src: gateway.address, dst: vip })
      .icmp({ type: 3, code: 1 })
      .payload(inner);
    const exchange = await scene.exchange('dpdk1', error.build());
    t.equal(exchange.out.dpdk0.length + exchange.out.dpdk1.length, 0, `${what}\n${tell(exchange)}`);
    t.equal(exchange.out['dpdk1.kni'].length + exchange.drops, 1, what);
  }
  t.equal(await flow.state(), 'TCP_EST', 'the connection did not suffer');
});

/** The first eight bytes behind the quoted IP header, as words. */
function words({ quoted }: Dissection): number[] {
  const l4 = quoted?.bytes.subarray(20, 28) ?? new Uint8Array(8);
  return [0, 2, 4, 6].map((at) => u16(l4, at));
}
