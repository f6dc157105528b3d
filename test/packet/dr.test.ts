// Direct routing: a packet of the client leaves for the real server's MAC with not one byte of IP changed, by one flow entry.
import type { Test } from 'tap';
import type { ServerKey } from '../../api/index.js';
import type { KernelRoute } from '../../kni/index.js';
import { usage } from '../../native/index.js';
import {
  DirectFlow,
  directTest,
  families,
  port,
  type Sent,
  serverOf,
  serviceOf,
  v4,
  v6,
} from '../support/direct-routing.js';
import { arpRequest } from '../support/hosts.js';
import { dissect, tcpOption } from '../support/packet/index.js';
import { nothing, only, type Scene, tell } from '../support/scene.js';

/** What came out is what went in, but for the MACs. */
async function passes(t: Test, scene: Scene, flow: DirectFlow, sent: Sent, server = flow.family.servers[0]) {
  const frame = flow.frame(sent).build();
  const d = only(await scene.exchange(flow.entry, frame), 'dpdk0');
  t.match(d.eth, { src: scene.mac('dpdk0'), dst: server.mac }, 'from the port to the real server');
  t.same([...d.bytes.subarray(14)], [...frame.subarray(14)], 'nothing of IP is changed');
}

for (const family of families)
  for (const protocol of ['tcp', 'udp'] as const)
    for (const vipPort of ['dpdk0', 'dpdk1'] as const)
      directTest(
        `${family.name} ${protocol} ${vipPort === 'dpdk0' ? 'one' : 'two'}-arm`,
        async (t, scene) => {
          const flow = new DirectFlow(scene, family, protocol, 40_000, family.client, vipPort);
          const segments: Sent[] = [
            { flags: 'S', ack: 0, options: [tcpOption.mss(1460), tcpOption.timestamp(1, 0)] },
            { flags: 'A' },
            { flags: 'PA', data: 'GET / HTTP/1.0\r\n\r\n' },
            { flags: 'A', ttl: 1 },
            { flags: 'FA' },
          ];
          const sent = protocol === 'tcp' ? segments : [{ data: 'one' }, { data: 1000, ttl: 1 }, { data: '' }];
          let bytes = 0;
          for (const each of sent) {
            await passes(t, scene, flow, each);
            bytes += flow.frame(each).build().length - 14;
          }
          t.match(usage(), { flows: { used: 1 }, connections: { used: 1 } }, 'one entry and one record');
          const [info] = await scene.harness.configure('service.list', { service: serviceOf(family, protocol) });
          t.match(info.servers[0], {
            forwarding: 'Route',
            stats: { conns: 1, inPkts: sent.length, outPkts: 0, inBytes: bytes, outBytes: 0 },
          });
          const client = { address: family.client.address, port: 40_000 };
          t.match(await flow.connection(), {
            ...{ client, vip: { address: family.vip, port }, lip: client },
            ...{ rip: serverOf(family), state: protocol === 'tcp' ? 'FIN_WAIT' : 'ONEWAY' },
          });
        },
        { vipPort },
      );

directTest('what looks odd is the real server’s business', async (t, scene) => {
  const flow = new DirectFlow(scene, v4);
  await flow.establish();
  await passes(t, scene, flow, { flags: 'PA', data: 'x', checksum: 'bad' });
  scene.faults.length = 0; // the checksum was wrong before
  await passes(t, scene, flow, { flags: 'PA', options: [tcpOption.toa('203.0.113.66', 1)] });
  await passes(t, scene, flow, { flags: 'PA', data: 1460 });
  const udp = new DirectFlow(scene, v4, 'udp');
  const frame = udp.frame({ data: 'no checksum' }).build();
  frame.fill(0, 14 + 20 + 6, 14 + 20 + 8);
  const d = only(await scene.exchange('dpdk0', frame), 'dpdk0');
  t.same([...d.bytes.subarray(14)], [...frame.subarray(14)], 'no UDP checksum stays none');
});

