// Announced only while enough of it can be served, with real zebra and ospfd: quorum, hysteresis, several services, damping, the limit
// of withdrawals a minute.
import t from 'tap';
import { eventually } from '../../lab/index.js';
import { healthy, sick } from './routing/mock-dataplane.js';
import { detailOf, done, keptBecomes, lacking, sceneOf, stateBecomes, stateOf, vipOf } from './routing/probe.js';
import type { Scene } from './routing/scene.js';

const skip = await lacking();
const [one, two, three] = ['123.1.2.3', '123.1.2.4', '123.1.2.5'];
t.setTimeout(470_000);
t.jobs = 3;

/** Milliseconds from a change until the switch's kernel has followed. */
async function until(
  scene: Scene,
  vip: string,
  learned: boolean,
  change: () => void,
  timeoutMs = 8_000,
): Promise<number> {
  const start = performance.now();
  change();
  await scene.becomes(vip, learned, timeoutMs);
  return performance.now() - start;
}

async function ready(test: Parameters<typeof sceneOf>[0], ...args: string[]): Promise<Scene> {
  const scene = await sceneOf(test);
  for (const vip of [one, two, three]) scene.dataplane.setService(vip, true);
  await scene.startBridge(...args);
  await scene.full();
  return scene;
}

t.test('quorum and hysteresis', { skip, buffered: true }, async (t) => {
  const scene = await ready(t);
  const { dataplane } = scene;

  await t.test('below quorum it is refused, and says how many there are', async (t) => {
    dataplane.setServers(healthy, sick, { weight: 0, inhibited: false });
    const { code, stderr } = await scene.cli('announce', one, '--quorum', '2', '--wait', '0');
    t.equal(code, 1);
    t.match(stderr, /too few healthy real servers: tcp 80: 1 of 3 healthy, 2 needed/);
    t.equal(await stateOf(scene, one), 'absent');
  });

  await t.test('below quorum: withdrawn at once; back: announced', async (t) => {
    dataplane.setServers(healthy, healthy, sick);
    await done(t, scene, 'announce', one, '--quorum', '2');
    await scene.becomes(one, true);
    const took = await until(scene, one, false, () => dataplane.setServers(healthy, sick, sick));
    t.comment(`withdrawn ${Math.round(took)} ms after the health check`);
    // Half a second on an idle machine; what it waits for at most is a round of its own, where it was told nothing.
    t.ok(took < 4_000, `${took} ms`);
    await stateBecomes(scene, one, 'withdrawn servers');
    t.notMatch(await scene.kniAddresses(), one);
    await until(scene, one, true, () => dataplane.setServers(healthy, healthy, sick));
    await stateBecomes(scene, one, 'announced -');
  });

  await t.test('hysteresis: up at 3, down below 1', async (t) => {
    await done(t, scene, 'withdraw', one);
    const words = ['announce', two, '--quorum', '2', '--hysteresis', '1', '--wait', '0'];
    const refused = await scene.cli(...words);
    t.equal(refused.code, 1, 'two are between the two thresholds: not enough to begin');
    t.match(refused.stderr, /2 of 3 healthy, 3 needed/);
    dataplane.setServers(healthy, healthy, healthy);
    await done(t, scene, ...words);
    await scene.becomes(two, true);
    dataplane.setServers(healthy, sick, sick);
    const seen = await eventually(
      'the bridge has seen it',
      () => detailOf(scene, two),
      ({ conditions }) => conditions.some(({ detail }) => detail.includes('1 of 3')),
    );
    t.match(seen, { state: 'announced' }, 'one is enough to stay');
    t.ok(await scene.learned(two));
    await until(scene, two, false, () => dataplane.setServers(sick, sick, sick));
    dataplane.setServers(healthy, healthy, sick);
    await eventually(
      'seen',
      () => detailOf(scene, two),
      ({ reason }) => reason?.detail.includes('2 of 3') === true,
    );
    t.notOk(await scene.learned(two), 'two are not enough to come back');
    await until(scene, two, true, () => dataplane.setServers(healthy, healthy, healthy));
  });

  await t.test('two services: any of them, or all', async (t) => {
    dataplane.ports.set(three, [80, 443]);
    dataplane.setServersOf(`${three}:443`, sick);
    const refused = await scene.cli('announce', three, '--services', 'all', '--wait', '0');
    t.equal(refused.code, 1);
    t.match(refused.stderr, /tcp 443: 0 of 1 healthy, 1 needed by each service/);
    await done(t, scene, 'announce', three);
    await scene.becomes(three, true);
    dataplane.setServersOf(`${three}:443`, healthy);
    await done(t, scene, 'announce', three, '--services', 'all');
    await until(scene, three, false, () => dataplane.setServersOf(`${three}:80`, sick));
    await stateBecomes(scene, three, 'withdrawn servers');
    await until(scene, three, true, () => dataplane.setServersOf(`${three}:80`, healthy));
  });

  await t.test('no local port left: withdrawn; ports again: announced', async (t) => {
    const { free } = dataplane.localPorts;
    await until(scene, three, false, () => dataplane.setLocalPorts(0, free));
    await stateBecomes(scene, three, 'withdrawn local ports');
    t.match((await vipOf(scene, three))?.reason, { code: 'no_ports' });
    await until(scene, three, true, () => dataplane.setLocalPorts(free, 0));
    await stateBecomes(scene, three, 'announced -');
  });

  await t.test('nobody hears: not called announced, not taken back, and there as soon as somebody does', async (t) => {
    await stateBecomes(scene, three, 'announced -');
    await scene.switchFrr.kill('ospfd');
    await stateBecomes(scene, three, 'configured neighbour', 30_000);
    t.match(await vipOf(scene, three), { held: true, reason: { code: 'no_adjacency' } });
    t.match(await scene.kniAddresses(), three);
    t.match(await scene.nodeFrr.show('ospfd', 'show ip ospf database external self-originate'), three);
    const { stdout } = await scene.cli('status');
    t.match(stdout, /configured .* neighbour: on dpdk1\.kni: /);
    t.match(stdout, /no neighbour is Full/);
    await scene.switchFrr.startDaemon('ospfd');
    await scene.becomes(three, true, 30_000);
    await stateBecomes(scene, three, 'announced -');
    const { history } = await detailOf(scene, three);
    t.match(history.slice(-2), [
      { from: 'announced', to: 'configured', reason: { at: 'neighbour', code: 'no_adjacency' } },
      { from: 'configured', to: 'announced' },
    ]);
  });
});

