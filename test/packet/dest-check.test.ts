// The passive health check: what handshakes tell of a real server, when it is inhibited, for how long, and what brings it back.
import type { DestCheck, ServerInfo } from '../../api/index.js';
import type { Scene } from '../support/scene.js';
import { TcpFlow } from '../support/tcp-flow.js';
import { packetTestWith, serverKey, servers, tcpService } from '../support/two-arm.js';

const usual: DestCheck = { down: 1, up: 1, wait: 3, inhibitMin: 5, inhibitMax: 3600 };

const check = (scene: Scene, destCheck?: DestCheck) =>
  scene.harness.configure('service.edit', {
    service: tcpService,
    scheduler: 'rr',
    ...(destCheck ? { destCheck } : {}),
  });

async function listed({ harness }: Scene): Promise<readonly ServerInfo[]> {
  const [service] = await harness.configure('service.list', { service: tcpService });
  return service.servers;
}
const inhibited = async (scene: Scene) => (await listed(scene)).map((server) => server.inhibited);
/** Long enough that the check has looked. */
const look = (scene: Scene) => scene.advance(200);

let sport = 20_000;
const open = (scene: Scene): TcpFlow => new TcpFlow(scene, { sport: sport++ });

/** A SYN that whichever server it goes to answers with a reset. @returns that server's index */
async function refused(scene: Scene): Promise<number> {
  const flow = open(scene);
  await flow.syn();
  await flow.fromServer({ flags: 'RA' });
  await look(scene);
  return servers.indexOf(flow.server as (typeof servers)[number]);
}

packetTestWith(
  'a server that refuses gets nothing for five seconds, then ten, then twenty',
  { realServers: 2 },
  async (t, scene) => {
    await check(scene, usual);
    await look(scene);
    t.same(await inhibited(scene), [false, false]);
    const bad = await refused(scene);
    for (const seconds of [5, 10, 20]) {
      t.match(scene.harness.notices?.(), [
        { service: tcpService, server: serverKey(bad), inhibited: true, seconds, why: 'refused', failures: 1 },
      ]);
      t.equal((await inhibited(scene))[bad], true);
      const [other] = [0, 1].filter((i) => i !== bad);
      for (let i = 0; i < 4; i++) {
        const flow = await open(scene).establish();
        t.equal(flow.server, servers[other], 'new connections go to the other');
      }
      await scene.advance((seconds - 1) * 1000);
      t.equal((await inhibited(scene))[bad], true, `after ${seconds - 1} s`);
      await scene.advance(1200);
      t.equal((await inhibited(scene))[bad], false, `after ${seconds} s`);
      t.match(scene.harness.notices?.(), [{ inhibited: false, why: 'time is up', seconds: 0 }]);
      // Until it is its turn: the other accepts.
      for (;;) {
        const flow = open(scene);
        await flow.syn();
        await flow.fromServer({ flags: flow.server === servers[bad] ? 'RA' : 'SA' });
        await look(scene);
        if (flow.server === servers[bad]) break;
      }
    }
    t.match(scene.harness.notices?.(), [{ inhibited: true, seconds: 40 }]);
  },
);

packetTestWith('a success starts the back-off anew, also while inhibited', { realServers: 1 }, async (t, scene) => {
  await check(scene, usual);
  await look(scene);
  const late = open(scene);
  await late.syn();
  await refused(scene);
  t.same(await inhibited(scene), [true]);
  t.match(
    await scene.harness.configure('service.health', {}),
    [{ servers: 1, healthy: 0 }],
    'what the bridge withdraws by',
  );
  await late.synAck();
  await look(scene);
  t.same(await inhibited(scene), [false], 'it answers after all');
  await refused(scene);
  t.match(
    scene.harness.notices?.().map(({ seconds, why }) => [why, seconds]),
    [
      ['refused', 5],
      ['answers', 0],
      ['refused', 5],
    ],
  );
});

packetTestWith('attempts that nobody answers count after three seconds', { realServers: 1 }, async (t, scene) => {
  await check(scene, { ...usual, down: 2 });
  await look(scene);
  await open(scene).syn();
  await open(scene).syn();
  await scene.advance(2800);
  t.same(await inhibited(scene), [false]);
  await scene.advance(600);
  t.same(await inhibited(scene), [true]);
  t.match(scene.harness.notices?.(), [{ why: 'silent', failures: 2 }]);
});

packetTestWith('clients that do not finish are no fault of the server', { realServers: 1 }, async (t, scene) => {
  await check(scene, usual);
  await look(scene);
  for (let i = 0; i < 20; i++) {
    const flow = open(scene);
    await flow.syn();
    await flow.synAck();
    if (i % 2 === 0) await flow.fromClient({ flags: 'R' });
  }
  // A reset after the server's SYN is the application's.
  const flow = await open(scene).establish();
  await flow.fromServer({ flags: 'RA' });
  await scene.advance(40_000);
  t.same(await inhibited(scene), [false]);
  t.same(scene.harness.notices?.(), []);
});

packetTestWith('`down` failures within `wait` are needed', { realServers: 1 }, async (t, scene) => {
  await check(scene, { ...usual, down: 3, wait: 2 });
  await look(scene);
  for (let i = 0; i < 4; i++) {
    await refused(scene);
    await scene.advance(1000);
  }
  t.same(await inhibited(scene), [false], 'one in 1.2 s is not enough');
  for (let i = 0; i < 3; i++) await refused(scene);
  t.same(await inhibited(scene), [true]);
});

packetTestWith(
  'without a check nothing is inhibited, and switched off it is taken back',
  { realServers: 1 },
  async (t, scene) => {
    for (let i = 0; i < 5; i++) await refused(scene);
    t.same(await inhibited(scene), [false]);
    await check(scene, usual);
    await look(scene);
    await refused(scene);
    t.same(await inhibited(scene), [true]);
    t.match(await scene.harness.configure('service.list', {}), [{ destCheck: usual }, {}]);
    await check(scene);
    t.same(await inhibited(scene), [false]);
    await refused(scene);
    t.same(await inhibited(scene), [false]);
  },
);

packetTestWith('a server taken out and put in again begins anew', { realServers: 1 }, async (t, scene) => {
  await check(scene, usual);
  await look(scene);
  await refused(scene);
  t.same(await inhibited(scene), [true]);
  const server = { service: tcpService, server: serverKey(0) };
  await scene.harness.configure('server.del', server);
  await look(scene);
  await scene.harness.configure('server.add', { ...server, forwarding: 'FullNat' });
  await look(scene);
  t.same(await inhibited(scene), [false]);
  await refused(scene);
  t.match(scene.harness.notices?.().at(-1), { inhibited: true, seconds: 5 });
});

packetTestWith('a UDP service has no such check', { realServers: 1 }, async (t, { harness }) => {
  await t.rejects(
    async () =>
      harness.configure('service.edit', { service: { ...tcpService, protocol: 'udp', port: 53 }, destCheck: usual }),
    { code: 'not_support', field: 'destCheck' },
  );
});
