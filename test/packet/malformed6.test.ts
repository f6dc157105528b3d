// Malformed IPv6 of any kind is a counted drop, and what is only unwelcome at a service still reaches the kernel at its own addresses.
import {
  type Ip6Extension,
  type Ip6Spec,
  NextHeader,
  type PacketBuilder,
  packet,
  type TcpSpec,
  type UdpSpec,
} from '../support/packet/index.js';
import type { Scene } from '../support/scene.js';
import { udpPort, vport } from '../support/two-arm.js';
import { client6, packetTest6, tcpFlow6, vip6 } from '../support/two-arm6.js';
import type { Drop } from './reasons.js';
import { type Case, drop, punt, runCases } from './verdict.js';

const kernel = '2001:db8:c::2';
const OPTIONS = [0, 1, 4, 0, 0, 0, 0] as const;
const hopByHop: Ip6Extension = { header: NextHeader.hopByHop, rest: OPTIONS };
const destination: Ip6Extension = { header: NextHeader.destination, rest: OPTIONS };
const routing = (left: number): Ip6Extension => ({ header: NextHeader.routing, rest: [0, 4, left, 0, 0, 0, 0] });
const fragment = (offsetAndMore: number): Ip6Extension => ({
  header: NextHeader.fragment,
  rest: [0, offsetAndMore >>> 8, offsetAndMore & 255, 0, 0, 0, 7],
});

function builders(scene: Scene, dst = vip6) {
  const eth = packet().eth({ src: client6.mac, dst: scene.mac('dpdk1') });
  const ip = (spec: Partial<Ip6Spec> = {}) => eth.ip6({ src: client6.address, dst, ...spec });
  const syn = { sport: 37177, dport: vport, flags: 'S' };
  return {
    ip,
    tcp: (spec: Partial<TcpSpec> = {}, on: Partial<Ip6Spec> = {}) => ip(on).tcp({ ...syn, ...spec }),
    udp: (spec: Partial<UdpSpec> = {}, on: Partial<Ip6Spec> = {}) =>
      ip(on)
        .udp({ sport: 40_000, dport: udpPort, ...spec })
        .payload('query'),
  };
}

type Row = readonly [name: string, frame: PacketBuilder, reason: Drop];
const cases = (rows: readonly Row[]): Case[] =>
  rows.map(([name, frame, reason]) => ({ name, on: 'dpdk1', frame: frame.build(), verdict: drop(reason) }));

packetTest6('the IPv6 header', async (t, scene) => {
  const { tcp, udp } = builders(scene);
  const rows: Row[] = [
    ...[14, 15, 53].map((length): Row => [`${length} bytes`, tcp().truncate(length), 'ip6Truncated']),
    ...[0, 4, 5, 7, 15].map((version): Row => [`version ${version}`, tcp({}, { version }), 'ip6Version']),
    ['a payload of one byte more than there is', tcp({}, { payloadLength: 21 }), 'ip6PayloadLength'],
    ['a payload of 65535', tcp({}, { payloadLength: 65_535 }), 'ip6PayloadLength'],
    ['a payload cut short', udp().truncate(14 + 40 + 12), 'ip6PayloadLength'],
    ['from a group', tcp({}, { src: 'ff02::1' }), 'ip6Source'],
    ['from loopback', tcp({}, { src: '::1' }), 'ip6Source'],
    ['from the VIP itself', tcp({}, { src: vip6 }), 'ip6Source'],
    ['from nowhere', tcp({}, { src: '::' }), 'ip6Source'],
    ['hop limit 0', tcp({}, { hopLimit: 0 }), 'ip6HopLimit'],
    ['a TCP header of no byte', tcp({}, { payloadLength: 0 }), 'tcpTruncated'],
    ['a TCP header of 19', tcp({}, { payloadLength: 19 }), 'tcpTruncated'],
    ['a TCP offset of 4', tcp({ dataOffset: 4 }), 'tcpOffset'],
    ['a TCP offset beyond the segment', tcp({ dataOffset: 6 }), 'tcpOffset'],
    ['a UDP header of 7', udp({}, { payloadLength: 7 }), 'udpTruncated'],
    ['a UDP length of 7', udp({ length: 7 }), 'udpLength'],
    ['a UDP length beyond the datagram', udp({ length: 14 }), 'udpLength'],
    ['UDP without its checksum', udp({ checksum: 'none' }), 'udp6NoChecksum'],
  ];
  await runCases(t, scene, cases(rows));
  t.same(await scene.harness.connections(), []);
});

