// The life of SNAT connections: states and timeouts as the reference's, ends, ports given back, a restart of the slow path.
import { be16 } from '../support/packet/index.js';
import { nothing, only, type Scene } from '../support/scene.js';
import { gateway, inside, matchOf, otherInside, remote, type Said, SnatFlow, snatTest, wan } from '../support/snat.js';
import { drop, runCases } from './verdict.js';

const sapool = async (scene: Scene) => {
  const list = await scene.harness.configure('addr.list', { device: 'dpdk1' });
  return list.find(({ address }) => address === wan)?.sapool;
};

const syn: Said = { tcp: { flags: 'S', seq: 1000, ack: 0 } };
const synAck: Said = { tcp: { flags: 'SA', seq: 5000, ack: 1001 } };

/** The reference's tables with the host behind the node in the real server's part: what it sends is OUTPUT. */
snatTest('TCP states, and how long each may be idle', async (t, scene) => {
  const segments = (flow: SnatFlow): [string, () => Promise<unknown>, string, number][] => [
    ['SYN', () => flow.goOut(syn), 'SYN_SENT', 3],
    ['SYN-ACK', () => flow.comeBack(synAck), 'TCP_EST', 90],
    ['ACK', () => flow.goOut({ tcp: { flags: 'A', seq: 1001, ack: 5001 } }), 'TCP_EST', 90],
    ['data', () => flow.comeBack({ tcp: { flags: 'PA', seq: 5001, ack: 1001 } }), 'TCP_EST', 90],
  ];
  const closing = (flow: SnatFlow, first: 'host' | 'remote'): [string, () => Promise<unknown>, string, number][] => {
    const hostFin = () => flow.goOut({ tcp: { flags: 'FA', seq: 1001, ack: 5005 } });
    const remoteFin = () => flow.comeBack({ tcp: { flags: 'FA', seq: 5005, ack: 1002 } });
    return first === 'host'
      ? [
          ['FIN of the host', hostFin, 'FIN_WAIT', 7],
          ['FIN of the remote end', remoteFin, 'TIME_WAIT', 7],
        ]
      : [
          ['FIN of the remote end', remoteFin, 'CLOSE_WAIT', 7],
          ['FIN of the host', hostFin, 'TIME_WAIT', 7],
        ];
  };
  for (const first of ['host', 'remote'] as const) {
    const flow = new SnatFlow(scene, 'tcp', first === 'host' ? 1 : 2);
    for (const [what, send, state, seconds] of [...segments(flow), ...closing(flow, first)]) {
      await send();
      t.match(await flow.entry(), { state, expires: seconds }, `${what}, ${first} closes`);
    }
    await scene.advance(9000);
    t.equal(await flow.entry(), undefined);
  }
  const reset = await new SnatFlow(scene, 'tcp', 3).establish();
  await reset.comeBack({ tcp: { flags: 'R', seq: 5001, ack: 0 } });
  t.equal(await reset.state(), 'TCP_CLOSE');
  t.match(await sapool(scene), { used: 1 }, 'its port is in use until it expires');
  await scene.advance(5000);
  t.match(await sapool(scene), { used: 0 });
});

snatTest('UDP and ICMP: oneway until the remote end answers', async (t, scene) => {
  const udp = new SnatFlow(scene);
  const ping = new SnatFlow(scene, 'icmp', 7);
  for (const flow of [udp, ping]) {
    await flow.goOut();
    t.match(await flow.entry(), { state: 'ONEWAY', expires: 300 }, flow.protocol);
    await flow.goOut();
    t.equal(await flow.state(), 'ONEWAY', 'asking again is no answer');
    await flow.comeBack();
    t.match(await flow.entry(), { state: 'NORMAL', expires: 300 });
  }
});

snatTest(
  'timeouts are the configured ones; of ICMP the five minutes of the reference',
  async (t, scene) => {
    const flows = [new SnatFlow(scene), new SnatFlow(scene, 'icmp', 7)];
    for (const flow of flows) await flow.goOut();
    t.same(await Promise.all(flows.map(async (flow) => (await flow.entry())?.expires)), [20, 300]);
    await scene.harness.configure('service.edit', { service: matchOf('icmp'), connTimeout: 5 });
    const short = new SnatFlow(scene, 'icmp', 8);
    await short.goOut();
    t.equal((await short.entry())?.expires, 5);
    await scene.advance(22_000);
    t.same(await Promise.all([...flows, short].map((flow) => flow.state())), [undefined, 'ONEWAY', undefined]);
    t.match(await sapool(scene), { used: 1 });
  },
  { udpTimeouts: { oneway: 20 } },
);

