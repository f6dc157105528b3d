// IPv6 connections over a death of the slow path, over their own end, and over changes of routes and services.
import { dissect } from '../support/packet/index.js';
import { nothing, type Scene, tell } from '../support/scene.js';
import { vport } from '../support/two-arm.js';
import {
  client6,
  lip6,
  packetTest6,
  packetTest6With,
  servers6,
  tcpFlow6,
  tcpService6,
  udpFlow6,
  udpService6,
  vip6,
} from '../support/two-arm6.js';

async function used(scene: Scene): Promise<number | undefined> {
  const [address] = await scene.harness.configure('addr.list', { device: 'dpdk0', family: 'inet6' });
  return address?.sapool?.used;
}

packetTest6('connections, ports, counts and neighbours survive a death of the slow path', async (t, scene) => {
  const tcp = await (await tcpFlow6(scene).establish()).serverSpeaks();
  const udp = udpFlow6(scene);
  await udp.fromClient();
  await udp.fromServer();
  const far = { address: '2001:db8:ffff::7', mac: '02:99:00:00:00:01' };
  const away = await tcpFlow6(scene, { from: far, sport: 2000 }).establish();
  const before = await scene.harness.connections();
  const pool = await used(scene);
  const neighbours = (await scene.harness.configure('neigh.list', {})).map(({ address }) => address).sort();
  await scene.harness.restartSlowPath?.();
  // Their seconds go on running while the slow path is away.
  const identity = (list: typeof before) => list.map(({ expires: _, ...rest }) => rest);
  const after = await scene.harness.connections();
  t.same(identity(after), identity(before));
  t.ok(
    after.every(({ expires }, i) => expires <= before[i]!.expires && expires > before[i]!.expires - 20),
    'each goes on where it was',
  );
  t.equal(await used(scene), pool);
  t.same((await scene.harness.configure('neigh.list', {})).map(({ address }) => address).sort(), neighbours);
  const [service] = await scene.harness.configure('service.list', { service: tcpService6 });
  t.match(service.servers[0], { activeConns: 2, stats: { conns: 2 } }, 'the same counters');
  const [laddrs] = await scene.harness.configure('laddr.list', { service: tcpService6 });
  t.match(laddrs.localAddresses, [{ conns: 2 }]);
  t.equal((await tcp.fromServer({ flags: 'PA', data: 'x' })).eth?.dst, client6.mac);
  t.equal((await away.fromServer({ flags: 'PA', data: 'y' })).eth?.dst, far.mac);
  t.equal((await udp.fromServer({ data: 'z' })).ip6?.src, vip6);
  const next = await tcpFlow6(scene, { sport: 3000 }).establish();
  t.not(next.lport, tcp.lport, 'ports in use are not given again');
});

packetTest6('what was removed while the slow path was dead is the kernel’s afterwards', async (t, scene) => {
  scene.harness.crashOnNextChange?.();
  await Promise.resolve(scene.harness.configure('service.flush', {})).catch(() => {});
  await Promise.resolve(scene.harness.configure('addr.del', { address: vip6, device: 'dpdk1' })).catch(() => {});
  const exchange = await scene.exchange('dpdk1', udpFlow6(scene).clientFrame().build());
  t.equal(exchange.out['dpdk1.kni'].length, 1, tell(exchange));
  t.equal(exchange.rises.get('punt.ipv6'), 1);
});

packetTest6('an idle connection is reset both ways, then removed, and gives its port back', async (t, scene) => {
  const flow = await (await tcpFlow6(scene).establish()).serverSpeaks();
  t.equal(await used(scene), 1);
  // In steps, so that the hosts can answer for themselves meanwhile.
  for (let passed = 0; passed < 85_000; passed += 5_000) await scene.advance(5_000);
  const { out, rises } = await scene.advance(7_000);
  t.equal(rises.get('event.conns_reset'), 1);
  const [toServer] = out.dpdk0.map((frame) => dissect(frame)).filter(({ tcp }) => tcp !== undefined);
  const [toClient] = out.dpdk1.map((frame) => dissect(frame)).filter(({ tcp }) => tcp !== undefined);
  t.match(toServer?.ip6, { src: lip6, dst: servers6[0].address });
  t.match(toServer?.tcp, { flags: 'R', sport: flow.lport, dport: vport });
  t.equal(toServer?.tcp?.seq, (flow.clientNext + flow.delta) >>> 0, 'the number the server expects');
  t.match(toClient?.ip6, { src: vip6, dst: client6.address });
  t.match(toClient?.tcp, { flags: 'R', sport: vport, dport: flow.sport, seq: flow.serverNext });
  await scene.advance(10_000);
  t.same(await scene.harness.connections(), []);
  t.equal(await used(scene), 0);
});

packetTest6('UDP ends, and a removed service’s connections go on until then', async (t, scene) => {
  const flow = udpFlow6(scene);
  await flow.fromClient();
  await scene.harness.configure('service.del', { service: udpService6 });
  t.equal((await flow.fromServer({ data: 'late' })).ip6?.dst, client6.address);
  await scene.advance(400_000);
  t.same(await scene.harness.connections(), []);
  const after = await scene.exchange('dpdk1', flow.clientFrame().build());
  t.equal(after.out['dpdk1.kni'].length, 1, 'another service keeps the VIP: the kernel answers for the port');
  nothing(await scene.exchange('dpdk1', tcpFlow6(scene, { sport: 77 }).clientFrame({ flags: 'A' }).build()));
});

packetTest6('open connections follow a changed route', async (t, scene) => {
  const flow = await (await tcpFlow6(scene).establish()).serverSpeaks();
  const router = { address: 'fe80::b', mac: '02:99:00:00:00:0b' };
  scene.hosts.add('dpdk0', router);
  const destination = `${servers6[0].address}/128`;
  await scene.harness.configure('route.add', { destination, gateway: router.address, device: 'dpdk0' });
  await scene.advance(100);
  t.equal((await flow.fromClient({ flags: 'PA', data: 'x' })).eth?.dst, router.mac);
  await scene.harness.configure('route.del', { destination, device: 'dpdk0' });
  await scene.advance(100);
  t.equal((await flow.fromClient({ flags: 'PA', data: 'y' })).eth?.dst, servers6[0].mac);
});

packetTest6With('tables and ports that run out', { connections: 1024, flows: 2048 }, async (t, scene) => {
  let made = 0;
  for (let i = 0; i < 22; i++) {
    const frames = Array.from({ length: 50 }, (_, k) =>
      udpFlow6(scene, 1000 + i * 50 + k)
        .clientFrame()
        .build(),
    );
    const { rises } = await scene.exchange('dpdk1', ...frames);
    made += rises.get('event.conns_created') ?? 0;
  }
  t.equal(made, 1024);
  t.equal(await used(scene), 1024, 'what was refused gave its port back');
  await scene.advance(400_000);
  t.equal(await used(scene), 0);
});
