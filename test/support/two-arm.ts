// The tutorial's first script as a scene: clients on dpdk1 (WAN), real servers on dpdk0 (LAN), FullNAT between them.
import t, { type Test } from 'tap';
import type { ServerKey, VipKey } from '../../api/index.js';
import type { HarnessOptions } from './harness.js';
import { type Host, Hosts } from './hosts.js';
import { harnessMissing, loadCreateHarness } from './load-harness.js';
import { Scene } from './scene.js';

const host = (address: string): Host => ({
  address,
  mac: `02:00:${address
    .split('.')
    .map((octet) => Number(octet).toString(16).padStart(2, '0'))
    .join(':')}`,
});

export const client = host('10.0.0.48');
export const otherClient = host('10.0.7.9');
/** The L3 switch on the WAN side. */
export const gateway = host('10.0.0.1');
export const servers = [host('192.168.100.2'), host('192.168.100.3')] as const;
export const vip = '10.0.0.100';
export const lip = '192.168.100.200';
export const vport = 80;
export const udpPort = 53;
export const tcpService: VipKey = { protocol: 'tcp', address: vip, port: vport };
export const udpService: VipKey = { protocol: 'udp', address: vip, port: udpPort };
export const serverKey = (index: number, port = vport): ServerKey => ({ address: servers[index].address, port });

export interface SceneOptions extends HarnessOptions {
  /** How many of the real servers each service gets. Default 1, so that a test knows where packets go. */
  readonly realServers?: number;
  readonly scheduler?: 'rr' | 'wrr' | 'wlc';
  /** Weights of the real servers, in order. Default 1 each. */
  readonly weights?: readonly number[];
}

export async function addService(scene: Scene, service: VipKey, options: SceneOptions = {}): Promise<void> {
  const { harness } = scene;
  await harness.configure('service.add', { service, scheduler: options.scheduler ?? 'rr' });
  for (let i = 0; i < (options.realServers ?? 1); i++) {
    const server = serverKey(i, service.port);
    const weight = options.weights?.[i] ?? 1;
    await harness.configure('server.add', { service, server, forwarding: 'FullNat', weight });
  }
  await harness.configure('laddr.add', { service, address: lip, device: 'dpdk0' });
}

/** Addresses and routes of the tutorial, no service yet. */
export async function bareScene(options: SceneOptions = {}): Promise<Scene> {
  const createHarness = await loadCreateHarness();
  const hosts = new Hosts().add('dpdk0', ...servers).add('dpdk1', client, otherClient, gateway);
  const scene = new Scene(await createHarness(options), hosts);
  await scene.harness.configure('addr.add', { address: vip, prefixLength: 32, device: 'dpdk1' });
  await scene.harness.configure('route.add', { destination: '10.0.0.0/16', device: 'dpdk1' });
  await scene.harness.configure('route.add', { destination: '192.168.100.0/24', device: 'dpdk0' });
  return scene;
}

export async function twoArm(options: SceneOptions = {}): Promise<Scene> {
  const scene = await bareScene(options);
  await addService(scene, tcpService, options);
  await addService(scene, udpService, options);
  return scene;
}

type Body = (t: Test, scene: Scene) => Promise<void>;

/** A test with a scene of its own. At its end nothing that came out may have been faulty and nothing may have leaked. */
export function sceneTest(name: string, make: () => Promise<Scene>, body: Body): void {
  void t.test(name, { skip: harnessMissing }, async (t) => {
    const scene = await make();
    t.teardown(() => scene.harness.close());
    await body(t, scene);
    t.same(scene.faults, [], 'every frame that came out of a wire is well formed');
    if (scene.harness.mbufsInUse !== undefined) {
      await scene.harness.step();
      t.equal(await scene.harness.mbufsInUse(), await scene.harness.held(), 'no packet buffer is lost');
    }
  });
}

export const packetTest = (name: string, body: Body): void => sceneTest(name, () => twoArm(), body);
export const packetTestWith = (name: string, options: SceneOptions, body: Body): void =>
  sceneTest(name, () => twoArm(options), body);
