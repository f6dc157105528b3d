// The bridge's journal on a disk that is full, lost, and damaged, with real zebra and ospfd; and what doctor says of a switch that cannot
// help a graceful restart.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { eventually, must, run } from '../../lab/index.js';
import { DoctorScene, lacking } from './routing/doctor-scene.js';
import { done, stateBecomes, statusOf } from './routing/probe.js';

const skip = await lacking();
t.setTimeout(240_000);
const [first, second] = ['123.1.2.3', '123.1.2.4'];

t.test('the journal', { skip }, async (t) => {
  const doctor = await DoctorScene.up({ linkType: 'point-to-point' });
  const { scene } = doctor;
  const { journalFile } = scene;
  const state = dirname(journalFile);
  t.teardown(async () => {
    if (!t.passing()) t.comment(scene.bridgeLog);
    // After its writer, and before the directory is removed.
    await scene.killBridge('SIGKILL').catch(() => {});
    await run(['umount', state]);
    await scene.down();
  });
  await must(['mount', '-t', 'tmpfs', '-o', 'size=128k,mode=0700', 'tmpfs', state]);
  for (const vip of [first, second]) scene.dataplane.setService(vip, true);
  await scene.startBridge();
  await done(t, scene, 'announce', first, '--wait', '60');
  await scene.becomes(first, true, 15_000);

  await t.test('a full disk: announce is refused, doctor and status say why, a withdrawal goes on', async (t) => {
    const filler = join(state, 'filler');
    await run(['dd', 'if=/dev/zero', `of=${filler}`, 'bs=4k']);
    const refused = await scene.cli('announce', second);
    t.equal(refused.code, 1);
    t.match(refused.stderr, /ENOSPC/);
    t.match((await scene.cli('status')).stdout, /^journal +cannot be written: .*ENOSPC/m);
    const seen = await doctor.diagnose();
    t.same(seen.errors, ['journal-unwritten']);
    t.match(seen.evidence('journal-unwritten'), /ENOSPC/);
    rmSync(filler);
    await eventually(
      'it is written again',
      async () => (await statusOf(scene)).journal.trouble,
      (trouble) => trouble === null,
    );
    t.same((await doctor.diagnose()).errors, []);
  });

  await t.test('lost: the VIP is named, and taken over or back', async (t) => {
    for (const command of ['announce', 'withdraw'] as const) {
      await scene.killBridge('SIGKILL');
      rmSync(journalFile);
      await scene.startBridge();
      await eventually(
        'status names it',
        async () => (await statusOf(scene)).strays,
        (strays) => strays.some(({ vip, device }) => vip === first && device === 'dpdk1'),
      );
      const seen = await doctor.diagnose();
      t.same(seen.errors, ['vip-unknown']);
      t.match(
        (await scene.cli('status')).stdout,
        /123\.1\.2\.3\/32 on dpdk1 is announced, and the bridge does not know of it/,
      );
      t.match(await done(t, scene, 'withdraw', first, '--dry-run'), /would be withdrawn/);
      t.ok(await scene.learned(first), 'it is untouched');
      const said = await done(t, scene, command, first, ...(command === 'announce' ? ['--wait', '20'] : []));
      t.match(said, command === 'announce' ? /announced on dpdk1/ : /123\.1\.2\.3\/32 withdrawn/);
      t.same((await statusOf(scene)).strays, []);
      if (command === 'announce') await stateBecomes(scene, first, 'announced -');
    }
    await scene.becomes(first, false);
    t.notMatch(await scene.kniAddresses(), first);
    t.same(
      scene.dataplane.kniRoutes().filter((route) => route.startsWith(first)),
      [],
    );
    t.notMatch(await scene.nodeFrr.show('ospfd', 'show running-config'), first);
    t.match(await done(t, scene, 'withdraw', first), /not announced/);
  });

  await t.test('damaged: the bridge does not start, and says what to do', async (t) => {
    await done(t, scene, 'announce', second, '--wait', '20');
    await scene.killBridge('SIGKILL');
    writeFileSync(journalFile, readFileSync(journalFile, 'utf8').slice(0, 40));
    const { code, stderr } = await scene.cli('run', '--frr-namespace', scene.nodeFrr.pathspace);
    t.equal(code, 1);
    t.match(stderr, /route\.json: .*\n +to start without it: mv \S+route\.json \S+route\.json\.damaged/);
    const seen = await doctor.diagnose();
    t.same(seen.errors, ['journal-unreadable']);
    await must(['mv', journalFile, `${journalFile}.damaged`]);
    await scene.startBridge();
    t.match(await done(t, scene, 'withdraw', second), /123\.1\.2\.4\/32 withdrawn/);
    await scene.becomes(second, false);
  });

  await t.test('a switch without opaque LSAs hears of no graceful restart', async (t) => {
    t.notOk((await doctor.diagnose()).warnings.includes('graceful-restart-unheard'));
    await doctor.onSwitch('router ospf', 'no capability opaque');
    // What a router can do is told when an adjacency begins.
    await doctor.clearSwitch();
    const seen = await eventually(
      'doctor finds it',
      () => doctor.diagnose(),
      ({ warnings }) => warnings.includes('graceful-restart-unheard'),
      { timeoutMs: 60_000 },
    );
    t.match(seen.evidence('graceful-restart-unheard'), /no option O of 10\.0\.0\.1/);
  });
});
