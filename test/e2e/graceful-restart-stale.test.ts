// VIPs that are withdrawn while ospfd is away in a graceful restart: the area goes on believing in them until the bridge cures it, also when
// the bridge was killed in between. And what a preparation refuses.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { eventually, must } from '../../lab/index.js';
import { done, lacking, reported, sceneOf, stateBecomes, stateOf, statusOf } from './routing/probe.js';
import type { Scene } from './routing/scene.js';

const skip = await lacking();
const [kept, sick, gone] = ['123.1.2.3', '123.1.2.4', '123.1.2.5'] as const;
t.setTimeout(180_000);

t.test('graceful restart and stale LSAs', { skip }, async (t) => {
  const scene = await sceneOf(t);
  for (const vip of [kept, sick, gone]) scene.dataplane.setService(vip, true);
  await scene.startBridge();
  await scene.full();
  await done(t, scene, 'announce', kept, sick, gone);

  await t.test('right after a change it is refused, and --dry-run says so', async (t) => {
    const { code, stderr } = await scene.cli('graceful-restart', '--wait', '0');
    t.equal(code, 1);
    t.match(stderr, /has changed \d+ s ago|not acknowledged/);
    const report = await reported(t, scene, 'graceful-restart', '--dry-run');
    t.match(report, {
      action: 'graceful-restart',
      dryRun: true,
      done: true,
      graceSeconds: 60,
      vips: [kept, sick, gone],
    });
    t.equal(report.steps.filter(({ outcome }) => outcome === 'would').length, 2);
    t.equal((await statusOf(scene)).routing[0]?.gracefulRestart, null);
  });

  for (const vip of [kept, sick, gone]) await scene.becomes(vip, true, 20_000);

  await t.test('withdrawn while ospfd is away: stale when it is back, then cured', async (t) => {
    await done(t, scene, 'graceful-restart', '--wait', '30');
    t.match(JSON.parse(readFileSync(scene.journalFile, 'utf8')), { restartUntil: String });
    await scene.nodeFrr.kill('ospfd', 'SIGTERM');
    await phaseBecomes(scene, 'away');
    scene.dataplane.setService(sick, false);
    await stateBecomes(scene, sick, 'withdrawn service');
    await done(t, scene, 'withdraw', gone);
    t.equal(await stateOf(scene, gone), 'absent');
    t.ok((await scene.learned(sick)) && (await scene.learned(gone)), 'nobody could be told');
    // The next bridge knows by its journal alone.
    await scene.killBridge('SIGKILL');
    await scene.startBridge();
    await scene.nodeFrr.startDaemon('ospfd');
    await phaseBecomes(scene, null);
    await scene.full();
    await scene.becomes(sick, false, 20_000);
    await scene.becomes(gone, false, 20_000);
    await stateBecomes(scene, kept, 'announced -');
    t.ok(await scene.learned(kept));
    await settled(scene);
    const config = await scene.nodeFrr.show('ospfd', 'show running-config');
    const addresses = await scene.kniAddresses();
    for (const vip of [sick, gone]) t.notMatch(config + addresses, vip, `nothing of ${vip} stays`);
    t.match(config + addresses, kept);
    t.match(scene.bridgeLog, /vip\.stale/);
  });

  await t.test('announced again, as any other', async (t) => {
    scene.dataplane.setService(sick, true);
    await done(t, scene, 'announce', gone);
    await scene.becomes(sick, true, 20_000);
    await scene.becomes(gone, true, 20_000);
  });

  await t.test('an ospfd that has it not configured is not asked', async (t) => {
    const lines = ['configure terminal', 'router ospf', 'no graceful-restart'].flatMap((line) => ['-c', line]);
    await must(['vtysh', '-N', scene.nodeFrr.pathspace, '-d', 'ospfd', ...lines], { namespace: scene.node });
    const { code, stderr } = await scene.cli('graceful-restart');
    t.equal(code, 1);
    t.match(stderr, /dpvs-route config --graceful-restart/);
  });
});

const phaseBecomes = (scene: Scene, wanted: string | null): Promise<unknown> =>
  eventually(
    `the graceful restart is ${wanted ?? 'over'}`,
    async () => (await statusOf(scene)).routing[0]?.gracefulRestart?.phase ?? null,
    (seen) => seen === wanted,
    { timeoutMs: 30_000 },
  );

/** The bridge has written down that nothing is left to be cured. */
const settled = (scene: Scene): Promise<unknown> =>
  eventually(
    'no departed VIP is left',
    async () => JSON.parse(readFileSync(scene.journalFile, 'utf8')).departed ?? null,
    (seen) => seen === null,
    { timeoutMs: 20_000 },
  );
