// What the kernel has on a kni without the operator's saying: its addresses are the kernel's, its routes lead the node's own traffic.
import type { KernelRoute } from '../../kni/index.js';
import { packet } from '../support/packet/index.js';
import type { Scene } from '../support/scene.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { client, gateway, packetTest, sceneTest, twoArm } from '../support/two-arm.js';
import { drop, punt, runCases } from './verdict.js';

const kernel = '172.10.0.2';

const route = (destination: string, given: Partial<KernelRoute> = {}): KernelRoute => ({
  family: 'inet',
  destination,
  nextHops: [{ gateway: null, device: 'dpdk1.kni', weight: 1, dead: false }],
  metric: 0,
  source: null,
  protocol: 'zebra',
  scope: 'global',
  type: 'unicast',
  table: 254,
  ...given,
});

const ssh = (scene: Scene) =>
  packet()
    .eth({ src: gateway.mac, dst: scene.mac('dpdk1') })
    .ip4({ src: '198.51.100.7', dst: kernel })
    .tcp({ sport: 50_000, dport: 22, flags: 'S' })
    .build();
const toKernel = (change: 'added' | 'removed') =>
  ({ port: 'dpdk1', address: kernel, prefixLength: 30, change }) as const;

packetTest('an address of the kernel is the kernel’s as long as it is there', async (t, scene) => {
  const { harness } = scene;
  // A default route of the operator's would take it otherwise; forwarding is off.
  await harness.configure('route.add', { destination: '0.0.0.0/0', gateway: gateway.address, device: 'dpdk1' });
  const gone = { name: 'without the address', on: 'dpdk1', frame: ssh(scene), verdict: drop('forwardingOff') } as const;
  const there = { name: 'with it', on: 'dpdk1', frame: ssh(scene), verdict: punt('dpdk1.kni', 'kniHost') } as const;
  await runCases(t, scene, [gone]);
  await harness.kernelAddress(toKernel('added'));
  await runCases(t, scene, [there]);
  await harness.restartSlowPath?.();
  await runCases(t, scene, [{ ...there, name: 'after a restart of the slow path' }]);
  // The same by hand is no contradiction, and taking that back leaves the kernel's.
  const byHand = { destination: `${kernel}/32`, device: 'dpdk1', scope: 'kni_host' } as const;
  await harness.configure('route.add', byHand);
  await runCases(t, scene, [{ ...there, name: 'with a route by hand, too' }]);
  await harness.configure('route.del', byHand);
  await runCases(t, scene, [{ ...there, name: 'without that again' }]);
  await harness.configure('route.add', byHand);
  await harness.kernelAddress(toKernel('removed'));
  await runCases(t, scene, [{ ...there, name: 'the route by hand stays' }]);
  await harness.configure('route.del', byHand);
  await runCases(t, scene, [gone]);
});

packetTest('a mirrored address takes nothing from a service', async (t, scene) => {
  await scene.harness.kernelAddress({ port: 'dpdk1', address: '10.0.0.100', prefixLength: 32, change: 'added' });
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  t.equal((await flow.fromServer({ flags: 'PA', data: 'still served' })).ip4?.src, '10.0.0.100');
});

const otherGateway = { address: '172.20.0.1', mac: '02:00:ac:14:00:01' };

/** Clients behind a router the kernel has learned of; the operator configured no way to them. */
async function routed(): Promise<Scene> {
  const scene = await twoArm();
  await scene.harness.configure('route.del', { destination: '10.0.0.0/16', device: 'dpdk1' });
  scene.hosts.add('dpdk1', router, otherGateway);
  return scene;
}
const router = { address: '172.10.0.1', mac: '02:00:ac:0a:00:01' };
const connected = route('172.10.0.0/30', { protocol: 'kernel', source: kernel });
const via = (...gateways: string[]) =>
  route('10.0.0.0/16', {
    nextHops: gateways.map((gateway) => ({ gateway, device: 'dpdk1.kni', weight: 1, dead: false })),
    metric: 20,
  });

