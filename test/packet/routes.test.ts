// Which way packets leave: longest prefix, gateways, and real servers that are not on the link.
import { packet } from '../support/packet/index.js';
import { only } from '../support/scene.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { bareScene, client, gateway, lip, sceneTest, tcpService, vip, vport } from '../support/two-arm.js';

const lanRouter = { address: '192.168.100.254', mac: '02:00:c0:a8:64:fe' };
const otherRouter = { address: '192.168.100.253', mac: '02:00:c0:a8:64:fd' };

const routed = async () => {
  const scene = await bareScene({ forwarding: true });
  scene.hosts.add('dpdk0', lanRouter, otherRouter);
  for (const [destination, via] of [
    ['0.0.0.0/0', undefined],
    ['172.16.0.0/12', lanRouter],
    ['172.16.5.0/24', otherRouter],
    ['172.16.5.7/32', lanRouter],
  ] as const) {
    const [device, address] = via === undefined ? ['dpdk1', gateway.address] : ['dpdk0', via.address];
    await scene.harness.configure('route.add', { destination, gateway: address, device });
  }
  return scene;
};

sceneTest('the longest prefix wins', routed, async (t, scene) => {
  const from = { src: client.mac, dst: scene.mac('dpdk1') };
  for (const [dst, port, next] of [
    ['172.16.5.7', 'dpdk0', lanRouter],
    ['172.16.5.8', 'dpdk0', otherRouter],
    ['172.16.6.1', 'dpdk0', lanRouter],
    ['172.31.255.255', 'dpdk0', lanRouter],
    ['172.32.0.0', 'dpdk1', gateway],
    ['8.8.8.8', 'dpdk1', gateway],
  ] as const) {
    const frame = packet().eth(from).ip4({ src: client.address, dst }).udp({ sport: 1, dport: 2 });
    const arrived = only(await scene.exchange('dpdk1', frame.build()), port);
    t.match(arrived.eth, { src: scene.mac(port), dst: next.mac }, `${dst} via ${next.address}`);
  }
});

sceneTest('a real server behind a router', routed, async (t, scene) => {
  const server = { address: '172.16.5.8', port: vport };
  await scene.harness.configure('service.add', { service: tcpService, scheduler: 'rr' });
  await scene.harness.configure('server.add', { service: tcpService, server, forwarding: 'FullNat' });
  await scene.harness.configure('laddr.add', { service: tcpService, address: lip, device: 'dpdk0' });
  const flow = new TcpFlow(scene);
  const arrived = only(await flow.sendClient({ flags: 'S', ack: 0 }), 'dpdk0');
  t.equal(arrived.eth?.dst, otherRouter.mac);
  t.match(arrived.ip4, { src: lip, dst: server.address });
  const synAck = packet()
    .eth({ src: lanRouter.mac, dst: scene.mac('dpdk0') })
    .ip4({ src: server.address, dst: lip })
    .tcp({ sport: vport, dport: arrived.tcp?.sport ?? 0, flags: 'SA', seq: 5, ack: (arrived.tcp?.seq ?? 0) + 1 });
  const back = only(await scene.exchange('dpdk0', synAck.build()), 'dpdk1');
  t.match(back.ip4, { src: vip, dst: client.address });
  t.equal(back.eth?.dst, client.mac);
});

sceneTest('several local addresses take turns', bareScene, async (t, scene) => {
  const second = '192.168.100.201';
  const server = { address: '192.168.100.2', port: vport };
  await scene.harness.configure('service.add', { service: tcpService, scheduler: 'rr' });
  await scene.harness.configure('server.add', { service: tcpService, server, forwarding: 'FullNat' });
  for (const address of [lip, second])
    await scene.harness.configure('laddr.add', { service: tcpService, address, device: 'dpdk0' });
  const used = new Map<string, number>();
  for (let sport = 1000; sport < 1020; sport++) {
    const flow = new TcpFlow(scene, { sport });
    await flow.syn();
    used.set(flow.lip, (used.get(flow.lip) ?? 0) + 1);
  }
  t.same([...used.keys()].sort(), [lip, second]);
  t.ok(Math.min(...used.values()) >= 5, `about evenly: ${[...used.values()].join(' and ')}`);
  const [service] = await scene.harness.configure('laddr.list', { service: tcpService });
  t.same(
    service.localAddresses.map(({ address, conns }) => [address, conns]).sort(),
    [...used].sort(),
    'and ipvsadm -G tells',
  );
});
