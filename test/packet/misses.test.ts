// What finds no connection and cannot make one: wrong port, no service, no server, no local address.
import { packet, tcpOption } from '../support/packet/index.js';
import { only, tell } from '../support/scene.js';
import { TcpFlow } from '../support/tcp-flow.js';
import {
  addService,
  bareScene,
  client,
  lip,
  packetTest,
  sceneTest,
  serverKey,
  servers,
  tcpService,
  udpService,
  vip,
  vport,
} from '../support/two-arm.js';
import { type Case, drop, punt, runCases } from './verdict.js';

/** The reference hands what it does not serve to its local stack, and that to the kni, unless told to drop it. */
const notServed = [drop('noConnection'), punt('dpdk1.kni', 'local')];

packetTest('TCP to a service without a connection', async (t, scene) => {
  const flow = new TcpFlow(scene);
  const rows: Case[] = ['A', 'PA', 'FA', 'SA', 'R', 'RA', 'SF', 'SR', ''].map((flags) => ({
    name: `flags [${flags}]`,
    on: 'dpdk1',
    frame: flow.clientFrame({ flags, data: flags.includes('P') ? 'x' : '' }).build(),
    verdict: notServed,
  }));
  await runCases(t, scene, rows);
  t.same(await scene.harness.connections(), []);
});

packetTest('to the VIP on a port that is no service', async (t, scene) => {
  const ip = packet()
    .eth({ src: client.mac, dst: scene.mac('dpdk1') })
    .ip4({ src: client.address, dst: vip });
  const rows: [string, Uint8Array][] = [
    ['TCP', ip.tcp({ sport: 1, dport: vport + 1, flags: 'S' }).build()],
    ['UDP', ip.udp({ sport: 1, dport: 5353 }).build()],
    ["UDP on the TCP service's port", ip.udp({ sport: 1, dport: vport }).build()],
    ["TCP on the UDP service's port", ip.tcp({ sport: 1, dport: 53, flags: 'S' }).build()],
  ];
  await runCases(
    t,
    scene,
    rows.map(([name, frame]): Case => ({ name, on: 'dpdk1', frame, verdict: notServed })),
  );
});

packetTest('from the LAN to a LIP without a connection', async (t, scene) => {
  const frame = packet()
    .eth({ src: servers[0].mac, dst: scene.mac('dpdk0') })
    .ip4({ src: servers[0].address, dst: lip })
    .tcp({ sport: vport, dport: 2000, flags: 'A', options: [tcpOption.nop] });
  await runCases(t, scene, [
    {
      name: 'a stray ACK of the server',
      on: 'dpdk0',
      frame: frame.build(),
      verdict: [drop('noConnection'), punt('dpdk0.kni', 'local')],
    },
  ]);
});

packetTest('another port of the same server does not get into a connection', async (t, scene) => {
  const flow = await new TcpFlow(scene).establish();
  const exchange = await flow.scene.exchange(
    'dpdk0',
    packet()
      .eth({ src: servers[1].mac, dst: scene.mac('dpdk0') })
      .ip4({ src: servers[1].address, dst: lip })
      .tcp({ sport: vport, dport: flow.lport, flags: 'RA', seq: flow.serverNext })
      .build(),
  );
  t.equal(exchange.out.dpdk1.length, 0, tell(exchange));
  t.equal(await flow.state(), 'TCP_EST');
});

const bare = (name: string, body: Parameters<typeof sceneTest>[2]): void => sceneTest(name, () => bareScene(), body);
const syn = (flow: TcpFlow): Uint8Array => flow.clientFrame({ flags: 'S', ack: 0 }).build();

bare('a service without servers', async (t, scene) => {
  await addService(scene, tcpService, { realServers: 0 });
  const frame = syn(new TcpFlow(scene));
  await runCases(t, scene, [{ name: 'SYN', on: 'dpdk1', frame, verdict: drop('noServer') }]);
});

bare('a service whose servers all have weight 0', async (t, scene) => {
  for (const scheduler of ['rr', 'wrr', 'wlc'] as const) {
    await addService(scene, tcpService, { realServers: 2, weights: [0, 0], scheduler });
    const frame = syn(new TcpFlow(scene));
    await runCases(t, scene, [{ name: scheduler, on: 'dpdk1', frame, verdict: drop('noServer') }]);
    await scene.harness.configure('service.del', { service: tcpService });
  }
});

bare('a service without local addresses', async (t, scene) => {
  await scene.harness.configure('service.add', { service: tcpService, scheduler: 'rr' });
  await scene.harness.configure('server.add', { service: tcpService, server: serverKey(0), forwarding: 'FullNat' });
  const frame = syn(new TcpFlow(scene));
  await runCases(t, scene, [{ name: 'SYN', on: 'dpdk1', frame, verdict: drop('noLocalAddress') }]);
});

bare('no route to the server', async (t, scene) => {
  await addService(scene, tcpService);
  await scene.harness.configure('route.del', { destination: '192.168.100.0/24', device: 'dpdk0' });
  const exchange = await scene.exchange('dpdk1', syn(new TcpFlow(scene)));
  t.equal(exchange.drops, 1, tell(exchange));
  t.equal(exchange.rises.get('drop.no_route'), 1);
});

packetTest('a service that is deleted', async (t, scene) => {
  const flow = await new TcpFlow(scene).establish();
  await scene.harness.configure('service.del', { service: tcpService });
  const frame = syn(new TcpFlow(scene, { sport: 4444 }));
  await runCases(t, scene, [{ name: 'takes no new connection', on: 'dpdk1', frame, verdict: notServed }]);
  const later = await flow.sendClient({ flags: 'PA', data: 'x' });
  t.equal(
    later.out.dpdk0.length + later.drops + later.out['dpdk1.kni'].length,
    1,
    'the old one goes on or is a counted end',
  );
  t.match(await scene.harness.configure('service.list', { service: udpService }), [{ service: udpService }]);
});

packetTest('a server set to weight 0 keeps its connections and gets no new ones', async (t, scene) => {
  const flow = await new TcpFlow(scene).establish();
  await scene.harness.configure('server.edit', {
    service: tcpService,
    server: serverKey(0),
    forwarding: 'FullNat',
    weight: 0,
  });
  t.equal((await flow.fromClient({ flags: 'PA', data: 'still here' })).ip4?.dst, servers[0].address);
  const frame = syn(new TcpFlow(scene, { sport: 4445 }));
  await runCases(t, scene, [{ name: 'a new SYN', on: 'dpdk1', frame, verdict: drop('noServer') }]);
  await scene.harness.configure('server.edit', {
    service: tcpService,
    server: serverKey(0),
    forwarding: 'FullNat',
    weight: 1,
  });
  t.ok(only(await scene.exchange('dpdk1', frame), 'dpdk0'), 'and back again');
});
