// A VIP that clients reach by two ports: which of the two a packet comes by makes no difference, and a connection may change from one to
// the other, as when a switch rehashes because a link has gone.
import { packet } from '../support/packet/index.js';
import { only, type Scene } from '../support/scene.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { addService, bareScene, gateway, sceneTest, servers, tcpService, vip } from '../support/two-arm.js';
import { punt, runCases } from './verdict.js';

const remote = { address: '203.0.113.9', mac: gateway.mac };

/** No route to the clients: answers go to where their packets come from. */
async function uplinksScene(): Promise<Scene> {
  const scene = await bareScene();
  const { harness } = scene;
  await harness.configure('addr.del', { address: vip, prefixLength: 32, device: 'dpdk1' });
  await harness.configure('route.del', { destination: '10.0.0.0/16', device: 'dpdk1' });
  for (const device of ['dpdk0', 'dpdk1'])
    await harness.configure('route.add', { destination: `${vip}/32`, device, scope: 'kni_host' });
  await addService(scene, tcpService);
  return scene;
}

for (const [which, mac] of [
  ['the same MAC on both, as of one switch or of a pair with a common router MAC', gateway.mac],
  ['another MAC', '02:00:00:00:00:53'],
])
  sceneTest(`a connection changes the port: ${which}`, uplinksScene, async (t, scene) => {
    const flow = await (await new TcpFlow(scene, { from: remote }).establish()).serverSpeaks();
    t.match((await flow.fromServer({ data: 'x' })).eth, { src: scene.mac('dpdk1'), dst: gateway.mac });
    const on = async (port: 'dpdk0' | 'dpdk1', data: string) => {
      const eth = packet().eth({ src: port === 'dpdk0' ? mac : gateway.mac, dst: scene.mac(port) });
      const tcp = { sport: flow.sport, dport: 80, seq: flow.clientNext, ack: flow.serverNext, flags: 'PA' };
      const frame = eth.ip4({ src: remote.address, dst: vip }).tcp(tcp).payload(data).build();
      flow.clientNext += data.length;
      return only(await scene.exchange(port, frame), 'dpdk0');
    };
    t.equal((await on('dpdk0', 'by the other')).eth?.dst, servers[0].mac, 'it reaches the same server');
    const answer = only(await flow.sendServer({ data: 'y' }), 'dpdk0');
    t.match(answer.eth, { src: scene.mac('dpdk0'), dst: mac }, 'the answer goes where the client is now');
    t.match(answer.ip4, { src: vip, dst: remote.address });
    flow.serverNext += 1;
    await on('dpdk1', 'and back');
    t.match((await flow.fromServer({ data: 'z' })).eth, { src: scene.mac('dpdk1'), dst: gateway.mac });
  });

sceneTest("what is no service's goes to the kni of the port it came by", uplinksScene, async (t, scene) => {
  const ping = (port: 'dpdk0' | 'dpdk1') =>
    packet()
      .eth({ src: gateway.mac, dst: scene.mac(port) })
      .ip4({ src: remote.address, dst: vip })
      .icmp({ type: 8, id: 1, seq: 1 })
      .payload(56)
      .build();
  const cases = (ports: readonly ('dpdk0' | 'dpdk1')[]) =>
    ports.map((on) => ({ name: `ping by ${on}`, on, frame: ping(on), verdict: punt(`${on}.kni`, 'kniHost') }));
  await runCases(t, scene, cases(['dpdk0', 'dpdk1']));
  await scene.harness.configure('route.del', { destination: `${vip}/32`, device: 'dpdk0', scope: 'kni_host' });
  await runCases(t, scene, cases(['dpdk0', 'dpdk1']));
});