for (const family of families)
  directTest(
    `${family.name}: xmit_ttl counts this node as a hop`,
    async (t, scene) => {
      const flow = new DirectFlow(scene, family);
      const d = only(await flow.send({ flags: 'S', ack: 0, ttl: 9 }), 'dpdk0');
      t.equal(d.ip4?.ttl ?? d.ip6?.hopLimit, 8);
      t.match(d.eth, { dst: family.servers[0].mac });
      const error = only(await flow.send({ flags: 'A', ttl: 1 }), 'dpdk0');
      t.equal(error.eth?.dst, family.client.mac);
      t.match(error.icmp ?? error.icmp6, { type: family === v4 ? 11 : 3, code: 0 });
    },
    { decrementTtl: true },
  );

directTest('each connection to a server of its own, and it stays there', async (t, scene) => {
  const { harness } = scene;
  await harness.configure('server.add', { service: serviceOf(v4), server: serverOf(v4, 1), forwarding: 'Route' });
  const macs = new Map<number, string | undefined>();
  for (let sport = 20_000; sport < 20_008; sport++) {
    const flow = new DirectFlow(scene, v4, 'tcp', sport);
    macs.set(sport, only(await flow.syn(), 'dpdk0').eth?.dst);
  }
  const counts = v4.servers.map(({ mac }) => [...macs.values()].filter((each) => each === mac).length);
  t.same(counts, [4, 4], 'rr');
  for (const [sport, mac] of macs) {
    const again = only(await new DirectFlow(scene, v4, 'tcp', sport).send({ flags: 'A' }), 'dpdk0');
    t.equal(again.eth?.dst, mac, `${sport}`);
  }
});

for (const family of families)
  directTest(`${family.name}: a server that goes keeps its connections and gets no new ones`, async (t, scene) => {
    const { harness } = scene;
    const service = serviceOf(family);
    const flow = await new DirectFlow(scene, family).establish();
    await harness.configure('server.add', { service, server: serverOf(family, 1), forwarding: 'Route' });
    await harness.configure('server.edit', { service, server: serverOf(family), forwarding: 'Route', weight: 0 });
    await passes(t, scene, flow, { flags: 'PA', data: 'weight 0' });
    await passes(t, scene, new DirectFlow(scene, family, 'tcp', 1), { flags: 'S' }, family.servers[1]);
    await harness.configure('server.del', { service, server: serverOf(family) });
    await passes(t, scene, flow, { flags: 'PA', data: 'deleted' });
    await passes(t, scene, new DirectFlow(scene, family, 'tcp', 2), { flags: 'S' }, family.servers[1]);
    await harness.configure('server.add', { service, server: serverOf(family), forwarding: 'Route' });
    const [info] = await harness.configure('service.list', { service });
    t.match(
      info.servers.find(({ address }) => address === serverOf(family).address),
      { activeConns: 1, stats: { conns: 1 } },
      'it comes back with them',
    );
    await harness.configure('service.del', { service });
    await passes(t, scene, flow, { flags: 'PA', data: 'and without its service' });
  });

for (const family of families)
  directTest(`${family.name}: another MAC of the server reaches all connections at once`, async (t, scene) => {
    const flows = [1, 2, 3].map((sport) => new DirectFlow(scene, family, 'tcp', sport));
    for (const flow of flows) await flow.establish();
    const mac = '02:00:00:00:99:99';
    await scene.harness.configure('neigh.add', { address: family.servers[0].address, mac, device: 'dpdk0' });
    for (const flow of flows) await passes(t, scene, flow, { flags: 'A' }, { ...family.servers[0], mac });
  });

directTest('a server that nobody answers for', async (t, scene) => {
  scene.hosts.remove('dpdk0', v4.servers[0].address);
  const flow = new DirectFlow(scene, v4);
  await flow.syn();
  const rises = (await scene.advance(5_000)).rises;
  t.equal(rises.get('drop.neighbour_failed'), 1);
  scene.hosts.add('dpdk0', v4.servers[0]);
  await passes(t, scene, flow, { flags: 'S', ack: 0 });
});