snatTest('an established connection that idles out is reset both ways', async (t, scene) => {
  // Neighbours that are forgotten meanwhile would have to be asked for first.
  for (const [{ address, mac }, device] of [
    [inside, 'dpdk0'],
    [gateway, 'dpdk1'],
  ] as const)
    await scene.harness.configure('neigh.add', { address, mac, device });
  const flow = await new SnatFlow(scene, 'tcp').establish();
  await flow.comeBack({ tcp: { flags: 'PA', seq: 5001, ack: 1001 }, data: 'twelve bytes' });
  await flow.goOut({ tcp: { flags: 'PA', seq: 1001, ack: 5013 }, data: 'seven b' });
  const { out } = await scene.advance(91_500);
  const [toRemote, toHost] = [out.dpdk1, out.dpdk0].map((frames) => frames.length);
  t.same([toRemote, toHost], [1, 1]);
  const ends = { out, drops: 0, rises: new Map(), sent: 0, answered: 0, copies: 0 } as const;
  const remoteSees = only({ ...ends, out: { ...out, dpdk0: [] } }, 'dpdk1');
  t.match(remoteSees.ip4, { src: wan, dst: remote });
  t.match(remoteSees.tcp, { sport: flow.wport, dport: 80, seq: 1008, flags: 'R' }, 'what it expects next of the host');
  const hostSees = only({ ...ends, out: { ...out, dpdk1: [] } }, 'dpdk0');
  t.match(hostSees.ip4, { src: remote, dst: inside.address });
  t.match(hostSees.tcp, { sport: 80, dport: flow.sport, seq: 5013, flags: 'R' });
  await scene.advance(5000);
  t.equal(await flow.entry(), undefined);
  t.match(await sapool(scene), { used: 0 });
});

snatTest('a host uses its port again: the same connection, opened anew', async (t, scene) => {
  const flow = await new SnatFlow(scene, 'tcp').establish();
  await flow.goOut({ tcp: { flags: 'FA', seq: 1001, ack: 5001 } });
  await flow.comeBack({ tcp: { flags: 'FA', seq: 5001, ack: 1002 } });
  t.equal(await flow.state(), 'TIME_WAIT');
  t.equal((await flow.goOut({ tcp: { flags: 'S', seq: 90_000, ack: 0 } })).tcp?.sport, flow.wport);
  t.equal(await flow.state(), 'SYN_SENT');
  await flow.comeBack(synAck);
  t.equal(await flow.state(), 'TCP_EST');
});

const PORTS = 65_535 - 1025 + 1;

snatTest(
  'all ports of the WAN address towards one remote end, and another end has them again',
  async (t, scene) => {
    const template = new SnatFlow(scene).sent({ data: '', checksum: 0 }).build();
    const at = (index: number): Uint8Array => {
      const frame = Uint8Array.from(template);
      frame.set(be16(1 + (index % 65_000)), 34);
      return frame;
    };
    // Who is asked for first would let only so many packets wait.
    await new SnatFlow(scene, 'udp', 65_001).goOut();
    let left = 1;
    const count = PORTS - 1 + 100;
    let drops = 0;
    for (let from = 0; from < count; from += 256) {
      const frames = Array.from({ length: Math.min(256, count - from) }, (_, i) => at(from + i));
      const exchange = await scene.exchange('dpdk0', ...frames);
      left += exchange.out.dpdk1.length;
      drops += exchange.rises.get('drop.no_local_port') ?? 0;
    }
    t.same([left, drops], [PORTS, 100], 'each datagram beyond them is a counted drop');
    t.match(await sapool(scene), { used: PORTS, free: 1_032_176 - PORTS, miss: 100 }, 'and dpip addr show has it');
    // Pools are by remote end: one in sixteen shares this end's.
    let free = 0;
    for (let i = 1; i <= 8; i++) {
      const exchange = await scene.exchange(
        'dpdk0',
        new SnatFlow(scene, 'udp', 9, inside, `198.51.100.${i}`).sent().build(),
      );
      free += exchange.out.dpdk1.length;
    }
    t.ok(free >= 4, `${free} of 8 other remote ends are reached`);
    await scene.advance(310_000);
    t.match(await sapool(scene), { used: 0 });
    t.ok(await new SnatFlow(scene).goOut(), 'and serve again');
  },
  { connections: 131_072 },
);

