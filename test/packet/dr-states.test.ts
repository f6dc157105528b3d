// Direct routing sees the client only: TCP states by the reference's table for that, lifetimes, ends without a reset, restarts of the slow
// path in between.
import { usage } from '../../native/index.js';
import { DirectFlow, directTest, families, type Sent, serverOf, serviceOf, v4, v6 } from '../support/direct-routing.js';
import { nothing, only, type Scene } from '../support/scene.js';

/** Column order of the reference's tables (dpvs.md, section 6.2). */
const columns = ['NONE', 'ES', 'SS', 'SR', 'FW', 'TW', 'CL', 'CW', 'LA', 'LI', 'SA'] as const;
type Short = (typeof columns)[number];
const words: Partial<Record<Short, string>> = {
  ES: 'TCP_EST',
  SR: 'SYN_RECV',
  FW: 'FIN_WAIT',
  TW: 'TIME_WAIT',
  CL: 'TCP_CLOSE',
};
const table = {
  S: 'SR ES ES SR SR SR SR SR SR SR SR',
  FA: 'CL FW SS TW FW TW CL CW LA LI TW',
  A: 'CL ES SS ES FW TW CL CW CL LI ES',
  R: 'CL CL CL SR CL CL CL CL LA LI CL',
} as const;
type Flags = keyof typeof table;
const next = (from: Short, flags: Flags) => words[table[flags].split(' ')[columns.indexOf(from)] as Short];

/** How a client alone gets there, and how long a connection stays (dpvs.md, section 3). */
const roads: readonly [Short, readonly Flags[], number][] = [
  ['SR', ['S'], 30],
  ['ES', ['S', 'A'], 90],
  ['FW', ['S', 'A', 'FA'], 7],
  ['TW', ['S', 'FA'], 7],
  ['CL', ['S', 'A', 'R'], 3],
];

async function walk(scene: Scene, sport: number, road: readonly Flags[], family = v4): Promise<DirectFlow> {
  const flow = new DirectFlow(scene, family, 'tcp', sport);
  for (const flags of road) only(await flow.send({ flags } as Sent), 'dpdk0');
  return flow;
}

for (const [state, road, seconds] of roads) {
  directTest(`from ${words[state]}`, async (t, scene) => {
    let sport = 20_000;
    for (const flags of Object.keys(table) as Flags[]) {
      const flow = await walk(scene, sport++, [...road, flags]);
      t.equal((await flow.connection())?.state, next(state, flags), flags);
    }
  });

  directTest(`${words[state]} lives ${seconds} s, and ends in silence`, async (t, scene) => {
    for (const family of families) {
      const flow = await walk(scene, 30_000, road, family);
      t.match(await flow.connection(), { state: words[state], expires: seconds });
      nothing(await scene.advance((seconds - 2) * 1000));
      t.ok(await flow.connection(), 'not before its time');
      only(await flow.send({ flags: 'A', data: 'still here' }), 'dpdk0');
      const end = nothing(await scene.advance(120_000));
      t.equal(end.rises.get('event.tcp_rst_sent'), undefined, 'nobody here knows the sequence numbers');
      t.equal(await flow.connection(), undefined);
      const [info] = await scene.harness.configure('service.list', { service: serviceOf(family) });
      t.match(info.servers, [{ activeConns: 0, inactiveConns: 0 }]);
      t.match(usage(), { flows: { used: 0 }, connections: { used: 0 } });
      t.equal(
        nothing(await flow.send({ flags: 'A' })).rises.get('drop.no_connection'),
        1,
        'a segment that came too late',
      );
    }
  });
}

directTest('UDP lives while the client speaks', async (t, scene) => {
  for (const family of families) {
    const flow = new DirectFlow(scene, family, 'udp');
    await flow.send({ data: 'one' });
    for (let i = 0; i < 3; i++) {
      await scene.advance(250_000);
      only(await flow.send({ data: 'more' }), 'dpdk0');
    }
    t.match(await flow.connection(), { state: 'ONEWAY', expires: 300 });
    await scene.advance(302_000);
    t.equal(await flow.connection(), undefined);
  }
});

