// A malformed packet of any kind is a counted drop: one table, each row one fault in a frame that is otherwise service traffic.
import { type Ip4Spec, packet, type TcpSpec, type UdpSpec } from '../support/packet/index.js';
import type { Scene } from '../support/scene.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { client, packetTest, udpPort, vip, vport } from '../support/two-arm.js';
import type { Drop } from './reasons.js';
import { type Case, drop, runCases } from './verdict.js';

type Row = readonly [name: string, frame: Uint8Array, ...reasons: Drop[]];

function builders(scene: Scene) {
  const eth = packet().eth({ src: client.mac, dst: scene.mac('dpdk1') });
  const ip = (spec: Partial<Ip4Spec> = {}) => eth.ip4({ src: client.address, dst: vip, ...spec });
  const ports = { sport: 37177, dport: vport };
  return {
    eth,
    ip,
    tcp: (spec: Partial<TcpSpec> = {}, on: Partial<Ip4Spec> = {}) => ip(on).tcp({ ...ports, flags: 'S', ...spec }),
    udp: (spec: Partial<UdpSpec> = {}, on: Partial<Ip4Spec> = {}) =>
      ip(on)
        .udp({ sport: 40_000, dport: udpPort, ...spec })
        .payload('query'),
  };
}

const cases = (rows: readonly Row[]): Case[] =>
  rows.map(([name, frame, ...reasons]) => ({ name, on: 'dpdk1', frame, verdict: reasons.map(drop) }));

packetTest('Ethernet and IPv4 headers cut short', async (t, scene) => {
  const { tcp } = builders(scene);
  const whole = tcp();
  await runCases(
    t,
    scene,
    cases([
      ['one byte', whole.truncate(1).build(), 'ethTruncated'],
      ['13 bytes', whole.truncate(13).build(), 'ethTruncated'],
      ['an Ethernet header and nothing', whole.truncate(14).build(), 'ip4Truncated'],
      ['one byte of IP', whole.truncate(15).build(), 'ip4Truncated'],
      ['19 bytes of IP', whole.truncate(33).build(), 'ip4Truncated'],
    ]),
  );
});

packetTest('IPv4 headers that lie', async (t, scene) => {
  const { tcp, udp } = builders(scene);
  await runCases(
    t,
    scene,
    cases([
      ['version 0', tcp({}, { version: 0 }).build(), 'ip4Version'],
      ['version 6', tcp({}, { version: 6 }).build(), 'ip4Version'],
      ['version 15', tcp({}, { version: 15 }).build(), 'ip4Version'],
      ['header length 0', tcp({}, { ihl: 0 }).build(), 'ip4HeaderLength'],
      ['header length 4 words', tcp({}, { ihl: 4 }).build(), 'ip4HeaderLength'],
      ['header length beyond the frame', udp({}, { ihl: 15 }).build(), 'ip4HeaderLength', 'ip4Truncated'],
      [
        'header length beyond the total length',
        tcp({}, { ihl: 15 }).pad(200).build(),
        'ip4HeaderLength',
        'ip4TotalLength',
      ],
      ['total length 0', tcp({}, { totalLength: 0 }).build(), 'ip4TotalLength'],
      ['total length below the header', tcp({}, { totalLength: 19 }).build(), 'ip4TotalLength'],
      ['total length one beyond the frame', tcp({}, { totalLength: 41 }).build(), 'ip4TotalLength', 'ip4Truncated'],
      ['total length 65535', tcp({}, { totalLength: 65535 }).build(), 'ip4TotalLength', 'ip4Truncated'],
      ['checksum', tcp({}, { checksum: 'bad' }).build(), 'ip4Checksum'],
      ['checksum 0', tcp({}, { checksum: 0, id: 77 }).build(), 'ip4Checksum'],
      ['TTL 0', tcp({}, { ttl: 0 }).build(), 'ip4Ttl'],
    ]),
  );
});

packetTest('addresses nobody sends from', async (t, scene) => {
  const { tcp, udp } = builders(scene);
  await runCases(
    t,
    scene,
    cases([
      ['source multicast', tcp({}, { src: '224.0.0.1' }).build(), 'ip4Source'],
      ['source multicast, the highest', udp({}, { src: '239.255.255.255' }).build(), 'ip4Source'],
      ['source broadcast', tcp({}, { src: '255.255.255.255' }).build(), 'ip4Source'],
      ['source class E', tcp({}, { src: '240.0.0.1' }).build(), 'ip4Source'],
      ['source loopback', tcp({}, { src: '127.0.0.1' }).build(), 'ip4Source'],
      ['source loopback, the last', udp({}, { src: '127.255.255.254' }).build(), 'ip4Source'],
      ['source 0.0.0.0', tcp({}, { src: '0.0.0.0' }).build(), 'ip4Source'],
      ['land: source is the VIP', tcp({ sport: vport }, { src: vip }).build(), 'ip4Source'],
      ['land with UDP', udp({ sport: udpPort }, { src: vip }).build(), 'ip4Source'],
    ]),
  );
});