sceneTest('replies to clients take the route the kernel has', routed, async (t, scene) => {
  const { harness } = scene;
  const before = await (await new TcpFlow(scene, { sport: 40_000 }).establish()).serverSpeaks();
  t.equal((await before.fromServer({ flags: 'PA', data: 'x' })).eth?.dst, client.mac, 'without: where it came from');
  await harness.kernelRoutes([connected, via(router.address)]);
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  t.equal((await flow.fromServer({ flags: 'PA', data: 'x' })).eth?.dst, router.mac);
  t.ok(scene.hosts.asked.includes(router.address), 'the next hop was asked for by ARP');
  await harness.restartSlowPath?.();
  t.equal((await flow.fromServer({ flags: 'PA', data: 'y' })).eth?.dst, router.mac, 'after a restart of the slow path');
  await harness.kernelRoutes([connected, via(otherGateway.address)]);
  await scene.advance(300);
  t.equal((await flow.fromServer({ flags: 'PA', data: 'z' })).eth?.dst, otherGateway.mac, 'open connections follow');
});

sceneTest('of several next hops each connection keeps one, and all are used', routed, async (t, scene) => {
  const { harness } = scene;
  await harness.kernelRoutes([connected, via(router.address, otherGateway.address)]);
  t.equal((await harness.configure('route.list', {})).filter((r) => r.destination === '10.0.0.0/16').length, 2);
  const flows: [TcpFlow, string | undefined][] = [];
  for (let i = 0; i < 16; i++) {
    const flow = await (await new TcpFlow(scene, { sport: 41_000 + i }).establish()).serverSpeaks();
    flows.push([flow, (await flow.fromServer({ flags: 'PA', data: 'x' })).eth?.dst]);
  }
  t.same([...new Set(flows.map(([, mac]) => mac))].sort(), [router.mac, otherGateway.mac].sort());
  await harness.restartSlowPath?.();
  await scene.advance(300);
  for (const [flow, mac] of flows) t.equal((await flow.fromServer({ flags: 'PA', data: 'y' })).eth?.dst, mac);
  await harness.kernelRoutes([connected, via(otherGateway.address)]);
  await scene.advance(300);
  for (const [flow] of flows)
    t.equal((await flow.fromServer({ flags: 'PA', data: 'z' })).eth?.dst, otherGateway.mac, 'one went');
});

sceneTest(
  'what only a route of the kernel matches stays the kernel’s when forwarding is off',
  routed,
  async (t, scene) => {
    const frame = packet()
      .eth({ src: gateway.mac, dst: scene.mac('dpdk1') })
      .ip4({ src: '198.51.100.7', dst: '192.0.2.1' })
      .udp({ sport: 5, dport: 5 })
      .build();
    await scene.harness.kernelRoutes([connected, { ...via(router.address), destination: '0.0.0.0/0' }]);
    await runCases(t, scene, [
      { name: 'to an address on the kernel’s lo', on: 'dpdk1', frame, verdict: punt('dpdk1.kni', 'noRoute') },
    ]);
  },
);

sceneTest('the operator’s route is used before the kernel’s of the same network', routed, async (t, scene) => {
  const { harness } = scene;
  await harness.kernelRoutes([connected, { ...via(router.address), metric: 0 }]);
  const mine = { destination: '10.0.0.0/16', gateway: otherGateway.address, device: 'dpdk1', metric: 100 };
  await harness.configure('route.add', mine);
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  t.equal((await flow.fromServer({ flags: 'PA', data: 'x' })).eth?.dst, otherGateway.mac);
  await harness.configure('route.del', mine);
  await scene.advance(300);
  t.equal((await flow.fromServer({ flags: 'PA', data: 'y' })).eth?.dst, router.mac);
});

sceneTest('a router asked for in the kernel’s name stays known', routed, async (t, scene) => {
  const { harness } = scene;
  await harness.kernelRoutes([connected, via(router.address)]);
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  const states: string[] = [];
  for (let seconds = 0; seconds < 80; seconds += 4) {
    await scene.advance(4_000);
    const known = (await harness.configure('neigh.list', {})).find(({ address }) => address === router.address);
    states.push(known?.state ?? 'gone');
  }
  t.notOk(states.includes('NONE') || states.includes('SEND') || states.includes('gone'), states.join(' '));
  t.ok(states.includes('REACHABLE'), 'its replies to the kernel’s address are replies to us');
  t.equal((await flow.fromServer({ flags: 'PA', data: 'x' })).eth?.dst, router.mac);
});