directTest(
  'a port used again begins a new connection, with the same server as long as the old one is remembered',
  async (t, scene) => {
    await scene.harness.configure('server.add', {
      service: serviceOf(v4),
      server: serverOf(v4, 1),
      forwarding: 'Route',
    });
    const flow = new DirectFlow(scene, v4);
    const first = only(await flow.syn(), 'dpdk0').eth?.dst;
    for (const flags of ['A', 'FA']) await flow.send({ flags });
    t.equal(only(await flow.syn(), 'dpdk0').eth?.dst, first);
    t.equal((await flow.connection())?.state, 'SYN_RECV');
  },
);

directTest('a service’s own timeout', async (t, scene) => {
  await scene.harness.configure('service.edit', { service: serviceOf(v4), scheduler: 'rr', connTimeout: 900 });
  const flow = await walk(scene, 1, ['S', 'A']);
  t.match(await flow.connection(), { expires: 900 });
});

for (const family of [v4, v6])
  directTest(`${family.name}: a new slow path takes the connections over`, async (t, scene) => {
    const { harness } = scene;
    const service = serviceOf(family);
    const flow = await new DirectFlow(scene, family).establish();
    const udp = new DirectFlow(scene, family, 'udp');
    await udp.send({ data: 'one' });
    await harness.restartSlowPath?.();
    t.match(usage(), { flows: { used: 2 }, connections: { used: 2 } });
    for (const each of [flow, udp]) only(await each.send({ flags: 'A', data: 'after' }), 'dpdk0');
    const list = async () => (await harness.configure('service.list', { service }))[0].servers;
    t.match(await list(), [{ forwarding: 'Route', activeConns: 1, inactiveConns: 0, stats: { inPkts: 3 } }]);
    t.match(await flow.connection(), { state: 'TCP_EST', lip: { address: family.client.address } });

    await harness.configure('server.del', { service, server: serverOf(family) });
    await harness.restartSlowPath?.();
    only(await flow.send({ flags: 'A', data: 'of a server that was deleted' }), 'dpdk0');
    const mac = '02:00:00:00:99:99';
    await harness.configure('neigh.add', { address: family.servers[0].address, mac, device: 'dpdk0' });
    t.equal(only(await flow.send({ flags: 'A' }), 'dpdk0').eth?.dst, mac, 'it hears of a new MAC');
    nothing(await scene.advance(305_000));
    t.same(await harness.connections(), []);
    // What was removed is free when the slow path is called the next time.
    await new DirectFlow(scene, v4, 'tcp', 9).send({ flags: 'A' });
    t.match(usage(), { flows: { used: 0 }, connections: { used: 0 } });
    await harness.configure('server.add', { service, server: serverOf(family), forwarding: 'Route' });
    t.match(await list(), [{ activeConns: 0, inactiveConns: 0, stats: { conns: 0 } }], 'its slot was cleared');
  });

directTest('a connection holds its next hop, and gives back its own only', async (t, scene) => {
  const { harness } = scene;
  await harness.configure('service.edit', { service: serviceOf(v4), scheduler: 'rr', connTimeout: 900 });
  const neighbours = async () =>
    (await harness.configure('neigh.list', { device: 'dpdk0' })).map(({ address }) => address);
  await walk(scene, 1, ['S', 'A']);
  await walk(scene, 2, ['S', 'A', 'R']);
  scene.hosts.remove('dpdk0', v4.servers[0].address);
  await scene.advance(600_000);
  t.equal((await harness.connections()).length, 1, 'the other has ended');
  t.same(await neighbours(), [v4.servers[0].address], 'held by the one that is left');
  await scene.advance(600_000);
  t.same(await neighbours(), [], 'held no longer, it ages');
});
