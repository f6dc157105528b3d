// A flood of new connections: what holds the network together goes on, and what is refused is counted.

import { loadLibrary } from '../../native/index.js';
import { arpRequest } from '../support/hosts.js';
import { be16, be32, packet } from '../support/packet/index.js';
import { tell } from '../support/scene.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { client, gateway, packetTestWith, vip } from '../support/two-arm.js';
import { UdpFlow } from '../support/udp-flow.js';

packetTestWith('a SYN flood', { connections: 8192 }, async (t, scene) => {
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  const template = new TcpFlow(scene).clientFrame({ flags: 'S', ack: 0 }).build();
  const flood = Array.from({ length: 3000 }, (_, i) => {
    const frame = Uint8Array.from(template);
    // The checksum is wrong afterwards; nobody here may waste time on looking.
    frame.set([...be16(1024 + i), ...be16(80), ...be32(i * 9973)], 34);
    return frame;
  });
  const hello = packet()
    .eth({ src: gateway.mac, dst: '01:00:5e:00:00:05' })
    .ip4({ src: '172.10.0.1', dst: '224.0.0.5', protocol: 89, ttl: 1 })
    .payload(44)
    .build();
  const bfd = packet()
    .eth({ src: gateway.mac, dst: '01:00:5e:00:00:12' })
    .ip4({ src: '172.10.0.1', dst: '224.0.0.18', protocol: 112, ttl: 255 })
    .payload(20)
    .build();
  const data = flow.clientFrame({ flags: 'PA', data: 'established' }).build();
  const exchange = await scene.watch(() => {
    // In portions the receive side can hold, with one round for each: more than the slow path is given time for.
    for (let at = 0; at < flood.length; at += 200) scene.harness.send('dpdk1', flood.slice(at, at + 200));
    scene.harness.send('dpdk1', [hello, bfd, arpRequest(client, vip), data]);
  }, flood.length + 4);
  const kernel = exchange.out['dpdk1.kni'];
  t.equal(
    kernel.filter((frame) => frame[23] === 89).length,
    1,
    `the OSPF hello arrives\n${tell({ ...exchange, out: { ...exchange.out, dpdk0: [] } })}`,
  );
  t.equal(kernel.filter((frame) => frame[23] === 112).length, 1, 'VRRP arrives');
  t.equal(exchange.out.dpdk1.filter((frame) => frame[13] === 6).length, 1, 'ARP is answered');
  t.equal(exchange.out.dpdk0.filter((frame) => frame[47] === 0x18).length, 1, 'the established connection goes on');
  const syns = exchange.out.dpdk0.filter((frame) => frame[47] === 2).length;
  t.equal(syns + exchange.drops, flood.length, `${syns} SYNs went through, the others are counted`);
  scene.faults.splice(0);
});

/** Lets the lcore take everything while the slow path does nothing. */
function onlyLcore(): void {
  const library = loadLibrary();
  while ((library.dp_test_unread() as number) > 0) library.dp_test_turn(0);
}

packetTestWith('the last class goes on while new connections queue', { connections: 8192 }, async (t, scene) => {
  const ssh = packet()
    .eth({ src: gateway.mac, dst: scene.mac('dpdk1') })
    .ip4({ src: '172.10.0.1', dst: '172.10.0.2' })
    .tcp({ sport: 40_000, dport: 22, flags: 'PA' })
    .payload(36)
    .build();
  const template = new TcpFlow(scene).clientFrame({ flags: 'S', ack: 0 }).build();
  const flood = Array.from({ length: 3000 }, (_, i) => {
    const frame = Uint8Array.from(template);
    frame.set(be16(1024 + i), 34);
    return frame;
  });
  for (let at = 0; at < flood.length; at += 200) scene.harness.send('dpdk1', flood.slice(at, at + 200));
  scene.harness.send('dpdk1', [ssh]);
  onlyLcore();
  await scene.harness.step(2);
  t.equal(scene.harness.receive('dpdk1.kni').length, 1, 'after two turns, of the dozen that the others take');
  await scene.harness.step();
  scene.faults.splice(0);
});

packetTestWith('full rings leave buffers to established connections', { connections: 8192 }, async (t, scene) => {
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  const syn = new TcpFlow(scene).clientFrame({ flags: 'S', ack: 0 }).build();
  const stray = new TcpFlow(scene).clientFrame({ flags: 'A' }).build();
  const echo = packet()
    .eth({ src: client.mac, dst: scene.mac('dpdk1') })
    .ip4({ src: client.address, dst: vip });
  const floods = [syn, stray, echo.icmp({ type: 8, id: 1, seq: 1 }).payload(8).build()].map((template) =>
    Array.from({ length: 100 }, (_, i) => {
      const frame = Uint8Array.from(template);
      if (frame[23] === 6) frame.set(be16(1024 + i), 34);
      return frame;
    }),
  );
  // Much more than there are buffers, and nobody takes any up.
  for (let i = 0; i < 100; i++) {
    for (const flood of floods) scene.harness.send('dpdk1', flood);
    onlyLcore();
  }
  scene.harness.send('dpdk1', [flow.clientFrame({ flags: 'PA', data: 'established' }).build()]);
  onlyLcore();
  t.equal(scene.harness.receive('dpdk0').length, 1);
  await scene.harness.step();
  scene.faults.splice(0);
});

const moved = { native: { classRate: [1000, 1000, 1000, 1], classBurst: [1000, 1000, 1000, 1] } } as const;

packetTestWith('a packet that need not go up goes on when there are no tokens left', moved, async (t, scene) => {
  await scene.harness.configure('route.del', { destination: '10.0.0.0/16', device: 'dpdk1' });
  const remote = { address: '203.0.113.9', mac: gateway.mac };
  for (const sport of [1000, 1001, 1002]) {
    const flow = new UdpFlow(scene, sport, remote);
    await flow.fromClient();
    const arrived = new UdpFlow(scene, sport, { ...remote, mac: '02:00:00:00:00:53' }).clientFrame().build();
    const { out, drops } = await scene.exchange('dpdk1', arrived);
    t.equal(out.dpdk0.length, 1, `connection ${sport} comes another way`);
    t.equal(drops, 0);
  }
});
