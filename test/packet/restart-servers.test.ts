// Real servers across a restart of the slow path: each keeps its counters and connections, and nothing else gets them.
import type { Scene } from '../support/scene.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { packetTestWith, serverKey, tcpService, udpPort, udpService } from '../support/two-arm.js';
import { UdpFlow } from '../support/udp-flow.js';

const add = (scene: Scene, service = tcpService, server = serverKey(0)) =>
  scene.harness.configure('server.add', { service, server, forwarding: 'FullNat', weight: 1 });
const remove = (scene: Scene, service = tcpService, server = serverKey(0)) =>
  scene.harness.configure('server.del', { service, server });
const list = async (scene: Scene) => {
  const services = await scene.harness.configure('service.list', {});
  return services.flatMap(({ service, servers }) =>
    servers.map((s) => ({ service: service.protocol, ...s, conns: s.activeConns + s.inactiveConns })),
  );
};

packetTestWith('removed and added again afterwards', {}, async (t, scene) => {
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  await scene.harness.restartSlowPath?.();
  await remove(scene);
  await add(scene);
  t.match(
    await list(scene),
    [{ service: 'tcp', activeConns: 1 }, { service: 'udp' }],
    'its connection is its own again',
  );
  t.equal((await flow.fromClient({ flags: 'PA', data: 'on' })).payload.length, 2);
});

packetTestWith('removed before, while its connection goes on', {}, async (t, scene) => {
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  await remove(scene);
  await scene.harness.restartSlowPath?.();
  t.equal((await flow.fromClient({ flags: 'PA', data: 'on' })).payload.length, 2);
  await add(scene, tcpService, serverKey(1));
  t.match(await list(scene), [
    { address: serverKey(1).address, conns: 0, stats: { conns: 0, inPkts: 0 } },
    { service: 'udp' },
  ]);
  await add(scene);
  t.match((await list(scene))[1], { address: serverKey(0).address, activeConns: 1, stats: { conns: 1 } });
  await scene.advance(200_000);
  t.same(await scene.harness.connections(), []);
  t.same(
    (await list(scene)).map(({ conns }) => conns),
    [0, 0, 0],
  );
});

packetTestWith("removed before, without connections: its counters are nobody's", {}, async (t, scene) => {
  await (await new TcpFlow(scene).establish()).serverSpeaks();
  await scene.advance(200_000);
  t.match((await list(scene))[0], { conns: 0, stats: { conns: 1 } });
  await remove(scene);
  await scene.harness.restartSlowPath?.();
  for (let port = 8000; port < 8010; port++) await add(scene, tcpService, { ...serverKey(1), port });
  await scene.advance(2000);
  for (let port = 8010; port < 8020; port++) await add(scene, tcpService, { ...serverKey(1), port });
  const strangers = (await list(scene)).filter(({ port }) => port >= 8000);
  t.equal(strangers.length, 20);
  t.ok(strangers.every(({ stats }) => stats.conns === 0 && stats.inPkts === 0));
});

packetTestWith('one that only the next slow path learns of', {}, async (t, scene) => {
  const udp = new UdpFlow(scene);
  await udp.fromClient();
  scene.harness.crashOnNextChange?.();
  await add(scene, tcpService, serverKey(1));
  const after = await list(scene);
  t.match(after, [
    { service: 'tcp', address: serverKey(0).address, conns: 0 },
    { service: 'tcp', address: serverKey(1).address, conns: 0, stats: { conns: 0 } },
    { service: 'udp', conns: 1, stats: { conns: 1, inPkts: 1 } },
  ]);
  await udp.fromServer();
  await remove(scene, udpService, serverKey(0, udpPort));
  await scene.harness.restartSlowPath?.();
  await scene.advance(400_000);
  t.same(await scene.harness.connections(), []);
});
