// Upcalls that waited: the entry a packet hit may be gone, or another connection's, when the slow path comes to it.
import { loadLibrary } from '../../native/index.js';
import { be16, dissect } from '../support/packet/index.js';
import type { Scene } from '../support/scene.js';
import { addService, bareScene, gateway, lip, sceneTest, udpService } from '../support/two-arm.js';
import { UdpFlow } from '../support/udp-flow.js';

const old = { address: '203.0.113.9', mac: gateway.mac };
const crowd = { address: '203.0.113.10', mac: '02:00:00:00:00:52' };
const NEW = 900;

/** Clients are behind switches, without a route to them. */
async function routeless(): Promise<Scene> {
  const scene = await bareScene({ connections: 4096 });
  await scene.harness.configure('route.del', { destination: '10.0.0.0/16', device: 'dpdk1' });
  await addService(scene, udpService);
  return scene;
}

/** Lets the lcore do all it can while the slow path does nothing. */
function onlyLcore(): void {
  for (let i = 0; i < 100; i++) loadLibrary().dp_test_turn(0);
}

sceneTest('a client that comes another way when its connection has just ended', routeless, async (t, scene) => {
  const flow = new UdpFlow(scene, 40_000, old);
  await flow.fromClient();
  const template = new UdpFlow(scene, 1, crowd).clientFrame({ checksum: 'none' }).build();
  const others = Array.from({ length: NEW }, (_, i) => {
    const frame = Uint8Array.from(template);
    frame.set(be16(1000 + i), 34);
    return frame;
  });
  const moved = new UdpFlow(scene, 40_000, { ...old, mac: '02:00:00:00:00:53' }).clientFrame().build();
  await scene.watch(async () => {
    for (let at = 0; at < NEW; at += 100) scene.harness.send('dpdk1', others.slice(at, at + 100));
    scene.harness.send('dpdk1', [moved]);
    onlyLcore();
    // Its connection ends while the crowd goes before it.
    loadLibrary().dp_test_advance(400_000);
    for (let turn = 0; turn < 6; turn++) {
      await scene.harness.step(1);
      onlyLcore();
    }
  });
  const connections = await scene.harness.connections();
  t.equal(connections.length, NEW + 1);
  const wrong: string[] = [];
  for (const { client, lip: at } of connections) {
    const back = new UdpFlow(scene, client.port, crowd);
    back.lip = lip;
    back.lport = at.port;
    const { out } = await scene.exchange('dpdk0', back.serverFrame().build());
    const mac = dissect(out.dpdk1[0]).eth?.dst;
    if (mac !== (client.address === crowd.address ? crowd.mac : '02:00:00:00:00:53'))
      wrong.push(`${client.address}:${client.port} → ${mac}`);
  }
  t.same(wrong, [], 'every answer goes where its client came from');
});
