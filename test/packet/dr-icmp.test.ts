// Direct routing and ICMP: errors made here about the way to the real server; errors about its answers, which are addressed to the VIP,
// handed on to it as they came; errors on their way to the client.
import type { Test } from 'tap';
import { DirectFlow, directScene, directTest, type Family, families, port, v4, v6 } from '../support/direct-routing.js';
import { dissect, Icmp6Type, type PacketBuilder, packet } from '../support/packet/index.js';
import { nothing, only, type Scene, tell } from '../support/scene.js';
import { addressed } from '../support/tcp-flow.js';
import { sceneTest } from '../support/two-arm.js';

const RATHER_SMALL = 1400;

for (const family of families) {
  const largest = RATHER_SMALL - (family === v4 ? 40 : 60);
  directTest(`${family.name}: too big for the way to the server, the client is told`, async (t, scene) => {
    const flow = new DirectFlow(scene, family);
    await scene.harness.configure('route.add', {
      destination: `${family.servers[0].address}/${family.bits}`,
      device: 'dpdk0',
      mtu: RATHER_SMALL,
    });
    await flow.establish();
    t.equal(
      only(await flow.send({ flags: 'A', data: largest }), 'dpdk0').eth?.dst,
      family.servers[0].mac,
      'it just fits',
    );
    const d = only(await flow.send({ flags: 'A', data: largest + 1 }), 'dpdk0');
    t.match(d.eth, { src: scene.mac('dpdk0'), dst: family.client.mac });
    t.match(d.ip4 ?? d.ip6, { src: family.lanIp, dst: family.client.address });
    if (family === v4) t.match(d.icmp, { type: 3, code: 4, seq: RATHER_SMALL });
    else t.match([d.icmp6?.type, (d.icmp6?.id ?? 0) * 65_536 + (d.icmp6?.seq ?? 0)], [Icmp6Type.tooBig, RATHER_SMALL]);
    t.match(d.quoted?.ip4 ?? d.quoted?.ip6, { src: family.client.address, dst: family.vip });
    if (family === v6) return;
    const silent = nothing(await flow.send({ flags: 'A', data: largest + 1, df: false }));
    t.equal(silent.rises.get('drop.mtu_exceeded'), 1, 'nothing is fragmented here');
  });

  directTest(`${family.name}: the port's MTU, when it changes, holds for open connections`, async (t, scene) => {
    const flow = await new DirectFlow(scene, family).establish();
    await scene.harness.configure('link.set', { name: 'dpdk0', mtu: RATHER_SMALL });
    await scene.advance(200);
    const d = only(await flow.send({ flags: 'A', data: largest + 1 }), 'dpdk0');
    t.equal(d.eth?.dst, family.client.mac);
    only(await flow.send({ flags: 'A', data: largest }), 'dpdk0');
  });

  for (const protocol of ['tcp', 'udp'] as const)
    directTest(
      `${family.name}: errors about the server's ${protocol} answers go to the server as they came`,
      async (t, scene) => {
        const flow = new DirectFlow(scene, family, protocol);
        await flow.send({ flags: 'S' });
        for (const [type, code, mtu] of errorsOf(family)) {
          const frame = errorFrom(scene, family.router.address, family.router.mac, family.vip, type, code, mtu)
            .payload(answerOf(flow))
            .build();
          const d = only(await scene.exchange('dpdk0', frame), 'dpdk0');
          t.match(d.eth, { src: scene.mac('dpdk0'), dst: family.servers[0].mac }, `type ${type}`);
          t.same([...d.bytes.subarray(14)], [...frame.subarray(14)], 'nothing of IP or ICMP is changed');
        }
        const bad = errorFrom(scene, family.router.address, family.router.mac, family.vip, ...errorsOf(family)[0]);
        const damaged = bad.payload(answerOf(flow)).build();
        damaged[damaged.length - 1] ^= 1;
        t.equal(nothing(await scene.exchange('dpdk0', damaged)).rises.get('drop.icmp_bad_checksum'), 1);
        const stranger = bad.payload(answerOf(new DirectFlow(scene, family, protocol, 9))).build();
        const exchange = await scene.exchange('dpdk0', stranger);
        t.same(exchange.out.dpdk0, [], `about nobody's connection\n${tell(exchange)}`);
      },
    );
}