directTest('a server behind a gateway would send it back: dropped, with a reason of its own', async (t, scene) => {
  const { harness } = scene;
  const off: ServerKey = { address: '198.51.100.7', port };
  const service = { ...serviceOf(v4), port: 81 };
  await harness.configure('service.add', { service });
  await harness.configure('server.add', { service, server: { ...off, port: 81 }, forwarding: 'Route' });
  const syn = () => {
    const frame = new DirectFlow(scene, v4).frame({ flags: 'S', ack: 0 }).build();
    frame[14 + 20 + 3] = 81;
    return scene.exchange('dpdk0', frame);
  };
  t.equal(nothing(await syn()).rises.get('drop.no_route'), 1);
  const route = { destination: '198.51.100.0/24', gateway: v4.router.address, device: 'dpdk0' };
  await harness.configure('route.add', route);
  t.equal(nothing(await syn()).rises.get('drop.server_off_link'), 1);
  t.notOk(scene.hosts.asked.includes(v4.router.address), 'nobody is asked for in vain');
});

directTest('open connections follow the server to another port, but not behind a gateway', async (t, scene) => {
  const { harness } = scene;
  const flow = await new DirectFlow(scene, v4).establish();
  const host = `${v4.servers[0].address}/32`;
  await harness.configure('route.add', { destination: host, gateway: v4.router.address, device: 'dpdk0' });
  await scene.advance(200);
  await passes(t, scene, flow, { flags: 'A' });
  await harness.configure('route.del', { destination: host, device: 'dpdk0' });
  scene.hosts.add('dpdk1', v4.servers[0]);
  await harness.configure('route.add', { destination: host, device: 'dpdk1' });
  await scene.advance(200);
  const d = only(await flow.send({ flags: 'A' }), 'dpdk1');
  t.match(d.eth, { src: scene.mac('dpdk1'), dst: v4.servers[0].mac });
});

directTest('modes mix in one service, and a connection keeps the one it began with', async (t, scene) => {
  const { harness } = scene;
  const service = serviceOf(v4);
  const before = await new DirectFlow(scene, v4, 'tcp', 1).establish();
  await harness.configure('laddr.add', { service, address: '192.168.100.200', device: 'dpdk0' });
  await harness.configure('server.edit', { service, server: serverOf(v4), forwarding: 'FullNat' });
  await harness.configure('server.add', { service, server: serverOf(v4, 1), forwarding: 'Route' });
  const seen = new Set<string | undefined>();
  for (const sport of [2, 3]) {
    const d = only(await new DirectFlow(scene, v4, 'tcp', sport).syn(), 'dpdk0');
    seen.add(`${d.ip4?.src} → ${d.ip4?.dst} at ${d.eth?.dst}`);
  }
  t.same(
    seen,
    new Set([
      `192.168.100.200 → ${v4.servers[0].address} at ${v4.servers[0].mac}`,
      `${v4.client.address} → ${v4.vip} at ${v4.servers[1].mac}`,
    ]),
  );
  await passes(t, scene, before, { flags: 'PA', data: 'as it began' });
  await scene.advance(120_000);
  t.match(usage(), { flows: { used: 0 }, connections: { used: 0 } }, 'all of them end');
  const lip = (await harness.configure('addr.list', {})).find(({ address }) => address === '192.168.100.200');
  t.equal(lip?.sapool?.used, 0, 'and give back what they took, no more');
});

