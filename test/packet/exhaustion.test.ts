// Everything that has an end: the ports of the local address, the connection table. At the end: counted drops, and old connections go on.
import { be16 } from '../support/packet/index.js';
import { type Exchange, only, type Scene } from '../support/scene.js';
import { client, lip, packetTestWith, udpPort } from '../support/two-arm.js';
import { UdpFlow } from '../support/udp-flow.js';
import { dropCounters } from './reasons.js';

const sapool = async (scene: Scene) => {
  const list = await scene.harness.configure('addr.list', { device: 'dpdk0' });
  return list.find(({ address }) => address === lip)?.sapool;
};

/** One datagram from each of many client ports (and addresses): a connection each. Without checksums, so that only ports need patching. */
function datagrams(scene: Scene, from: number, count: number): Uint8Array[] {
  const template = new UdpFlow(scene).clientFrame({ checksum: 'none' }).build();
  return Array.from({ length: count }, (_, i) => {
    const frame = Uint8Array.from(template);
    const index = from + i;
    frame.set(be16(1 + (index % 65_000)), 34);
    // Beyond 65000 another client: moving n from the address to the id keeps the header's sum as it is.
    const shift = Math.floor(index / 65_000);
    frame[29] += shift;
    frame[19] -= shift;
    return frame;
  });
}

async function sendMany(
  scene: Scene,
  frames: readonly Uint8Array[],
): Promise<{ forwarded: number; last: Exchange; rises: Map<string, number> }> {
  const rises = new Map<string, number>();
  let forwarded = 0;
  let last: Exchange | undefined;
  for (let at = 0; at < frames.length; at += 256) {
    last = await scene.exchange('dpdk1', ...frames.slice(at, at + 256));
    forwarded += last.out.dpdk0.length;
    for (const [key, by] of last.rises) rises.set(key, (rises.get(key) ?? 0) + by);
  }
  if (last === undefined) throw new RangeError('nothing to send');
  return { forwarded, last, rises };
}

const total = (rises: ReadonlyMap<string, number>, counters: readonly string[]): number =>
  counters.reduce((sum, name) => sum + (rises.get(name) ?? 0), 0);

packetTestWith('all ports of the local address towards one server', { connections: 131_072 }, async (t, scene) => {
  t.match(await sapool(scene), { used: 0, free: 1_032_176, miss: 0 }, "the tutorial's numbers");
  const ports = 65_535 - 1025 + 1;
  const first = new UdpFlow(scene, 65_001);
  await first.fromClient();
  // The template of datagrams() has the IP id 0x1234: room enough to take from.
  const filled = await sendMany(scene, datagrams(scene, 0, ports - 1));
  t.equal(filled.forwarded, ports - 1, 'every port is used');
  t.match(await sapool(scene), { used: ports, miss: 0 });
  const beyond = await sendMany(scene, datagrams(scene, ports - 1, 100));
  t.equal(beyond.forwarded, 0);
  t.equal(total(beyond.rises, dropCounters('noLocalPort')), 100, 'each counted');
  t.match(await sapool(scene), { used: ports, miss: 100 });
  t.equal((await first.fromServer()).ip4?.dst, client.address, 'the first connection goes on');

  await scene.advance(310_000);
  t.match(await sapool(scene), { used: 0, free: 1_032_176 }, 'all come back');
  t.ok(await new UdpFlow(scene, 65_002).fromClient(), 'and serve again');
});

packetTestWith('ports handed out are all different', { connections: 4096 }, async (t, scene) => {
  const count = 2000;
  await sendMany(scene, datagrams(scene, 0, count));
  const all = await scene.harness.connections();
  t.equal(all.length, count);
  t.equal(new Set(all.map(({ lip: at }) => at.port)).size, count, 'one LIP, one server');
  t.ok(all.every(({ lip: at }) => at.port >= 1025 && at.port <= 65_535));
});

packetTestWith('the connection table', { connections: 1024 }, async (t, scene) => {
  const first = new UdpFlow(scene, 65_001);
  await first.fromClient();
  let sent = 0;
  let full = 0;
  while (full === 0 && sent < 60_000) {
    const { rises } = await sendMany(scene, datagrams(scene, sent, 1024));
    sent += 1024;
    full = total(rises, dropCounters('tableFull'));
  }
  t.ok(full > 0, `full after ${sent} datagrams`);
  const all = await scene.harness.connections();
  t.ok(all.length >= 1024, `${all.length} connections fit`);
  t.equal(all.length, sent + 1 - full, 'every datagram became a connection or a counted drop');
  const { used } = (await sapool(scene)) ?? { used: -1 };
  t.equal(used, all.length, 'a refused connection keeps no port');

  t.equal((await first.fromServer()).ip4?.dst, client.address, 'an old connection goes on');
  const again = only(await scene.exchange('dpdk1', first.clientFrame().build()), 'dpdk0');
  t.match(again.udp, { dport: udpPort });

  await scene.advance(310_000);
  t.same(await scene.harness.connections(), []);
  t.ok(await new UdpFlow(scene, 65_002).fromClient(), 'and there is room again');
});