snatTest(
  'the connection table is full',
  async (t, scene) => {
    await new SnatFlow(scene, 'udp', 65_001).goOut();
    let full = 0;
    let forwarded = 1;
    for (let round = 0; round < 64 && full === 0; round++) {
      const frames = Array.from({ length: 256 }, (_, i) =>
        new SnatFlow(scene, 'udp', 1 + round * 256 + i).sent().build(),
      );
      const exchange = await scene.exchange('dpdk0', ...frames);
      forwarded += exchange.out.dpdk1.length;
      full += exchange.drops;
    }
    t.ok(full > 0, `full after ${forwarded}`);
    t.match(await sapool(scene), { used: forwarded }, 'the ports of those that found no room came back');
  },
  { connections: 1024 },
);

snatTest('a slow path that is started anew takes the connections over', async (t, scene) => {
  const { harness } = scene;
  const flows = [
    new SnatFlow(scene),
    new SnatFlow(scene, 'icmp', 7),
    await new SnatFlow(scene, 'tcp').establish(),
    new SnatFlow(scene, 'icmp', 7, otherInside),
  ];
  for (const flow of flows) {
    await flow.goOut();
    await flow.comeBack();
  }
  const before = await harness.connections();
  const pool = await sapool(scene);
  t.match(pool, { used: 4 });
  await harness.restartSlowPath?.();
  const bare = (list: typeof before) => list.map(({ expires, lcore, ...rest }) => rest);
  t.same(bare(await harness.connections()), bare(before));
  t.match(await sapool(scene), { used: 4 });
  const [udp] = await harness.configure('service.list', { service: matchOf('udp') });
  t.match(udp?.servers[0], { activeConns: 0, inactiveConns: 1 }, 'counted with the same WAN address');
  t.match(udp?.stats, { conns: 1 });
  for (const flow of flows) {
    t.ok(await flow.comeBack(), `${flow.protocol} goes on`);
    t.ok(await flow.goOut());
  }
  const fresh = new SnatFlow(scene, 'udp', 99);
  await fresh.goOut();
  t.notOk(
    flows.some(({ wport }) => wport === fresh.wport),
    'no port is given twice',
  );
  await scene.advance(310_000);
  t.match(await sapool(scene), { used: 0 });
});

snatTest('a service that goes takes no connection with it, also over a restart', async (t, scene) => {
  const { harness } = scene;
  const flow = new SnatFlow(scene);
  await flow.goOut();
  const service = matchOf('udp');
  await harness.configure('service.del', { service });
  t.ok(await flow.comeBack());
  await harness.restartSlowPath?.();
  t.ok(await flow.goOut(), 'the connection knows its way');
  t.match(await sapool(scene), { used: 1 });
  await runCases(t, scene, [
    {
      name: 'a new one',
      on: 'dpdk0',
      frame: new SnatFlow(scene, 'udp', 2).sent().build(),
      verdict: drop('forwardingOff'),
    },
  ]);
  await harness.configure('service.add', { service });
  await harness.configure('server.add', { service, server: { address: wan, port: 0 }, forwarding: 'SNAT' });
  const [again] = await harness.configure('service.list', { service });
  t.match(again?.servers[0], { inactiveConns: 1 }, 'the same WAN address finds its connections');
  await scene.advance(310_000);
  t.match(await sapool(scene), { used: 0 });
});

snatTest('the WAN address stays as long as it is used, and its pool until the last port is back', async (t, scene) => {
  const { harness } = scene;
  const address = { address: wan, device: 'dpdk1' };
  await t.rejects(Promise.resolve(harness.configure('addr.del', address)), { code: 'wan_in_use' });
  const flow = new SnatFlow(scene);
  await flow.goOut();
  for (const protocol of ['tcp', 'udp', 'icmp'] as const)
    await harness.configure('service.del', { service: matchOf(protocol) });
  await harness.configure('addr.del', address);
  t.ok(await flow.comeBack(), 'open connections go on');
  await scene.advance(310_000);
  nothing(
    await scene.exchange('dpdk1', flow.came().build()).then((e) => ({ ...e, out: { ...e.out, 'dpdk1.kni': [] } })),
  );
});
