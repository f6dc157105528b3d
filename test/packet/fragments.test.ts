// IPv4 fragments: those of service traffic are counted drops, those of routing protocols and for kernel addresses go to the kni.
import { packet } from '../support/packet/index.js';
import { client, gateway, packetTest, udpPort, vip, vport } from '../support/two-arm.js';
import { type Case, drop, punt, runCases } from './verdict.js';

const pieces = [
  ['first', { mf: true, fragmentOffset: 0 }],
  ['middle', { mf: true, fragmentOffset: 1480 }],
  ['last', { mf: false, fragmentOffset: 2960 }],
] as const;

packetTest('of service traffic', async (t, scene) => {
  const ip = (piece: object) =>
    packet()
      .eth({ src: client.mac, dst: scene.mac('dpdk1') })
      .ip4({ src: client.address, dst: vip, id: 9, ...piece });
  const rows: Case[] = pieces.flatMap(([which, piece]) => [
    {
      name: `${which} of TCP`,
      on: 'dpdk1',
      frame: ip(piece).tcp({ sport: 1111, dport: vport, flags: 'S' }).payload(800).build(),
      verdict: drop('ip4Fragment'),
    },
    {
      name: `${which} of UDP`,
      on: 'dpdk1',
      frame: ip(piece).udp({ sport: 1111, dport: udpPort, length: 3000, checksum: 1 }).payload(1472).build(),
      verdict: drop('ip4Fragment'),
    },
    {
      name: `${which} of an echo request`,
      on: 'dpdk1',
      frame: ip(piece).icmp({ type: 8 }).payload(800).build(),
      verdict: drop('ip4Fragment'),
    },
  ]);
  await runCases(t, scene, rows);
  // The tiny first fragment that splits the TCP header (RFC 1858).
  const tiny = ip({ mf: true, protocol: 6 }).payload(8).pad().build();
  await runCases(t, scene, [{ name: 'a tiny first fragment', on: 'dpdk1', frame: tiny, verdict: drop('ip4Fragment') }]);
  t.same(await scene.harness.connections(), [], 'no connection came of it');
});

packetTest("don't fragment, and the reserved bit, make no fragment", async (t, scene) => {
  const frame = packet()
    .eth({ src: client.mac, dst: scene.mac('dpdk1') })
    .ip4({ src: client.address, dst: vip, df: true })
    .tcp({ sport: 1112, dport: vport, flags: 'S' });
  const { out } = await scene.exchange('dpdk1', frame.build());
  t.equal(out.dpdk0.length, 1);
});

packetTest("of OSPF, to the group and to the kernel's address", async (t, scene) => {
  const rows: Case[] = pieces.flatMap(([which, piece]) =>
    (
      [
        ['224.0.0.5', '01:00:5e:00:00:05'],
        ['172.10.0.2', scene.mac('dpdk1')],
      ] as const
    ).map(([dst, mac]) => ({
      name: `${which}, to ${dst}`,
      on: 'dpdk1',
      frame: packet()
        .eth({ src: gateway.mac, dst: mac })
        .ip4({ src: '172.10.0.1', dst, protocol: 89, ttl: 1, id: 3, ...piece })
        .payload(1480)
        .build(),
      verdict: punt('dpdk1.kni', 'ospf'),
    })),
  );
  await runCases(t, scene, rows);
});

packetTest('to a kni_host address', async (t, scene) => {
  await scene.harness.configure('route.add', { destination: '172.10.0.2/32', device: 'dpdk1', scope: 'kni_host' });
  const rows: Case[] = pieces.map(([which, piece]) => ({
    name: which,
    on: 'dpdk1',
    frame: packet()
      .eth({ src: gateway.mac, dst: scene.mac('dpdk1') })
      .ip4({ src: '172.10.0.1', dst: '172.10.0.2', protocol: 17, id: 4, ...piece })
      .payload(1480)
      .build(),
    verdict: punt('dpdk1.kni', 'kniHost'),
  }));
  await runCases(t, scene, rows);
});
