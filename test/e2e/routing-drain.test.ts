// Draining with real zebra and ospfd and a second node: the switch goes over to the other, flows end, then the VIP is withdrawn and stays so.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { eventually } from '../../lab/index.js';
import { Peer } from './routing/peer.js';
import { detailOf, done, lacking, reported, sceneOf, stateBecomes, stateOf, vipOf } from './routing/probe.js';
import type { LinkType } from './routing/scene.js';

const skip = await lacking();
const vip = '123.1.2.3';
const alone = '123.1.2.4';
const drainedMetric = { redistribute: 1_000_000, network: 60_000 } as const;
t.setTimeout(470_000);
t.jobs = 2;

for (const [form, linkType] of [
  ['redistribute', 'point-to-point'],
  ['network', 'broadcast'],
] as ['redistribute' | 'network', LinkType][])
  t.test(`${form} form on a ${linkType} link`, { skip, buffered: true }, async (t) => {
    const scene = await sceneOf(t, { form, linkType });
    const { dataplane } = scene;
    for (const each of [vip, alone]) dataplane.setService(each, true);
    const [peer] = await Promise.all([Peer.up(scene), scene.startBridge()]);
    await scene.full(3);
    await peer.announce(vip);
    await done(t, scene, 'announce', vip, alone, '--wait', '30');
    await scene.becomes(vip, true, 20_000);
    await scene.becomes(alone, true, 20_000);
    await peer.becomes(vip, true);
    const running = () => scene.nodeFrr.show('ospfd', 'show running-config');
    const own = async () => (await detailOf(scene, vip)).announcers?.find(({ self }) => self)?.metric;
    const metric = await own();

    await t.test('both are in the best set: the same metric', async (t) => {
      // This node's database may be a moment behind the switch's.
      const { announcers } = await eventually(
        'both announce it',
        () => detailOf(scene, vip),
        (seen) => seen.announcers?.length === 2,
        { timeoutMs: 20_000 },
      );
      t.equal(JSON.parse(await done(t, scene, 'show', vip, '--json')).vips[0].announcers.length, 2, 'shown as well');
      t.equal(announcers?.length, 2);
      t.equal(new Set(announcers?.map((each) => each.metric)).size, 1, JSON.stringify(announcers));
      t.ok((await scene.learned(vip)) && (await peer.learned(vip)), 'the switch has two next hops');
    });

    await t.test('where nobody else announces it, it is refused and nothing stays', async (t) => {
      const before = await running();
      const { code, stderr } = await scene.cli('drain', alone);
      t.equal(code, 1);
      t.match(stderr, /no other node announces it: other announcers: 123\.1\.2\.4/);
      t.equal((await scene.cli('drain', '--all')).code, 1, 'all, or none');
      t.equal(await running(), before);
      t.equal(await stateOf(scene, vip), 'announced -');
      t.equal(await stateOf(scene, alone), 'announced -');
    });

    await t.test('--dry-run says what it would do, and changes nothing', async (t) => {
      const before = [await running(), await scene.kniAddresses(), readFileSync(scene.journalFile, 'utf8')];
      for (const command of ['drain', 'undrain', 'withdraw', 'announce']) {
        const report = await reported(t, scene, command, vip, '--dry-run');
        t.match(report, { dryRun: true, done: true, action: command });
        if (command === 'drain' || command === 'withdraw')
          t.ok(
            report.steps.some(({ outcome }) => outcome === 'would'),
            `${command}: ${JSON.stringify(report.steps)}`,
          );
        t.notOk(report.steps.some(({ outcome }) => outcome === 'done'));
      }
      t.same([await running(), await scene.kniAddresses(), readFileSync(scene.journalFile, 'utf8')], before);
    });

    await t.test('drain: the switch goes over to the other; it stays on the kni for what is under way', async (t) => {
      dataplane.setFlows(vip, 5, 2);
      const report = await reported(t, scene, 'drain', vip, '--deadline', 'never');
      t.match(report, { action: 'drain', done: true, flows: { live: 5, newPerSecond: 2 } });
      await scene.becomes(vip, false, 10_000);
      t.ok(await peer.learned(vip));
      t.equal(await own(), drainedMetric[form]);
      t.match(await scene.kniAddresses(), vip);
      t.match(await vipOf(scene, vip), { state: 'draining', stage: 'emptying', deadlineSeconds: null });
      t.equal(await stateOf(scene, alone), 'announced -');
      t.ok(await scene.learned(alone));
      const refused = await scene.cli('announce', vip);
      t.equal(refused.code, 1, 'announce does not bring it back');
      t.match(refused.stderr, /undrain brings it back/);
    });

    await t.test('undrain: as good as before', async (t) => {
      await done(t, scene, 'undrain', vip);
      await scene.becomes(vip, true, 15_000);
      t.equal(await own(), metric);
      t.equal(await stateOf(scene, vip), 'announced -');
    });

    await t.test('a drain that is under way survives SIGKILL of the bridge, and ends with its flows', async (t) => {
      await done(t, scene, 'drain', vip, '--deadline', 'never');
      await scene.becomes(vip, false, 10_000);
      await scene.killBridge('SIGKILL');
      await scene.startBridge();
      await eventually(
        'it drains on',
        () => vipOf(scene, vip),
        (seen) => seen?.state === 'draining' && seen.stage === 'emptying',
        { timeoutMs: 20_000 },
      );
      t.notOk(await scene.learned(vip));
      t.match(await scene.kniAddresses(), vip, 'its flows are still here');
      await peer.withdraw(vip);
      await eventually(
        'it says that nobody is left',
        () => vipOf(scene, vip),
        (seen) => seen?.kept?.code === 'sole_announcer',
        { timeoutMs: 30_000 },
      );
      dataplane.setFlows(vip, 0, 0);
      await eventually(
        'its flows have ended',
        () => vipOf(scene, vip),
        (seen) => seen?.flows?.live === 0,
      );
      await scene.becomes(vip, true, 10_000);
      t.match(await done(t, scene, 'status'), /emptying, is not withdrawn, drain: 0 other announcers, 1 have to stay/);
      t.match(await vipOf(scene, vip), { state: 'draining' });
      await peer.announce(vip);
      await stateBecomes(scene, vip, 'withdrawn drain', 10_000);
      t.notMatch(await scene.kniAddresses(), vip);
      t.match((await vipOf(scene, vip))?.reason, { detail: 'no flow was left' });
      await scene.killBridge('SIGKILL');
      await scene.startBridge();
      await stateBecomes(scene, vip, 'withdrawn drain');
      t.notMatch(await scene.kniAddresses(), vip, 'a restart does not bring it back');
      t.notMatch(await running(), new RegExp(`DPVS-DRAIN.*permit|cost ${drainedMetric.network}`), 'nothing stays');
    });

    await t.test('undrain of a VIP that was withdrawn announces it, as good as before', async (t) => {
      await done(t, scene, 'undrain', vip);
      await scene.becomes(vip, true, 20_000);
      await stateBecomes(scene, vip, 'announced -', 20_000);
      t.equal(await own(), metric);
    });

    await t.test('--deadline cuts what is left, and --wait follows until then', async (t) => {
      dataplane.setFlows(vip, 7, 0);
      // Late enough for --wait to see it empty, also on a busy machine.
      const { code, stdout, stderr } = await scene.cli('drain', vip, '--deadline', '4', '--wait');
      t.equal(code, 0, stderr);
      t.match(stdout, /emptying +7 flows, 0 new\/s/);
      t.match(stdout, /withdrawn .*at the deadline, 7 flows were left/);
      await scene.becomes(vip, false);
      // `withdrawn` is what the bridge has decided; the address goes a moment later.
      await eventually(
        'the address is gone',
        () => scene.kniAddresses(),
        (seen) => !seen.includes(`${vip}/32`),
      );
      t.equal(JSON.parse(readFileSync(scene.journalFile, 'utf8')).vips[0].drain.ended, true);
    });
  });
