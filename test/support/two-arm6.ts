// The two-arm scene with an IPv6 service beside the IPv4 one: the same hosts' MACs, addresses of 2001:db8::/32.
import type { VipKey } from '../../api/index.js';
import type { Host } from './hosts.js';
import type { Scene } from './scene.js';
import { type FlowOptions, TcpFlow } from './tcp-flow.js';
import { gateway, type SceneOptions, sceneTest, servers, twoArm, udpPort, vport } from './two-arm.js';
import { UdpFlow } from './udp-flow.js';

const at = (address: string, mac: string): Host => ({ address, mac });

export const client6 = at('2001:db8:a::48', '02:06:0a:00:00:48');
export const otherClient6 = at('2001:db8:a::7:9', '02:06:0a:00:07:09');
/** The L3 switch on the WAN side, as routing protocols name it and as a host of the network. */
export const router6 = at('fe80::1', gateway.mac);
export const servers6 = [at('2001:db8:b::2', servers[0].mac), at('2001:db8:b::3', servers[1].mac)] as const;
export const vip6 = '2001:db8::100';
export const lip6 = '2001:db8:b::200';
export const tcpService6: VipKey = { protocol: 'tcp', address: vip6, port: vport };
export const udpService6: VipKey = { protocol: 'udp', address: vip6, port: udpPort };

export async function addService6(scene: Scene, service: VipKey, options: SceneOptions = {}): Promise<void> {
  const { harness } = scene;
  await harness.configure('service.add', { service, scheduler: options.scheduler ?? 'rr' });
  for (const { address } of servers6.slice(0, options.realServers ?? 1)) {
    const server = { address, port: service.port };
    await harness.configure('server.add', { service, server, forwarding: 'FullNat' });
  }
  await harness.configure('laddr.add', { service, address: lip6, device: 'dpdk0' });
}

/** Addresses and routes, no IPv6 service yet. */
export async function bareScene6(options: SceneOptions = {}): Promise<Scene> {
  const scene = await twoArm(options);
  scene.hosts.add('dpdk0', ...servers6).add('dpdk1', client6, otherClient6, router6);
  await scene.harness.configure('addr.add', { address: vip6, device: 'dpdk1' });
  await scene.harness.configure('route.add', { destination: '2001:db8:a::/48', device: 'dpdk1' });
  await scene.harness.configure('route.add', { destination: '2001:db8:b::/64', device: 'dpdk0' });
  return scene;
}

export async function twoArm6(options: SceneOptions = {}): Promise<Scene> {
  const scene = await bareScene6(options);
  await addService6(scene, tcpService6, options);
  await addService6(scene, udpService6, options);
  return scene;
}

export const tcpFlow6 = (scene: Scene, options: FlowOptions = {}): TcpFlow =>
  new TcpFlow(scene, { from: client6, vip: vip6, servers: servers6, ...options });
export const udpFlow6 = (scene: Scene, sport = 40_000, from: Host = client6): UdpFlow =>
  new UdpFlow(scene, sport, from, { vip: vip6, servers: servers6 });

type Body = Parameters<typeof sceneTest>[2];
export const packetTest6 = (name: string, body: Body): void => sceneTest(name, () => twoArm6(), body);
export const packetTest6With = (name: string, options: SceneOptions, body: Body): void =>
  sceneTest(name, () => twoArm6(options), body);
