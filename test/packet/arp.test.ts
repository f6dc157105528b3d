// ARP: requests for our addresses are answered, answers are learned, and what waits for a neighbour is bounded.

import type { PortName } from '../support/harness.js';
import { arpReply, arpRequest, BROADCAST, type Host } from '../support/hosts.js';
import { packet } from '../support/packet/index.js';
import { tell } from '../support/scene.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { client, gateway, lip, packetTest, packetTestWith, servers, vip } from '../support/two-arm.js';
import { UdpFlow } from '../support/udp-flow.js';
import { dropCounters } from './reasons.js';
import { answer, type Case, runCases } from './verdict.js';

const requests = (frames: readonly Uint8Array[], wanted: string): number =>
  frames.filter((frame) => frame[21] === 1 && frame.subarray(38, 42).join('.') === wanted).length;

packetTest('requests for our addresses', async (t, scene) => {
  const lan: Host = servers[0];
  const rows: [string, PortName, Host, string, Uint8Array][] = [
    ['the VIP, by broadcast', 'dpdk1', client, vip, arpRequest(client, vip)],
    ['the LIP', 'dpdk0', lan, lip, arpRequest(lan, lip)],
    [
      'a unicast probe (RFC 1122, section 2.3.2.1)',
      'dpdk1',
      gateway,
      vip,
      packet()
        .eth({ src: gateway.mac, dst: scene.mac('dpdk1') })
        .arp({ op: 'request', senderMac: gateway.mac, senderIp: gateway.address, targetIp: vip })
        .build(),
    ],
    [
      'an address probe (RFC 5227: sender 0.0.0.0)',
      'dpdk1',
      { ...client, address: '0.0.0.0' },
      vip,
      arpRequest({ ...client, address: '0.0.0.0' }, vip),
    ],
  ];
  await runCases(
    t,
    scene,
    rows.map(([name, on, asker, target, frame]): Case => {
      const mac = scene.mac(on);
      const expected = {
        'eth.src': mac,
        'eth.dst': asker.mac,
        op: 'reply',
        senderMac: mac,
        senderIp: target,
        targetMac: asker.mac,
        targetIp: asker.address,
      };
      const verdict = answer(on, ({ eth, arp }) => {
        const got: Record<string, unknown> = { 'eth.src': eth?.src, 'eth.dst': eth?.dst, ...arp };
        return Object.entries(expected).flatMap(([key, value]) =>
          got[key] === value ? [] : [`${key} is ${String(got[key])}, not ${value}`],
        );
      });
      return { name, on, frame, verdict };
    }),
  );
});

packetTest('not answered: addresses of the other port', async (t, scene) => {
  for (const [port, from, target] of [
    ['dpdk1', client, lip],
    ['dpdk0', servers[0], vip],
  ] as const) {
    const exchange = await scene.exchange(port, arpRequest(from, target));
    t.equal(exchange.out[port].length, 0, tell(exchange));
  }
});

packetTest('what a request looks like, and that an answer is learned', async (t, scene) => {
  scene.hosts.remove('dpdk0', servers[0].address);
  const flow = new TcpFlow(scene);
  const waiting = await flow.sendClient({ flags: 'S', ack: 0 });
  t.equal(waiting.out.dpdk0.length, 1, tell(waiting));
  t.equal(waiting.drops, 0, 'the SYN waits');
  t.equal(await scene.harness.held(), 1);
  const mac = scene.mac('dpdk0');
  const expected = packet()
    .eth({ src: mac, dst: BROADCAST })
    .arp({ op: 'request', senderMac: mac, senderIp: lip, targetIp: servers[0].address })
    .build();
  t.same([...waiting.out.dpdk0[0].subarray(0, 42)], [...expected]);

  const learned = await scene.exchange('dpdk0', arpReply(servers[0], mac, lip));
  t.equal(learned.out.dpdk0.length, 1, 'the SYN goes out');
  t.equal(await scene.harness.held(), 0);
  const [entry] = (await scene.harness.configure('neigh.list', { device: 'dpdk0' })).filter(
    ({ address }) => address === servers[0].address,
  );
  t.match(entry, { mac: servers[0].mac, static: false, state: 'REACHABLE' });
});

