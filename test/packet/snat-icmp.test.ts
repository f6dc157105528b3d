// ICMP errors about SNAT connections, both ways, and those that the node makes as a router: TTL, MTU.
import { type Dissection, packet } from '../support/packet/index.js';
import { only, type Scene, tell } from '../support/scene.js';
import { gateway, inside, lanIp, lanRouter, remote, SnatFlow, snatTest, wan } from '../support/snat.js';
import { dropCounters } from './reasons.js';
import { disagree, drop, runCases } from './verdict.js';

/** A router of the Internet, several hops away. */
const farRouter = '203.0.113.9';

const open = async (scene: Scene): Promise<SnatFlow[]> => {
  const flows = [
    new SnatFlow(scene, 'udp'),
    new SnatFlow(scene, 'icmp', 7),
    await new SnatFlow(scene, 'tcp').establish(),
  ];
  for (const flow of flows) await flow.goOut();
  return flows;
};

/** The bytes an error quotes of a frame: the IP packet, or its beginning. */
const quote = (frame: Uint8Array, length = 1000): Uint8Array => frame.slice(14, 14 + length);

const sameQuote = (d: Dissection, original: Uint8Array): boolean => {
  const quoted = d.quoted?.bytes ?? new Uint8Array(0);
  // The header checksum and the TTL are those of the packet as it was where the error was made.
  const free = new Set([8, 10, 11]);
  return quoted.length > 0 && quoted.every((byte, i) => free.has(i) || byte === original[i]);
};

snatTest('from the Internet: the host gets it about what it sent, from who says it', async (t, scene) => {
  for (const flow of await open(scene)) {
    for (const [type, code, mtu] of [
      [3, 3, 0],
      [3, 4, 1300],
      [11, 0, 0],
    ] as const)
      for (const length of [28, 1000]) {
        const error = packet()
          .eth({ src: gateway.mac, dst: scene.mac('dpdk1') })
          .ip4({ src: farRouter, dst: wan, ttl: 240, tos: 0xc0 })
          .icmp({ type, code, mtu })
          .payload(quote(flow.left({ data: 100 }).build(), length));
        const d = only(await scene.exchange('dpdk1', error.build()), 'dpdk0');
        const what = `${flow.protocol} ${type}/${code}, ${length} bytes`;
        t.match(d.eth, { src: scene.mac('dpdk0'), dst: inside.mac }, what);
        t.match(
          d.ip4,
          { src: farRouter, dst: inside.address, ttl: 239, tos: 0xc0 },
          `${what}: traceroute sees the router`,
        );
        t.match(d.icmp, { type, code, seq: mtu });
        t.ok(sameQuote(d, quote(flow.sent({ data: 100 }).build())), `${what}: what the host sent, to the byte`);
      }
  }
  t.equal((await scene.harness.connections()).length, 3, 'errors open and end nothing');
});

snatTest('from the LAN: the remote end gets it, from the WAN address', async (t, scene) => {
  for (const flow of await open(scene)) {
    for (const [from, type, code] of [
      [inside, 3, 3],
      [lanRouter, 11, 0],
    ] as const) {
      const error = packet()
        .eth({ src: from.mac, dst: scene.mac('dpdk0') })
        .ip4({ src: from.address, dst: remote })
        .icmp({ type, code })
        .payload(quote(flow.arrived({ data: 100 }).build()));
      const d = only(await scene.exchange('dpdk0', error.build()), 'dpdk1');
      t.match(d.eth, { src: scene.mac('dpdk1'), dst: gateway.mac });
      t.match(d.ip4, { src: wan, dst: remote, ttl: 63 }, `${flow.protocol}: nothing of the LAN is told`);
      t.match(d.icmp, { type, code });
      t.ok(sameQuote(d, quote(flow.came({ data: 100 }).build())), `${flow.protocol}: what the remote end sent`);
    }
  }
});

