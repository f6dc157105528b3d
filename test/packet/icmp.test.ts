// ICMP of our own: echo is answered for our addresses, and errors are made where RFC 1812 wants them.

import type { Test } from 'tap';
import type { PortName } from '../support/harness.js';
import type { Host } from '../support/hosts.js';
import { type Dissection, describe, dissect, IcmpType, packet, Unreachable } from '../support/packet/index.js';
import { only, type Scene, tell } from '../support/scene.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { client, lip, packetTest, packetTestWith, servers, vip } from '../support/two-arm.js';
import { UdpFlow } from '../support/udp-flow.js';
import { dropCounters } from './reasons.js';
import { answer, type Case, runCases } from './verdict.js';

const echo = (scene: Scene, on: PortName, from: Host, dst: string) =>
  packet()
    .eth({ src: from.mac, dst: scene.mac(on) })
    .ip4({ src: from.address, dst, id: 99, ttl: 3 });

packetTest('echo to our addresses', async (t, scene) => {
  const rows: Case[] = (
    [
      ['the VIP', 'dpdk1', client, vip],
      ['the LIP', 'dpdk0', servers[0], lip],
    ] as const
  ).flatMap(([name, on, from, dst]) =>
    [0, 1, 2, 55, 56, 1472].map((size) => {
      const request = echo(scene, on, from, dst).icmp({ type: 8, id: 0xbeef, seq: 0xffff }).payload(size);
      const verdict = answer(on, (d) => {
        const expected = packet()
          .eth({ src: scene.mac(on), dst: from.mac })
          .ip4({ src: dst, dst: from.address, ttl: d.ip4?.ttl, id: d.ip4?.id, df: d.ip4?.df, tos: d.ip4?.tos })
          .icmp({ type: 0, id: 0xbeef, seq: 0xffff })
          .payload(size)
          .build();
        const got = d.bytes.subarray(0, d.bytes.length - d.trailer.length);
        return Buffer.compare(got, expected) === 0 ? [] : [`${describe(got)} instead of ${describe(expected)}`];
      });
      return { name: `${name}, ${size} bytes`, on, frame: request.build(), verdict };
    }),
  );
  await runCases(t, scene, rows);
});

packetTest('the answer has a TTL of its own', async (t, scene) => {
  const reply = only(
    await scene.exchange('dpdk1', echo(scene, 'dpdk1', client, vip).icmp({ type: 8 }).build()),
    'dpdk1',
  );
  t.equal(reply.ip4?.ttl, 64, "default_ttl, not what was left of the request's");
});

packetTest('a padded echo request', async (t, scene) => {
  const frame = echo(scene, 'dpdk1', client, vip).icmp({ type: 8, id: 1, seq: 1 }).payload('hi').pad().build();
  const reply = only(await scene.exchange('dpdk1', frame), 'dpdk1');
  t.equal(new TextDecoder().decode(reply.payload), 'hi');
});

packetTest('an echo reply and strange types are not answered', async (t, scene) => {
  for (const type of [0, 13, 17, 200]) {
    const exchange = await scene.exchange(
      'dpdk1',
      echo(scene, 'dpdk1', client, vip).icmp({ type }).payload(20).build(),
    );
    t.equal(exchange.out.dpdk1.length, 0, tell(exchange));
  }
});

/** What RFC 792 and 1812 section 4.3.2 ask of an error: the offending header and eight bytes more, sent back to its source. */
function errorAbout(d: Dissection, offender: Uint8Array, type: number, code: number): string[] {
  const quoted = d.quoted;
  const wrong: string[] = [];
  if (d.icmp?.type !== type || d.icmp.code !== code) wrong.push(`ICMP ${d.icmp?.type}/${d.icmp?.code}`);
  const original = offender.subarray(14);
  const shown = quoted?.bytes ?? new Uint8Array(0);
  if (shown.length < 28) wrong.push(`quotes ${shown.length} bytes`);
  if (Buffer.compare(shown.subarray(12, 28), original.subarray(12, 28)) !== 0) wrong.push('quotes something else');
  if (d.ip4?.dst !== quoted?.ip4?.src) wrong.push('not sent to the source');
  if (d.bytes.length - 14 > 576) wrong.push('longer than 576 bytes (RFC 1812 section 4.3.2.3)');
  return wrong;
}

const routed = { forwarding: true } as const;
const lanHost = '192.168.100.2';