packetTest6('extension headers', async (t, scene) => {
  const { ip, tcp, udp } = builders(scene);
  const cut = (nextHeader: number, length: number) => ip({ nextHeader }).payload(length);
  const beyond = { header: NextHeader.destination, rest: [9, 1, 4, 0, 0, 0, 0] };
  const rows: Row[] = [
    ...[0, 43, 44, 60].flatMap((header) => [
      [`header ${header} of no byte`, cut(header, 0), 'ip6Extension'] as const,
      [`header ${header} of seven`, cut(header, 7), 'ip6Extension'] as const,
    ]),
    ['a length beyond the packet', ip({ extensions: [beyond], nextHeader: 6 }).payload(20), 'ip6Extension'],
    ['a length of 255', tcp({}, { extensions: [{ ...beyond, rest: [255, 1, 4, 0, 0, 0, 0] }] }), 'ip6Extension'],
    ['hop-by-hop in the second place', tcp({}, { extensions: [destination, hopByHop] }), 'ip6Extension'],
    ['hop-by-hop twice', tcp({}, { extensions: [hopByHop, hopByHop] }), 'ip6Extension'],
    ['nine of them', tcp({}, { extensions: Array(9).fill(destination) }), 'ip6Extension'],
    ['a source route with segments left', tcp({}, { extensions: [routing(1)] }), 'ip6Extension'],
    ['a first fragment', tcp({}, { extensions: [fragment(1)] }), 'ip6Fragment'],
    ['a later fragment', udp({}, { extensions: [fragment(8)] }), 'ip6Fragment'],
    ['a last fragment behind others', udp({}, { extensions: [hopByHop, fragment(16)] }), 'ip6Fragment'],
    ['TCP cut off by its extension headers', tcp({}, { extensions: [destination], payloadLength: 27 }), 'tcpTruncated'],
  ];
  await runCases(t, scene, cases(rows));
  t.same(await scene.harness.connections(), []);
  const eight = await scene.exchange('dpdk1', tcp({}, { extensions: Array(8).fill(destination) }).build());
  t.equal(eight.out.dpdk0.length, 1, 'eight are as many as may be');
});

packetTest6('the kernel judges what is addressed to it', async (t, scene) => {
  const { ip, tcp, udp } = builders(scene, kernel);
  const rows: [string, PacketBuilder][] = [
    ['from nowhere', tcp({}, { src: '::' })],
    ['hop limit 0', tcp({}, { hopLimit: 0 })],
    ['UDP without its checksum', udp({ checksum: 'none' })],
    ['nine extension headers', tcp({}, { extensions: Array(9).fill(destination) })],
    ['a source route', tcp({}, { extensions: [routing(2)] })],
    ['a fragment', udp({}, { extensions: [fragment(1)] })],
    ['no next header', ip({ nextHeader: NextHeader.none })],
    ['a protocol of its own', ip({ nextHeader: 132 }).payload(40)],
    ['a bad checksum', tcp({ checksum: 'bad' })],
  ];
  await runCases(
    t,
    scene,
    rows.map(([name, frame]): Case => ({ name, on: 'dpdk1', frame: frame.build(), verdict: punt('dpdk1.kni', 'ip6') })),
  );
});

packetTest6('frames for other stations and to groups are not served', async (t, scene) => {
  const other = packet().eth({ src: client6.mac, dst: '02:99:99:99:99:99' });
  const syn = { sport: 1, dport: vport, flags: 'S' };
  await runCases(t, scene, [
    {
      name: 'unicast to another MAC',
      on: 'dpdk1',
      frame: other.ip6({ src: client6.address, dst: vip6 }).tcp(syn).build(),
      verdict: drop('ethOtherHost'),
    },
    {
      name: 'the VIP in a group frame',
      on: 'dpdk1',
      frame: packet()
        .eth({ src: client6.mac, dst: '33:33:00:00:01:00' })
        .ip6({ src: client6.address, dst: vip6 })
        .tcp(syn)
        .build(),
      verdict: punt('dpdk1.kni', 'ip6'),
    },
  ]);
  t.same(await scene.harness.connections(), []);
});

packetTest6('segments of nobody’s connection, and ports without a service', async (t, scene) => {
  const { tcp, udp } = builders(scene);
  await runCases(t, scene, [
    ...['A', 'PA', 'SA', 'FA', 'R'].map(
      (flags): Case => ({ name: flags, on: 'dpdk1', frame: tcp({ flags }).build(), verdict: drop('noConnection') }),
    ),
    { name: 'SYN elsewhere', on: 'dpdk1', frame: tcp({ dport: 81 }).build(), verdict: punt('dpdk1.kni', 'local') },
    { name: 'UDP elsewhere', on: 'dpdk1', frame: udp({ dport: 54 }).build(), verdict: punt('dpdk1.kni', 'local') },
    {
      name: 'another protocol',
      on: 'dpdk1',
      frame: builders(scene).ip({ nextHeader: 132 }).payload(20).build(),
      verdict: punt('dpdk1.kni', 'ip6'),
    },
  ]);
  const flow = await tcpFlow6(scene).establish();
  t.equal(await flow.state(), 'TCP_EST', 'and a connection is still made');
});
