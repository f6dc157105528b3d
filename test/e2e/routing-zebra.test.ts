// zebra alone dies, hangs and comes back, with the real daemons on both ends and the bridge: what is announced stays so without a gap, and
// what comes and goes is followed, also by the kernel's routes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { eventually, must, sendSignal } from '../../lab/index.js';
import { done, lacking, sceneOf, stateBecomes, statusOf } from './routing/probe.js';

const skip = await lacking();
t.setTimeout(240_000);
const [kept, leaving, fresh] = ['123.1.2.3', '123.1.2.4', '123.1.2.5'];
const beyond = ['198.51.100.1', '198.51.100.2'];

t.test('zebra is started anew, ospfd stays', { skip }, async (t) => {
  const scene = await sceneOf(t, { linkType: 'point-to-point' });
  // One route of the area and one external: ospfd keeps them in different tables.
  for (const address of beyond)
    await must(['ip', 'address', 'add', `${address}/32`, 'dev', 'lo'], { namespace: scene.switch });
  const lines = ['configure terminal', 'router ospf', `network ${beyond[0]}/32 area 0.0.0.0`, 'redistribute connected'];
  const vtysh = ['vtysh', '-N', scene.switchFrr.pathspace, '-d', 'ospfd', ...lines.flatMap((line) => ['-c', line])];
  await must(vtysh, { namespace: scene.switch });
  for (const vip of [kept, leaving, fresh]) scene.dataplane.setService(vip, true);
  await scene.startBridge();
  await done(t, scene, 'announce', kept, leaving, '--wait', '60');
  for (const vip of [kept, leaving]) await scene.becomes(vip, true, 15_000);
  const learnedRoutes = async (): Promise<string> =>
    (await scene.ip('-4', 'route', 'show', 'proto', 'ospf'))
      .match(/^[\d.]+/gm)
      ?.sort()
      .join() ?? '';
  const routesBecome = (wanted: string, timeoutMs = 15_000) =>
    eventually('the routes of ospfd', learnedRoutes, (seen) => seen === wanted, { timeoutMs });
  await routesBecome(beyond.join());

  const monitor = spawn('ip', ['-n', scene.switch, '-4', 'monitor', 'route'], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(() => monitor.kill());
  let events = '';
  monitor.stdout.on('data', (chunk) => {
    events += chunk;
  });
  await once(monitor, 'spawn');

  await t.test('while it is dead status says so, and a withdrawal reaches the switch', async (t) => {
    await scene.nodeFrr.kill('zebra');
    await stateBecomes(scene, kept, 'announced zebra');
    t.match(
      (await scene.cli('status')).stdout,
      /^zebra +it does not run; ospfd does not hear of addresses that come or go/m,
    );
    const refused = await scene.cli('announce', fresh);
    t.equal(refused.code, 1);
    t.match(refused.stderr, /zebra: it does not run/);
    await done(t, scene, 'withdraw', leaving);
    await scene.becomes(leaving, false);
    // Left over by the old zebra; a new one takes them away by itself.
    for (const address of beyond) await scene.ip('route', 'delete', `${address}/32`);
  });

  await t.test('it is back: routes, and VIPs that come and go', async (t) => {
    await scene.nodeFrr.startDaemon('zebra');
    await stateBecomes(scene, kept, 'announced -', 90_000);
    await routesBecome(beyond.join());
    await done(t, scene, 'announce', fresh);
    await scene.becomes(fresh, true);
    await done(t, scene, 'withdraw', fresh);
    await scene.becomes(fresh, false);
    t.notMatch(await scene.nodeFrr.show('ospfd', 'show running-config'), /redistribute rip|maximum-paths/);
  });

  await t.test('it hangs: status says so', async () => {
    const zebra = scene.nodeFrr.daemon('zebra').ref;
    sendSignal(zebra, 'SIGSTOP');
    try {
      await stateBecomes(scene, kept, 'announced zebra', 20_000);
    } finally {
      sendSignal(zebra, 'SIGCONT');
    }
    await stateBecomes(scene, kept, 'announced -', 20_000);
  });

  t.match(events, `Deleted ${leaving}`, 'the switch took back what was withdrawn');
  t.notMatch(events, `Deleted ${kept}`, 'and nothing else');
  t.match(await statusOf(scene), { routing: [{ zebra: null }] });
});
