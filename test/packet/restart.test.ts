// The slow path is killed and started again: established connections lose nothing, and its own knowledge is rebuilt.
import { TcpFlow } from '../support/tcp-flow.js';
import { packetTest, servers } from '../support/two-arm.js';
import { UdpFlow } from '../support/udp-flow.js';

packetTest('what waits for the slow path meanwhile is not lost', async (t, scene) => {
  const flow = await new TcpFlow(scene).establish();
  const { out, drops } = await scene.watch(async () => {
    scene.harness.send('dpdk1', [
      flow.clientFrame({ flags: 'PA', data: 'established' }).build(),
      ...[5001, 5002, 5003].map((sport) => new TcpFlow(scene, { sport }).clientFrame({ flags: 'S', ack: 0 }).build()),
    ]);
    await scene.harness.restartSlowPath?.();
  });
  t.equal(out.dpdk0.length, 4, 'the segment and three new connections');
  t.equal(drops, 0);
});

packetTest('packets that wait for a neighbour are sent or counted, not forgotten', async (t, scene) => {
  scene.hosts.remove('dpdk0', servers[0].address);
  await scene.exchange('dpdk1', new UdpFlow(scene).clientFrame().build());
  t.equal(await scene.harness.held(), 1);
  const { drops } = await scene.watch(() => scene.harness.restartSlowPath?.());
  scene.hosts.add('dpdk0', servers[0]);
  const { out, drops: later } = await scene.advance(5000);
  t.equal(out.dpdk0.length + drops + later, 1);
  t.equal(await scene.harness.held(), 0);
});

packetTest('a packet that may be what kills the slow path does not kill it for ever', async (t, scene) => {
  scene.hosts.remove('dpdk0', servers[0].address);
  const first = await scene.exchange('dpdk1', new UdpFlow(scene).clientFrame().build());
  t.equal(first.drops, 0, 'it waits in the slow path');
  for (const [drops, held] of [
    [0, 1],
    [0, 1],
    [1, 0],
  ]) {
    const died = await scene.watch(() => scene.harness.restartSlowPath?.());
    t.equal(died.drops, drops);
    t.equal(died.rises.get('drop.suspect') ?? 0, drops);
    t.equal(await scene.harness.held(), held);
  }
});

packetTest('connections, their states and their ports survive', async (t, scene) => {
  const { restartSlowPath } = scene.harness;
  if (restartSlowPath === undefined) {
    t.comment('skipped: the harness cannot restart its slow path');
    return;
  }
  const tcp = await (await new TcpFlow(scene).establish()).serverSpeaks();
  const half = new TcpFlow(scene, { sport: 2222 });
  await half.syn();
  const udp = new UdpFlow(scene);
  await udp.fromClient();
  await udp.fromServer();
  const before = await scene.harness.connections();

  await restartSlowPath.call(scene.harness);
  const after = await scene.harness.connections();
  const identity = (list: typeof before) => list.map(({ expires: _, ...rest }) => JSON.stringify(rest)).sort();
  t.same(identity(after), identity(before));
  t.equal((await tcp.fromClient({ flags: 'PA', data: 'more' })).payload.length, 4);
  t.equal((await tcp.fromServer({ flags: 'PA', data: 'and more' })).payload.length, 8);
  t.equal((await udp.fromServer()).ip4?.dst, udp.from.address);
  await half.synAck();
  await half.fromClient({ flags: 'A' });
  t.equal(await half.state(), 'TCP_EST', 'a half-open one goes on opening');

  const fresh = new TcpFlow(scene, { sport: 3333 });
  await fresh.establish();
  const ports = (await scene.harness.connections()).map(({ lip }) => lip.port);
  t.equal(new Set(ports).size, ports.length, 'no port is handed out twice');
  await scene.advance(400_000);
  t.same(await scene.harness.connections(), [], 'timers of old connections run on');
});