packetTestWith('TTL expires while forwarding', routed, async (t, scene) => {
  const offender = packet()
    .eth({ src: client.mac, dst: scene.mac('dpdk1') })
    .ip4({ src: client.address, dst: lanHost, ttl: 1 })
    .udp({ sport: 33_434, dport: 33_434 })
    .payload(700)
    .build();
  const exchange = await scene.exchange('dpdk1', offender);
  const error = only(exchange, 'dpdk1');
  t.same(errorAbout(error, offender, IcmpType.timeExceeded, 0), [], describe(error.bytes));
  t.equal(error.ip4?.src, vip, 'from our address on the port it came in by');
  t.equal(exchange.rises.get(dropCounters('ip4Ttl')[0]), 1);
  t.equal(exchange.drops, 1);
});

packetTestWith('forwarding decrements the TTL and touches nothing else', routed, async (t, scene) => {
  const ip = { src: client.address, dst: lanHost, ttl: 2, id: 7, tos: 4 };
  const frame = packet()
    .eth({ src: client.mac, dst: scene.mac('dpdk1') })
    .ip4(ip)
    .udp({ sport: 1, dport: 2 })
    .payload(9);
  const arrived = only(await scene.exchange('dpdk1', frame.build()), 'dpdk0');
  t.match(arrived.ip4, { ...ip, ttl: 1 });
  t.match(arrived.eth, { src: scene.mac('dpdk0'), dst: servers[0].mac });
  t.equal(arrived.payload.length, 9);
});

packetTest('forwarding is off unless configured', async (t, scene) => {
  const frame = packet()
    .eth({ src: client.mac, dst: scene.mac('dpdk1') })
    .ip4({ src: client.address, dst: lanHost })
    .udp({ sport: 1, dport: 2 });
  const exchange = await scene.exchange('dpdk1', frame.build());
  t.equal(exchange.out.dpdk0.length, 0);
  t.equal(exchange.rises.get(dropCounters('forwardingOff')[0]), 1, tell(exchange));
  t.equal(exchange.drops, 1);
});

async function tooBig(t: Test, scene: Scene, mtu: number): Promise<void> {
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  const frame = flow.clientFrame({ flags: 'PA', data: mtu - 39 }).build();
  const exchange = await scene.exchange('dpdk1', frame);
  const error = only(exchange, 'dpdk1');
  t.same(errorAbout(error, frame, IcmpType.unreachable, Unreachable.fragmentationNeeded), [], describe(error.bytes));
  t.match(error, { ip4: { src: vip, dst: client.address }, icmp: { seq: mtu } });
  t.match(error.quoted?.ip4, { src: client.address, dst: vip }, 'the client recognises its own packet');
  t.equal(exchange.rises.get(dropCounters('mtuExceeded')[0]), 1);
  t.equal((await flow.fromClient({ flags: 'PA', data: mtu - 40 })).payload.length, mtu - 40, `exactly ${mtu} pass`);
}

packetTest('a packet larger than the MTU of the port to the server', (t, scene) => tooBig(t, scene, 1500));

packetTest('a packet larger than the MTU of the route to the server', async (t, scene) => {
  await scene.harness.configure('route.add', { destination: `${servers[0].address}/32`, device: 'dpdk0', mtu: 1400 });
  await tooBig(t, scene, 1400);
});

packetTest('a datagram that is too large for the port but may be fragmented', async (t, scene) => {
  const flow = new UdpFlow(scene);
  await flow.fromClient();
  const exchange = await scene.exchange('dpdk1', flow.clientFrame({ data: 1600 }).build());
  const pieces = exchange.out.dpdk0.map((bytes) => dissect(bytes));
  // RFC 791 wants fragments; a counted drop is honest too. What must not be is a frame the port cannot send.
  t.ok(pieces.length >= 2 || exchange.drops === 1, tell(exchange));
  t.ok(pieces.every(({ ip4 }) => (ip4?.totalLength ?? 9999) <= 1500));
});

packetTestWith('no errors about errors, multicast or fragments', routed, async (t, scene) => {
  const eth = packet().eth({ src: client.mac, dst: scene.mac('dpdk1') });
  const quote = packet().ip4({ src: lanHost, dst: client.address }).udp({ sport: 1, dport: 2 }).build();
  const offenders = {
    'an ICMP error': eth.ip4({ src: client.address, dst: lanHost, ttl: 1 }).icmp({ type: 3, code: 3 }).payload(quote),
    'a later fragment': eth.ip4({ src: client.address, dst: lanHost, ttl: 1, fragmentOffset: 8 }).payload(20),
    'from a broadcast source': eth.ip4({ src: '255.255.255.255', dst: lanHost, ttl: 1 }).udp({ sport: 1, dport: 2 }),
  };
  for (const [what, frame] of Object.entries(offenders)) {
    const exchange = await scene.exchange('dpdk1', frame.build());
    t.equal(exchange.out.dpdk1.length, 0, `${what}\n${tell(exchange)}`);
    t.equal(exchange.drops, 1, what);
  }
});
