// Next hops across a restart of the slow path, and return paths that come to nothing: slots are neither lost nor mixed up.
import { arpRequest } from '../support/hosts.js';
import { be16 } from '../support/packet/index.js';
import { TcpFlow } from '../support/tcp-flow.js';
import {
  bareScene,
  client,
  lip,
  otherClient,
  packetTest,
  sceneTest,
  serverKey,
  servers,
  twoArm,
  udpPort,
  udpService,
  vip,
} from '../support/two-arm.js';
import { UdpFlow } from '../support/udp-flow.js';

packetTest('a static neighbour keeps the slot that connections refer to', async (t, scene) => {
  const { harness } = scene;
  await scene.exchange('dpdk1', arpRequest(otherClient, vip));
  await harness.configure('neigh.add', { address: servers[0].address, mac: servers[0].mac, device: 'dpdk0' });
  await harness.configure('neigh.flush', {});
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  // From here on no route tells where the server is: the connection keeps the way it has.
  await harness.configure('route.del', { destination: '192.168.100.0/24', device: 'dpdk0' });
  await harness.restartSlowPath?.();
  for (const host of [client, otherClient]) await scene.exchange('dpdk1', arpRequest(host, vip));
  const arrived = await flow.fromClient({ flags: 'PA', data: 'still there?' });
  t.equal(arrived.eth?.dst, servers[0].mac);
  const neighbours = await harness.configure('neigh.list', { device: 'dpdk0' });
  t.match(neighbours, [{ address: servers[0].address, state: 'STATIC' }]);
});

packetTest('a connection outlives that its neighbour is unknown for a moment', async (t, scene) => {
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  await scene.harness.configure('neigh.flush', {});
  await scene.harness.restartSlowPath?.();
  t.equal(await flow.state(), 'TCP_EST');
  t.equal((await flow.fromClient({ flags: 'PA', data: 'and on' })).eth?.dst, servers[0].mac);
  t.equal((await flow.fromServer({ flags: 'PA', data: 'and on' })).eth?.dst, client.mac);
});

const MACS = 33_000;

sceneTest('stations without a connection take no slot for ever', bareScene, async (t, scene) => {
  const { harness } = scene;
  await harness.configure('route.del', { destination: '10.0.0.0/16', device: 'dpdk1' });
  await harness.configure('service.add', { service: udpService, scheduler: 'rr' });
  await harness.configure('server.add', { service: udpService, server: serverKey(0, udpPort), forwarding: 'FullNat' });
  const remote = { address: '203.0.113.9', mac: '02:00:00:00:00:01' };
  const template = new UdpFlow(scene, 1, remote).clientFrame({ checksum: 'none' }).build();
  let drops = 0;
  for (let at = 0; at < MACS; at += 1000) {
    const frames = Array.from({ length: 1000 }, (_, i) => {
      const frame = Uint8Array.from(template);
      frame.set(be16(at + i), 10);
      return frame;
    });
    drops += (await scene.exchange('dpdk1', ...frames)).rises.get('drop.no_local_port') ?? 0;
  }
  t.equal(drops, MACS, 'there is no local address yet');
  await harness.configure('laddr.add', { service: udpService, address: lip, device: 'dpdk0' });
  const flow = new UdpFlow(scene, 2, { ...remote, mac: '02:00:00:01:00:01' });
  t.equal((await flow.fromClient()).ip4?.dst, servers[0].address);
  t.equal((await flow.fromServer()).eth?.dst, flow.from.mac);
});

sceneTest(
  'one station on two ports: answers leave by the port its packets came by',
  () => twoArm({ kni: false }),
  async (t, scene) => {
    // A switch with one MAC for all its networks; above 80: a MAC and a port number must still fit one key.
    const mac = 'e8:00:00:00:00:01';
    await scene.harness.configure('route.del', { destination: '10.0.0.0/16', device: 'dpdk1' });
    const wan = new UdpFlow(scene, 1, { address: '203.0.113.9', mac });
    await wan.fromClient();
    const lan = new UdpFlow(scene, 2, { address: '203.0.113.10', mac });
    const inward = Uint8Array.from(lan.clientFrame().build());
    inward.set(
      Uint8Array.from(scene.mac('dpdk0').split(':'), (b) => Number.parseInt(b, 16)),
      0,
    );
    await scene.exchange('dpdk0', inward);
    const entry = await lan.entry();
    lan.lip = lip;
    lan.lport = entry?.lip.port ?? 0;
    t.equal((await scene.exchange('dpdk0', lan.serverFrame().build())).out.dpdk0.length, 1, 'by the LAN port');
    t.equal((await wan.fromServer()).eth?.dst, mac, 'by the WAN port');
  },
);