t.test('damping', { skip, buffered: true }, async (t) => {
  const scene = await ready(t);
  const { dataplane } = scene;
  const events = await scene.announcements();
  t.teardown(() => events.close());
  await done(t, scene, 'announce', one);
  await scene.becomes(one, true);
  let damped = false;
  for (let round = 0; round < 6 && !damped; round++) {
    dataplane.setServers(sick);
    await stateBecomes(scene, one, 'withdrawn servers');
    dataplane.setServers(healthy);
    const state = await eventually(
      'it is back, or damped',
      () => stateOf(scene, one),
      (seen) => ['announced -', 'withdrawn damping'].includes(seen),
    );
    damped = state === 'withdrawn damping';
    if (round < 2) t.notOk(damped, `not at the first or second time: ${round}`);
  }
  t.ok(damped, 'a VIP that flaps is damped');
  t.notOk(await scene.learned(one));
  t.match((await vipOf(scene, one))?.reason?.detail, /^for another \d+ s$/);
  await done(t, scene, 'announce', one);
  await scene.becomes(one, true);
  await until(scene, one, false, () => dataplane.setServers(sick));
  await until(scene, one, true, () => dataplane.setServers(healthy));
  t.pass('forgiven: one more withdrawal does not damp it');

  await stateBecomes(scene, one, 'announced -');
  const { history } = await detailOf(scene, one);
  const told = history.map(({ from, to, reason }) => JSON.stringify([one, from, to, reason]));
  const heard = (): string[] =>
    events.heard.map(({ vip, from, to, reason }) => JSON.stringify([vip, from, to, reason])).slice(-told.length);
  await eventually(
    `each transition is an event, with the same reason: ${told.join(' ')}`,
    async () => heard(),
    (seen) => seen.join() === told.join(),
  );
  t.ok(history.every(({ reason }) => reason.at !== '' && reason.detail !== ''));
});

t.test('at most so many withdrawals a minute', { skip, buffered: true }, async (t) => {
  const scene = await ready(t, '--withdraw-limit', '1');
  await done(t, scene, 'announce', one, two);
  await scene.becomes(one, true);
  await scene.becomes(two, true);
  scene.dataplane.setServers(sick);
  const gone = await eventually(
    'one of them is gone',
    async () => [await scene.learned(one), await scene.learned(two)],
    (seen) => seen.includes(false),
  );
  const stays = gone[0] ? one : two;
  await keptBecomes(scene, stays, 'withdraw limit');
  t.equal(await stateOf(scene, stays), 'announced -');
  t.ok(await scene.learned(stays));
  t.match((await scene.cli('status')).stdout, /announced .* should go, withdraw limit: 1 VIPs went/);
  scene.dataplane.setService(stays, false);
  await scene.becomes(stays, false);
  await stateBecomes(scene, stays, 'withdrawn service');
});