packetTest('a request to us is learned from as well (RFC 826)', async (t, scene) => {
  await scene.exchange('dpdk0', arpRequest(servers[0], lip));
  scene.hosts.remove('dpdk0', servers[0].address);
  const arrived = await new TcpFlow(scene).syn();
  t.equal(arrived.eth?.dst, servers[0].mac);
});

packetTest('a static neighbour needs no request', async (t, scene) => {
  const mac = '02:00:00:00:be:ef';
  scene.hosts.remove('dpdk0', servers[0].address);
  await scene.harness.configure('neigh.add', { address: servers[0].address, mac, device: 'dpdk0' });
  const flow = new TcpFlow(scene);
  const { out } = await flow.sendClient({ flags: 'S', ack: 0 });
  t.equal(requests(out.dpdk0, servers[0].address), 0);
  t.equal(out.dpdk0.length, 1);
});

packetTest('a server that changes its MAC: its connections follow', async (t, scene) => {
  const flow = await (await new TcpFlow(scene).establish()).serverSpeaks();
  const moved: Host = { address: servers[0].address, mac: '02:00:00:00:00:77' };
  scene.hosts.add('dpdk0', moved);
  // A gratuitous reply: sender and target are the same.
  await scene.exchange('dpdk0', arpReply(moved, BROADCAST, moved.address));
  t.equal((await flow.fromClient({ flags: 'PA', data: 'x' })).eth?.dst, moved.mac);
});

packetTest('nobody may take our own address away from us', async (t, scene) => {
  await scene.exchange('dpdk1', arpReply({ address: vip, mac: '02:66:66:66:66:66' }, scene.mac('dpdk1'), vip));
  const neighbours = await scene.harness.configure('neigh.list', { device: 'dpdk1' });
  t.notOk(neighbours.some(({ address }) => address === vip));
  t.ok(await new TcpFlow(scene).establish());
});

packetTestWith('the queue of an unresolved neighbour is bounded', { unresolvedQueue: 16 }, async (t, scene) => {
  scene.hosts.remove('dpdk0', servers[0].address);
  const frames = Array.from({ length: 40 }, (_, i) => new UdpFlow(scene, 41_000 + i).clientFrame().build());
  const waiting = await scene.exchange('dpdk1', ...frames);
  const [full] = dropCounters('neighbourQueueFull');
  t.equal(await scene.harness.held(), 16, tell(waiting));
  t.equal(waiting.rises.get(full), 24, 'those beyond it are counted');
  t.equal(waiting.drops, 24);
  const asked = requests(waiting.out.dpdk0, servers[0].address);
  t.ok(asked >= 1 && asked <= 2, `${asked} requests, not one a packet`);
  const resolved = await scene.exchange('dpdk0', arpReply(servers[0], scene.mac('dpdk0'), lip));
  t.equal(resolved.out.dpdk0.length, 16, 'all that waited go out');
  t.equal(await scene.harness.held(), 0);
});

packetTest('a neighbour that never answers', async (t, scene) => {
  scene.hosts.remove('dpdk0', servers[0].address);
  await scene.exchange('dpdk1', new UdpFlow(scene).clientFrame().build());
  const given = await scene.advance(30_000);
  t.equal(await scene.harness.held(), 0, 'nothing waits for ever');
  t.equal(given.drops, 1, tell(given));
  t.equal(given.rises.get(dropCounters('neighbourFailed')[0]), 1);
  const asked = requests(given.out.dpdk0, servers[0].address);
  t.ok(asked >= 1 && asked <= 10, `asked ${asked} times more, but not for ever`);
});

packetTestWith(
  'a known neighbour is asked again before it is forgotten',
  { neighbourTimeout: 10 },
  async (t, scene) => {
    const flow = new UdpFlow(scene);
    await flow.fromClient();
    const before = scene.hosts.asked.length;
    for (let second = 0; second < 30; second++) {
      const { out } = await scene.watch(async () => {
        await scene.harness.advance(1000);
        scene.harness.send('dpdk1', [flow.clientFrame().build()]);
      });
      t.equal(out.dpdk0.length, 1, `second ${second}: forwarded at once`);
    }
    t.ok(scene.hosts.asked.length > before, 'it was asked again');
  },
);