snatTest('about nothing we know, or made up', async (t, scene) => {
  const [flow] = await open(scene);
  const error = (quoted: Uint8Array, words: { checksum?: 'bad'; ttl?: number } = {}) =>
    packet()
      .eth({ src: gateway.mac, dst: scene.mac('dpdk1') })
      .ip4({ src: farRouter, dst: wan, ttl: words.ttl ?? 64 })
      .icmp({ type: 3, code: 3, ...(words.checksum === undefined ? {} : { checksum: 'bad' as const }) })
      .payload(quoted)
      .build();
  const left = quote(flow!.left().build());
  await runCases(t, scene, [
    { name: 'wrong checksum', on: 'dpdk1', frame: error(left, { checksum: 'bad' }), verdict: drop('icmpChecksum') },
    { name: 'its TTL ends here', on: 'dpdk1', frame: error(left, { ttl: 1 }), verdict: drop('ip4Ttl') },
  ]);
  const other = (at: number) => {
    const copy = Uint8Array.from(left);
    copy[at] = (copy[at] ?? 0) ^ 1;
    return copy;
  };
  const echo = quote(new SnatFlow(scene, 'icmp', 9).sent().build());
  for (const [what, quoted] of [
    ['another port', other(21)],
    ['another remote end', other(19)],
    ['another source', other(15)],
    ['cut short', left.slice(0, 27)],
    ['a ping that was never sent', echo],
    ['an ICMP error inside', Uint8Array.from(echo).fill(3, 20, 21)],
  ] as const) {
    const exchange = await scene.exchange('dpdk1', error(quoted));
    t.equal(exchange.out.dpdk0.length + exchange.out.dpdk1.length, 0, `${what}\n${tell(exchange)}`);
    t.equal(exchange.out['dpdk1.kni'].length + exchange.drops, 1, what);
  }
  // From the LAN: an error that would leave with a host's address.
  const lan = packet()
    .eth({ src: inside.mac, dst: scene.mac('dpdk0') })
    .ip4({ src: inside.address, dst: remote })
    .icmp({ type: 3, code: 3 })
    .payload(echo)
    .build();
  await runCases(t, scene, [{ name: 'from the LAN', on: 'dpdk0', frame: lan, verdict: drop('noConnection') }]);
});

snatTest('a TTL that ends here is told, also about a ping, and opens nothing', async (t, scene) => {
  for (const flow of [new SnatFlow(scene, 'udp'), new SnatFlow(scene, 'icmp', 7), new SnatFlow(scene, 'tcp')])
    for (const known of [false, true]) {
      const said = { ip: { ttl: 1 }, tcp: { flags: 'S', seq: 1, ack: 0 } };
      if (known) await flow.goOut({ tcp: { flags: 'S', seq: 1, ack: 0 } });
      const before = (await scene.harness.connections()).length;
      const sent = flow.sent(said).build();
      const exchange = await scene.exchange('dpdk0', sent);
      const d = only(exchange, 'dpdk0');
      t.match(d.ip4, { src: lanIp, dst: inside.address }, `${flow.protocol}: the first hop of a traceroute`);
      t.match(d.icmp, { type: 11, code: 0 });
      t.same([...(d.quoted?.bytes.subarray(0, 28) ?? [])], [...sent.subarray(14, 42)]);
      t.equal(exchange.rises.get(dropCounters('ip4Ttl')[0]!), 1);
      t.equal((await scene.harness.connections()).length, before);
    }
});

snatTest('on the way back too, to the remote end', async (t, scene) => {
  const flow = new SnatFlow(scene);
  await flow.goOut();
  const d = only(await scene.exchange('dpdk1', flow.came({ ip: { ttl: 1 } }).build()), 'dpdk1');
  t.match(d.ip4, { src: wan, dst: remote });
  t.match(d.icmp, { type: 11, code: 0 });
});

snatTest('no error about an error', async (t, scene) => {
  const error = packet()
    .eth({ src: inside.mac, dst: scene.mac('dpdk0') })
    .ip4({ src: inside.address, dst: remote, ttl: 1 })
    .icmp({ type: 3, code: 3 })
    .payload(28)
    .build();
  t.same(disagree(await scene.exchange('dpdk0', error), drop('noConnection'), error), []);
});

snatTest('larger than the way out: told when it may not be fragmented', async (t, scene) => {
  await scene.harness.configure('route.add', {
    destination: '198.51.100.0/24',
    gateway: gateway.address,
    device: 'dpdk1',
    mtu: 1400,
  });
  const flow = new SnatFlow(scene);
  await flow.goOut({ data: 1372 });
  for (const df of [true, false]) {
    const sent = flow.sent({ data: 1373, ip: { df } }).build();
    const exchange = await scene.exchange('dpdk0', sent);
    t.equal(exchange.rises.get(dropCounters('mtuExceeded')[0]!), 1);
    t.equal(exchange.out.dpdk1.length, 0);
    if (df) t.match(only(exchange, 'dpdk0').icmp, { type: 3, code: 4, seq: 1400 });
    else t.equal(exchange.out.dpdk0.length, 0);
  }
});