/** Type, code and, where it says one, MTU. */
function errorsOf(family: Family): readonly [number, number, number][] {
  return family === v4
    ? [
        [3, 4, 1300],
        [3, 1, 0],
        [11, 0, 0],
      ]
    : [
        [Icmp6Type.tooBig, 0, 1300],
        [Icmp6Type.unreachable, 0, 0],
        [Icmp6Type.timeExceeded, 0, 0],
      ];
}

function errorFrom(
  scene: Scene,
  src: string,
  mac: string,
  dst: string,
  type: number,
  code: number,
  mtu: number,
): PacketBuilder {
  const ip = addressed(packet().eth({ src: mac, dst: scene.mac('dpdk0') }), src, dst, { ttl: 9 }, { hopLimit: 9 });
  return src.includes(':') ? ip.icmp6({ type, code, seq: mtu }) : ip.icmp({ type, code, mtu });
}

/** What the server had sent past this node, as far as an error quotes it. */
function answerOf({ family, protocol, sport, from }: DirectFlow): Uint8Array {
  const ip = addressed(packet(), family.vip, from.address, { df: true, ttl: 60 }, { hopLimit: 60 });
  const ends = { sport: port, dport: sport };
  return (protocol === 'tcp' ? ip.tcp({ ...ends, seq: 5000 }) : ip.udp(ends)).payload(64).build();
}

const remote = { address: '10.1.2.3', mac: v4.router.mac };

/** The client is beyond the router; what the server's side says to it may come by here. */
async function toRemoteClient(t: Test, scene: Scene, quoted: (flow: DirectFlow) => Uint8Array) {
  await scene.harness.configure('route.add', {
    destination: '10.0.0.0/8',
    gateway: v4.router.address,
    device: 'dpdk0',
  });
  const flow = new DirectFlow(scene, v4, 'udp', 4000, remote);
  only(await flow.send({ data: 'query' }), 'dpdk0');
  const { address, mac } = v4.servers[0];
  const frame = errorFrom(scene, address, mac, remote.address, 3, 3, 0).payload(quoted(flow)).build();
  t.equal(dissect(frame).ip4?.dst, remote.address);
  return { exchange: await scene.exchange('dpdk0', frame), frame };
}

const wentThrough = (flow: DirectFlow): Uint8Array => flow.frame({ data: 'query' }).build().subarray(14);

directTest(
  'an error about what went through here is passed on to the client, though this node is no router',
  async (t, scene) => {
    const { exchange, frame } = await toRemoteClient(t, scene, wentThrough);
    const d = only(exchange, 'dpdk0');
    t.match(d.eth, { src: scene.mac('dpdk0'), dst: v4.router.mac });
    t.equal(d.ip4?.ttl, 8, 'transit');
    t.same([...d.bytes.subarray(14 + 20)], [...frame.subarray(14 + 20)]);
  },
);

directTest('one about anything else is not', async (t, scene) => {
  const other = (flow: DirectFlow) => wentThrough(new DirectFlow(flow.scene, v4, 'udp', 4001, remote));
  const { exchange } = await toRemoteClient(t, scene, other);
  t.equal(nothing(exchange).rises.get('drop.forwarding_off'), 1);
});

sceneTest(
  'nor one that quotes our client, and is for somebody else',
  () => directScene(),
  async (t, scene) => {
    const other = { address: '10.1.2.4', mac: remote.mac };
    await scene.harness.configure('route.add', {
      destination: '10.0.0.0/8',
      gateway: v4.router.address,
      device: 'dpdk0',
    });
    const flow = new DirectFlow(scene, v4, 'udp', 4000, remote);
    await flow.send({ data: 'query' });
    const frame = errorFrom(scene, v4.servers[0].address, v4.servers[0].mac, other.address, 3, 3, 0);
    const exchange = await scene.exchange('dpdk0', frame.payload(wentThrough(flow)).build());
    t.equal(nothing(exchange).rises.get('drop.forwarding_off'), 1);
  },
);