packetTest('TCP headers', async (t, scene) => {
  const { tcp, ip } = builders(scene);
  const whole = tcp().build();
  const cut = (length: number): Uint8Array =>
    ip({ protocol: 6 })
      .payload(whole.slice(34, 34 + length))
      .pad()
      .build();
  await runCases(
    t,
    scene,
    cases([
      ...[0, 1, 4, 13, 19].map((n): Row => [`${n} bytes of TCP`, cut(n), 'tcpTruncated']),
      ['data offset 0', tcp({ dataOffset: 0 }).build(), 'tcpOffset'],
      ['data offset 4', tcp({ dataOffset: 4 }).build(), 'tcpOffset'],
      ['data offset one word beyond', tcp({ dataOffset: 6 }).build(), 'tcpOffset'],
      ['data offset 15', tcp({ dataOffset: 15 }).build(), 'tcpOffset'],
      ['data offset into the padding', tcp({ dataOffset: 6 }).pad().build(), 'tcpOffset'],
    ]),
  );
});

packetTest('UDP headers', async (t, scene) => {
  const { udp, ip } = builders(scene);
  const whole = udp().build();
  await runCases(
    t,
    scene,
    cases([
      ...[0, 1, 4, 7].map((n): Row => {
        const frame = ip({ protocol: 17 })
          .payload(whole.slice(34, 34 + n))
          .pad()
          .build();
        return [`${n} bytes of UDP`, frame, 'udpTruncated'];
      }),
      ['length 0', udp({ length: 0 }).build(), 'udpLength'],
      ['length 7', udp({ length: 7 }).build(), 'udpLength'],
      ['length one beyond', udp({ length: 14 }).build(), 'udpLength'],
      ['length into the padding', udp({ length: 14 }).pad().build(), 'udpLength'],
      ['length 65535', udp({ length: 65535 }).build(), 'udpLength'],
    ]),
  );
});

packetTest('ICMP and ARP', async (t, scene) => {
  const { ip, eth } = builders(scene);
  const arp = { op: 'request', senderMac: client.mac, senderIp: client.address, targetIp: vip } as const;
  await runCases(
    t,
    scene,
    cases([
      ['7 bytes of ICMP', ip({ protocol: 1 }).payload(7).pad().build(), 'icmpTruncated'],
      ['an echo request with a wrong checksum', ip().icmp({ type: 8, checksum: 'bad' }).build(), 'icmpChecksum'],
      [
        'ARP of 27 bytes',
        eth
          .arp(arp)
          .truncate(14 + 27)
          .build(),
        'arpMalformed',
      ],
      ['ARP for another hardware', eth.arp({ ...arp, hardwareType: 6 }).build(), 'arpMalformed'],
      ['ARP for another protocol', eth.arp({ ...arp, protocolType: 0x86dd }).build(), 'arpMalformed'],
      ['ARP with hardware length 8', eth.arp({ ...arp, hardwareLength: 8 }).build(), 'arpMalformed'],
      ['ARP with protocol length 16', eth.arp({ ...arp, protocolLength: 16 }).build(), 'arpMalformed'],
      ['ARP operation 0', eth.arp({ ...arp, op: 0 }).build(), 'arpMalformed'],
      [
        'ARP from a multicast hardware address',
        eth.arp({ ...arp, senderMac: '01:00:5e:00:00:01' }).build(),
        'arpMalformed',
      ],
    ]),
  );
});

packetTest('the same faults on an established connection do not reach the server', async (t, scene) => {
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  const bad = (segment: Parameters<TcpFlow['clientFrame']>[0]) => flow.clientFrame({ data: 'x', ...segment }).build();
  await runCases(
    t,
    scene,
    cases([
      ['IP checksum', bad({ ip: { checksum: 'bad' } }), 'ip4Checksum'],
      ['TTL 0', bad({ ip: { ttl: 0 } }), 'ip4Ttl'],
      ['total length beyond', bad({ ip: { totalLength: 99 } }), 'ip4TotalLength', 'ip4Truncated'],
      ['total length cuts the TCP header', bad({ ip: { totalLength: 39 } }), 'tcpTruncated'],
      ['header length', bad({ ip: { ihl: 4 } }), 'ip4HeaderLength'],
      ['data offset 4', bad({ dataOffset: 4 }), 'tcpOffset'],
      ['data offset beyond', bad({ dataOffset: 6 }), 'tcpOffset'],
      ['a fragment', bad({ ip: { mf: true, df: false } }), 'ip4Fragment'],
    ]),
  );
  t.equal((await flow.fromClient({ data: 'whole' })).payload.length, 5, 'the connection did not suffer');
});
