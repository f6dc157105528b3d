// The tutorial's OSPF arrangement: the VIP is on the kni only, clients are behind the switch, and there is no route back to them.
import { arpReply, arpRequest, BROADCAST } from '../support/hosts.js';
import { dissect, packet } from '../support/packet/index.js';
import { type Scene, tell } from '../support/scene.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { addService, bareScene, gateway, sceneTest, servers, tcpService, vip, vport } from '../support/two-arm.js';
import { punt, runCases } from './verdict.js';

const remote = { address: '203.0.113.9', mac: gateway.mac };

async function ospfScene(): Promise<Scene> {
  const scene = await bareScene();
  const { harness } = scene;
  await harness.configure('addr.del', { address: vip, prefixLength: 32, device: 'dpdk1' });
  await harness.configure('route.del', { destination: '10.0.0.0/16', device: 'dpdk1' });
  await harness.configure('route.add', { destination: '172.10.0.2/32', device: 'dpdk1', scope: 'kni_host' });
  await addService(scene, tcpService);
  return scene;
}

sceneTest("a whole connection; answers go to where the client's packets came from", ospfScene, async (t, scene) => {
  const flow = new TcpFlow(scene, { from: remote });
  t.match((await flow.syn()).ip4, { dst: servers[0].address });
  const synAck = await flow.synAck();
  t.match(synAck.eth, { src: scene.mac('dpdk1'), dst: gateway.mac }, 'the switch, although no route names it');
  t.match(synAck.ip4, { src: vip, dst: remote.address });
  await flow.fromClient({ flags: 'A' });
  await flow.fromClient({ flags: 'PA', data: 'GET /' });
  t.match((await flow.fromServer({ flags: 'PA', data: '200' })).tcp, { sport: vport, dport: flow.sport });
});

sceneTest('two switches: each connection answers through the one it came by', ospfScene, async (t, scene) => {
  const second = { address: '203.0.113.10', mac: '02:00:00:00:00:52' };
  const one = await new TcpFlow(scene, { from: remote }).establish();
  const two = await new TcpFlow(scene, { from: second }).establish();
  t.equal((await one.fromServer({ data: 'x' })).eth?.dst, gateway.mac);
  t.equal((await two.fromServer({ data: 'x' })).eth?.dst, second.mac);
});

sceneTest('the switch is replaced: connections follow the new MAC', ospfScene, async (t, scene) => {
  // The kernel resolved the switch; the dataplane saw the answer pass.
  const switchAt = (mac: string) => ({ address: '172.10.0.1', mac });
  await scene.exchange('dpdk1', arpReply(switchAt(gateway.mac), scene.mac('dpdk1'), '172.10.0.2'));
  const flow = await (await new TcpFlow(scene, { from: remote }).establish()).serverSpeaks();
  const mac = '02:00:00:00:00:53';
  await scene.exchange('dpdk1', arpReply(switchAt(mac), BROADCAST, '172.10.0.1'));
  flow.from = { ...remote, mac };
  await flow.fromClient({ flags: 'PA', data: 'through the new one' });
  t.equal((await flow.fromServer({ data: 'x' })).eth?.dst, mac, 'the reference blackholes here');
});

sceneTest("ARP for the VIP, ssh and ping to it are the kernel's", ospfScene, async (t, scene) => {
  await scene.harness.configure('route.add', { destination: `${vip}/32`, device: 'dpdk1', scope: 'kni_host' });
  const ip = packet()
    .eth({ src: gateway.mac, dst: scene.mac('dpdk1') })
    .ip4({ src: remote.address, dst: vip });
  await runCases(t, scene, [
    { name: 'ARP', on: 'dpdk1', frame: arpRequest(gateway, vip), verdict: punt('dpdk1.kni', 'arpKernel') },
    {
      name: 'ssh',
      on: 'dpdk1',
      frame: ip.tcp({ sport: 1, dport: 22, flags: 'S' }).build(),
      verdict: punt('dpdk1.kni', 'kniHost'),
    },
    {
      name: 'ping',
      on: 'dpdk1',
      frame: ip.icmp({ type: 8, id: 1, seq: 1 }).payload(56).build(),
      verdict: punt('dpdk1.kni', 'kniHost'),
    },
  ]);
  const served = await new TcpFlow(scene, { from: remote }).sendClient({ flags: 'S', ack: 0 });
  t.equal(served.out.dpdk0.length, 1, `the service goes before the kernel\n${tell(served)}`);
  t.match(dissect(served.out.dpdk0[0]).ip4, { dst: servers[0].address });
});
