// What belongs to the kernel: routing protocols, other multicast, kernel addresses; and the way back, from the kernel to the wire.

import { arpRequest, BROADCAST } from '../support/hosts.js';
import { equalBytes, packet } from '../support/packet/index.js';
import { tell } from '../support/scene.js';
import { client, gateway, packetTest, packetTestWith, servers, vip } from '../support/two-arm.js';
import { type Case, drop, punt, runCases } from './verdict.js';

const router = '172.10.0.1';
const kernel = '172.10.0.2';

/** The group's hardware address (RFC 1112 section 6.4). */
const groupMac = (group: string): string => {
  const [, b, c, d] = group.split('.').map(Number);
  return `01:00:5e:${[b & 0x7f, c, d].map((octet) => octet.toString(16).padStart(2, '0')).join(':')}`;
};

packetTest('multicast and OSPF', async (t, scene) => {
  const group = (dst: string, protocol: number, ttl = 1) =>
    packet()
      .eth({ src: gateway.mac, dst: groupMac(dst) })
      .ip4({ src: router, dst, protocol, ttl })
      .payload(44)
      .build();
  const unicast = packet()
    .eth({ src: gateway.mac, dst: scene.mac('dpdk1') })
    .ip4({ src: router, dst: kernel, protocol: 89, ttl: 1 })
    .payload(32)
    .build();
  const broadcast = packet()
    .eth({ src: gateway.mac, dst: BROADCAST })
    .ip4({ src: router, dst: '255.255.255.255' })
    .udp({ sport: 67, dport: 68 })
    .payload(300)
    .build();
  const withOption = packet()
    .eth({ src: gateway.mac, dst: groupMac('224.0.0.22') })
    .ip4({ src: router, dst: '224.0.0.22', protocol: 2, ttl: 1, options: [0x94, 4, 0, 0] })
    .payload(16)
    .build();
  const rows: [string, Uint8Array, 'ospf' | 'multicast'][] = [
    ['an OSPF hello', group('224.0.0.5', 89), 'ospf'],
    ['OSPF to the designated routers', group('224.0.0.6', 89), 'ospf'],
    ['OSPF database description, unicast', unicast, 'ospf'],
    ['VRRP', group('224.0.0.18', 112, 255), 'multicast'],
    ['IGMP with router alert', withOption, 'multicast'],
    ['mDNS', group('224.0.0.251', 17, 255), 'multicast'],
    ['RIP', group('224.0.0.9', 17), 'multicast'],
    ['DHCP, to the broadcast address', broadcast, 'multicast'],
  ];
  await runCases(
    t,
    scene,
    rows.map(([name, frame, reason]): Case => ({ name, on: 'dpdk1', frame, verdict: punt('dpdk1.kni', reason) })),
  );
  const lan = group('224.0.0.5', 89);
  await runCases(t, scene, [
    { name: 'each port has its own kni', on: 'dpdk0', frame: lan, verdict: punt('dpdk0.kni', 'ospf') },
  ]);
});

packetTest('kernel addresses, with a default route that would otherwise take them', async (t, scene) => {
  const { harness } = scene;
  await harness.configure('route.add', { destination: '0.0.0.0/0', gateway: gateway.address, device: 'dpdk1' });
  await harness.configure('route.add', { destination: `${kernel}/32`, device: 'dpdk1', scope: 'kni_host' });
  const to = packet()
    .eth({ src: gateway.mac, dst: scene.mac('dpdk1') })
    .ip4({ src: '198.51.100.7', dst: kernel });
  const near = packet()
    .eth({ src: gateway.mac, dst: scene.mac('dpdk1') })
    .ip4({ src: router, dst: kernel, ttl: 1 });
  const rows: [string, Uint8Array][] = [
    ['ssh', to.tcp({ sport: 50_000, dport: 22, flags: 'S' }).build()],
    ['ssh data', to.tcp({ sport: 50_000, dport: 22, flags: 'PA', seq: 5, ack: 6 }).payload('SSH-2.0-x').build()],
    ['BGP', to.tcp({ sport: 50_001, dport: 179, flags: 'S' }).build()],
    ['BFD', to.udp({ sport: 49_152, dport: 3784 }).payload(24).build()],
    ['echo request', to.icmp({ type: 8, id: 1, seq: 1 }).payload(56).build()],
    ['a protocol of its own', to.payload(20).build()],
    ['TTL 1: it is not forwarded but delivered', near.tcp({ sport: 50_002, dport: 179, flags: 'S' }).build()],
  ];
  await runCases(
    t,
    scene,
    rows.map(([name, frame]): Case => ({ name, on: 'dpdk1', frame, verdict: punt('dpdk1.kni', 'kniHost') })),
  );
});

packetTest('ARP for kernel addresses, and what the kernel answers', async (t, scene) => {
  const request = arpRequest({ ...gateway, address: router }, kernel);
  await runCases(t, scene, [
    { name: 'a request for the kernel', on: 'dpdk1', frame: request, verdict: punt('dpdk1.kni', 'arpKernel') },
  ]);
  const reply = packet()
    .eth({ src: scene.mac('dpdk1'), dst: gateway.mac })
    .arp({ op: 'reply', senderMac: scene.mac('dpdk1'), senderIp: kernel, targetMac: gateway.mac, targetIp: router });
  const { out } = await scene.exchange('dpdk1.kni', reply.pad().build());
  t.ok(equalBytes(out.dpdk1[0], reply.pad().build()));
});