directTest('active connections are counted, and wlc goes by them', async (t, scene) => {
  const { harness } = scene;
  const service = serviceOf(v4);
  await harness.configure('service.edit', { service, scheduler: 'wlc' });
  const counts = async () => {
    const [info] = await harness.configure('service.list', { service });
    return info.servers.map(({ activeConns, inactiveConns }) => [activeConns, inactiveConns]);
  };
  const flow = new DirectFlow(scene, v4, 'tcp', 1);
  await flow.syn();
  t.same(await counts(), [[0, 1]]);
  await flow.send({ flags: 'A' });
  t.same(await counts(), [[1, 0]]);
  await harness.configure('server.add', { service, server: serverOf(v4, 1), forwarding: 'Route' });
  await passes(t, scene, new DirectFlow(scene, v4, 'tcp', 2), { flags: 'S' }, v4.servers[1]);
  await flow.send({ flags: 'FA' });
  t.same(await counts(), [
    [0, 1],
    [0, 1],
  ]);
});

/** The sender addresses of the ARP requests that come out from now on. */
function questions(scene: Scene): (string | undefined)[] {
  const senders: (string | undefined)[] = [];
  const answer = scene.hosts.answer.bind(scene.hosts);
  scene.hosts.answer = (name, frame) => {
    const { arp } = dissect(frame);
    if (arp?.op === 'request') senders.push(arp.senderIp);
    return answer(name, frame);
  };
  return senders;
}

directTest('this node answers for the VIP, and asks for servers with its LAN address', async (t, scene) => {
  const d = only(await scene.exchange('dpdk0', arpRequest(v4.client, v4.vip)), 'dpdk0');
  t.match(d.arp, { op: 'reply', senderIp: v4.vip, senderMac: scene.mac('dpdk0') });
  const senders = questions(scene);
  await new DirectFlow(scene, v4).syn();
  t.same(senders, [v4.lanIp], 'the server has the VIP too and would not answer it');
});

directTest('or with the one the kernel has on the LAN', async (t, scene) => {
  const { harness } = scene;
  await harness.configure('addr.del', { address: v4.lanIp, device: 'dpdk0' });
  const kernel = '192.168.100.9';
  const connected: KernelRoute = {
    ...{ family: 'inet', destination: v4.network, metric: 0, source: kernel, protocol: 'kernel', scope: 'link' },
    ...{ type: 'unicast', table: 254, nextHops: [{ gateway: null, device: 'dpdk0.kni', weight: 1, dead: false }] },
  };
  await harness.kernelRoutes([connected]);
  const senders = questions(scene);
  await new DirectFlow(scene, v4).syn();
  t.same(senders, [kernel], 'not with the VIP, though it is the only address here');
});

directTest('two copies of a SYN in one burst are one connection', async (t, scene) => {
  for (const family of families) {
    const frame = new DirectFlow(scene, family).frame({ flags: 'S', ack: 0 }).build();
    const exchange = await scene.exchange('dpdk0', frame, frame, frame);
    t.equal(exchange.out.dpdk0.length, 3, tell(exchange));
  }
  t.match(usage(), { flows: { used: 2 }, connections: { used: 2 } });
});

directTest(
  'full tables: as many connections as entries, a counted drop, and room again',
  async (t, scene) => {
    const { flows } = usage();
    const open = (sport: number) => new DirectFlow(scene, sport % 2 === 0 ? v4 : v6, 'udp', sport).send({ data: 'x' });
    for (let at = 0; at < flows.capacity; at++) only(await open(1000 + at), 'dpdk0');
    t.equal(usage().flows.used, flows.capacity);
    const full = nothing(await open(999));
    t.equal(full.drops, 1, tell(full));
    await scene.advance(301_000);
    t.match(usage(), { flows: { used: 0 }, connections: { used: 0 } });
    only(await open(999), 'dpdk0');
  },
  { connections: 64, flows: 64 },
);

directTest('no local port is asked for where none is needed', async (t, scene) => {
  const { harness } = scene;
  const ports = async () =>
    (await harness.configure('service.health', {})).find(
      ({ service }) => service.protocol === 'tcp' && service.address === v4.vip,
    )?.localPorts;
  t.equal(await ports(), null);
  await harness.configure('server.add', { service: serviceOf(v4), server: serverOf(v4, 1), forwarding: 'FullNat' });
  t.same(await ports(), { used: 0, free: 0 }, 'one server by FullNAT, and no local address');
});