packetTest('Ethernet types nobody here handles', async (t, scene) => {
  const lldp = packet().eth({ src: gateway.mac, dst: '01:80:c2:00:00:0e', type: 0x88cc }).payload(46).build();
  const advert = packet()
    .eth({ src: gateway.mac, dst: '33:33:00:00:00:01' })
    .ip6({ src: 'fe80::1', dst: 'ff02::1', hopLimit: 255 })
    .icmp6({ type: 134 })
    .payload(20)
    .build();
  await runCases(t, scene, [
    { name: 'LLDP', on: 'dpdk1', frame: lldp, verdict: punt('dpdk1.kni', 'notIp') },
    { name: 'IPv6', on: 'dpdk1', frame: advert, verdict: punt('dpdk1.kni', 'ip6') },
  ]);
});

packetTest('frames for others', async (t, scene) => {
  const frame = packet()
    .eth({ src: client.mac, dst: '02:99:99:99:99:99' })
    .ip4({ src: client.address, dst: vip })
    .tcp({ sport: 1, dport: 80, flags: 'S' });
  const tagged = packet()
    .eth({ src: client.mac, dst: scene.mac('dpdk1') })
    .vlan({ id: 100 })
    .ip4({ src: client.address, dst: vip })
    .tcp({ sport: 1, dport: 80, flags: 'S' });
  await runCases(t, scene, [
    { name: 'unicast to another MAC', on: 'dpdk1', frame: frame.build(), verdict: drop('ethOtherHost') },
    {
      name: 'a VLAN that is not configured',
      on: 'dpdk1',
      frame: tagged.build(),
      verdict: [drop('vlanUnknown'), punt('dpdk1.kni', 'notIp')],
    },
  ]);
});

packetTest('a service is not served to a multicast or broadcast frame', async (t, scene) => {
  for (const dst of [BROADCAST, '01:00:5e:00:00:64']) {
    const frame = packet()
      .eth({ src: client.mac, dst })
      .ip4({ src: client.address, dst: vip })
      .tcp({ sport: 1, dport: 80, flags: 'S' });
    const exchange = await scene.exchange('dpdk1', frame.build());
    t.equal(exchange.out.dpdk0.length + exchange.out.dpdk1.length, 0, tell(exchange));
    t.equal(exchange.out['dpdk1.kni'].length + exchange.drops, 1, "the kernel's or a counted drop");
  }
  t.same(await scene.harness.connections(), []);
});

packetTest('kernel → wire, byte by byte and on its own port', async (t, scene) => {
  const wan = { src: scene.mac('dpdk1'), dst: gateway.mac };
  const lan = { src: scene.mac('dpdk0'), dst: servers[0].mac };
  const rows: [string, 'dpdk0' | 'dpdk1', Uint8Array][] = [
    [
      'an OSPF hello',
      'dpdk1',
      packet()
        .eth({ ...wan, dst: groupMac('224.0.0.5') })
        .ip4({ src: kernel, dst: '224.0.0.5', protocol: 89, ttl: 1 })
        .payload(44)
        .build(),
    ],
    [
      'a fragment of OSPF',
      'dpdk1',
      packet().eth(wan).ip4({ src: kernel, dst: router, protocol: 89, mf: true }).payload(1480).build(),
    ],
    [
      'ssh',
      'dpdk1',
      packet()
        .eth(wan)
        .ip4({ src: kernel, dst: '198.51.100.7' })
        .tcp({ sport: 22, dport: 50_000 })
        .payload('SSH')
        .build(),
    ],
    [
      'IPv6',
      'dpdk1',
      packet()
        .eth({ ...wan, dst: '33:33:00:00:00:02' })
        .ip6({ src: 'fe80::1', dst: 'ff02::2' })
        .icmp6({ type: 133 })
        .build(),
    ],
    [
      'a health check to a server',
      'dpdk0',
      packet()
        .eth(lan)
        .ip4({ src: '192.168.100.20', dst: servers[0].address })
        .tcp({ sport: 5, dport: 80, flags: 'S' })
        .build(),
    ],
    [
      'what looks like service traffic',
      'dpdk1',
      packet().eth(wan).ip4({ src: client.address, dst: vip }).tcp({ sport: 5, dport: 80, flags: 'S' }).build(),
    ],
  ];
  for (const [name, port, frame] of rows) {
    const exchange = await scene.exchange(`${port}.kni`, frame);
    t.equal(exchange.out[port].length, 1, tell(exchange));
    t.ok(equalBytes(exchange.out[port][0], frame), `${name} leaves ${port}`);
    t.equal(exchange.drops, 0);
  }
  t.same(await scene.harness.connections(), [], 'nothing of it was load balanced');
});

packetTestWith('a port without a kernel interface', { kni: false }, async (t, scene) => {
  const hello = packet()
    .eth({ src: gateway.mac, dst: groupMac('224.0.0.5') })
    .ip4({ src: router, dst: '224.0.0.5', protocol: 89, ttl: 1 })
    .payload(44);
  await runCases(t, scene, [{ name: 'a counted drop', on: 'dpdk1', frame: hello.build(), verdict: drop('kniAbsent') }]);
});
