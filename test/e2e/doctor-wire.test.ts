// `dpvs-route doctor` with real zebra and ospfd on both ends of a link: each test breaks one thing that keeps neighbours apart.
import t from 'tap';
import { must } from '../../lab/index.js';
import { DoctorScene, lacking } from './routing/doctor-scene.js';
import type { SceneOptions } from './routing/scene.js';
import { kni } from './routing/scene.js';

const skip = await lacking();
t.setTimeout(470_000);
t.jobs = 4;
type Test = Pick<typeof t, 'teardown'>;

async function sceneOf(test: Test, options: SceneOptions): Promise<DoctorScene> {
  const doctor = await DoctorScene.up(options);
  test.teardown(() => doctor.scene.down());
  return doctor;
}

interface Break {
  readonly what: string;
  readonly breakIt: readonly string[];
  readonly onNode?: readonly string[];
  readonly mendIt: readonly string[];
  readonly mendNode?: readonly string[];
  /** Errors besides that of having no neighbour. */
  readonly errors: readonly string[];
  readonly evidence: RegExp;
}

const atSwitch = 'interface to-node';
const atNode = `interface ${kni}`;
const breaks: readonly Break[] = [
  {
    what: 'hello interval',
    breakIt: [atSwitch, 'ip ospf hello-interval 2'],
    mendIt: [atSwitch, 'ip ospf hello-interval 1'],
    errors: ['hello-mismatch'],
    evidence: /10\.0\.0\.1 at 172\.31\.7\.1 says 2 s, dpdk1\.kni has 1 s/,
  },
  {
    what: 'dead interval',
    breakIt: [atSwitch, 'ip ospf dead-interval 7'],
    mendIt: [atSwitch, 'ip ospf dead-interval 4'],
    errors: ['dead-mismatch'],
    evidence: /says 7 s, dpdk1\.kni has 4 s/,
  },
  {
    what: 'area',
    breakIt: ['router ospf', 'no network 172.31.7.0/30 area 0.0.0.0', 'network 172.31.7.0/30 area 0.0.0.7'],
    mendIt: ['router ospf', 'no network 172.31.7.0/30 area 0.0.0.7', 'network 172.31.7.0/30 area 0.0.0.0'],
    errors: ['area-mismatch'],
    evidence: /is in area 0\.0\.0\.7, dpdk1\.kni in 0\.0\.0\.0/,
  },
  {
    what: 'authentication on one side only',
    breakIt: [atSwitch, 'ip ospf message-digest-key 1 md5 secret', 'ip ospf authentication message-digest'],
    mendIt: [atSwitch, 'no ip ospf authentication', 'no ip ospf message-digest-key 1'],
    errors: ['auth-mismatch'],
    evidence: /sends MD5, dpdk1\.kni has no authentication/,
  },
  {
    what: 'MD5 keys',
    breakIt: [atSwitch, 'ip ospf message-digest-key 1 md5 secret', 'ip ospf authentication message-digest'],
    onNode: [atNode, 'ip ospf message-digest-key 1 md5 other', 'ip ospf authentication message-digest'],
    mendIt: [atSwitch, 'no ip ospf authentication', 'no ip ospf message-digest-key 1'],
    mendNode: [atNode, 'no ip ospf authentication', 'no ip ospf message-digest-key 1'],
    errors: ['auth-key-mismatch'],
    evidence: /signs with another key 1/,
  },
  {
    what: 'plain keys',
    breakIt: [atSwitch, 'ip ospf authentication-key secret', 'ip ospf authentication'],
    onNode: [atNode, 'ip ospf authentication-key other', 'ip ospf authentication'],
    mendIt: [atSwitch, 'no ip ospf authentication', 'no ip ospf authentication-key'],
    mendNode: [atNode, 'no ip ospf authentication', 'no ip ospf authentication-key'],
    errors: ['auth-key-mismatch'],
    evidence: /sends another plain key/,
  },
];

t.test('what makes hellos be dropped', { skip, buffered: true }, async (t) => {
  const doctor = await sceneOf(t, { linkType: 'point-to-point' });
  await t.test('a sound node has no errors, and the exit code is 0', async (t) => {
    await doctor.scene.full();
    const { code, report, errors, warnings } = await doctor.diagnose('--listen', '3');
    t.same({ code, errors, warnings }, { code: 0, errors: [], warnings: [] });
    t.same(
      report.checks.filter(({ outcome }) => outcome !== 'ok').map(({ id }) => id),
      ['bridge-down'],
      'everything was looked at; only the bridge, which was never started, is missed',
    );
  });
  for (const { what, breakIt, mendIt, onNode, mendNode, errors, evidence } of breaks)
    await t.test(what, async (t) => {
      await doctor.onSwitch(...breakIt);
      if (onNode !== undefined) await doctor.onNode('ospfd', ...onNode);
      await doctor.neighbourBecomes(/^$/);
      const seen = await doctor.diagnose('--listen', '3');
      t.same(seen.errors, [...errors, 'no-neighbour'].sort());
      t.match(seen.evidence(errors[0]), evidence);
      t.notMatch(JSON.stringify(seen.report), /secret|other\b(?! (router|way|plain|key))/, 'keys are not shown');
      t.equal(seen.code, 1);
      await doctor.onSwitch(...mendIt);
      if (mendNode !== undefined) await doctor.onNode('ospfd', ...mendNode);
    });
  await t.test('mended, the same keys are found to agree', async (t) => {
    const lines = ['ip ospf message-digest-key 3 md5 sixteen-byte-key', 'ip ospf authentication message-digest'];
    await doctor.onSwitch(atSwitch, ...lines);
    await doctor.onNode('ospfd', atNode, ...lines);
    await doctor.scene.full();
    const { errors, report } = await doctor.diagnose('--listen', '3');
    t.same(errors, []);
    t.equal(report.checks.find(({ id }) => id === 'auth-mismatch')?.outcome, 'ok');
  });
});

t.test('what keeps hellos away', { skip, buffered: true }, async (t) => {
  const doctor = await sceneOf(t, { linkType: 'point-to-point' });
  const { scene } = doctor;
  await scene.full();
  await t.test('a silent switch', async (t) => {
    await scene.switchFrr.kill('ospfd');
    await doctor.neighbourBecomes(/^$/);
    const seen = await doctor.diagnose('--listen', '3');
    t.same(seen.errors, ['no-neighbour', 'nothing-received']);
    t.match(seen.evidence('nothing-received'), /3 s of tcpdump: [1-9]\d* sent from here, none received/);
    await scene.switchFrr.startDaemon('ospfd');
    await scene.full();
  });
  await t.test('a passive kni', async (t) => {
    await doctor.onNode('ospfd', atNode, 'ip ospf passive');
    await doctor.neighbourBecomes(/^$/);
    t.same((await doctor.diagnose('--listen', '3')).errors, ['no-neighbour', 'passive']);
    await doctor.onNode('ospfd', atNode, 'no ip ospf passive');
    await scene.full();
  });
  await t.test('a duplicate router id', async (t) => {
    // It takes the new one only when it starts over.
    const takeRouterId = (id: string) =>
      doctor.onSwitch('router ospf', `ospf router-id ${id}`, 'end', 'clear ip ospf process');
    await takeRouterId('172.31.7.2');
    await doctor.neighbourBecomes(/^$/);
    const seen = await doctor.diagnose('--listen', '3');
    t.same(seen.errors, ['duplicate-router-id', 'no-neighbour']);
    t.match(seen.evidence('duplicate-router-id'), /hello of 172\.31\.7\.2 from 172\.31\.7\.1/);
    await takeRouterId('10.0.0.1');
    await scene.full();
  });
  await t.test('a multicast group that was not joined', async (t) => {
    // What a kernel at its limit of memberships does to ospfd.
    await must(['sysctl', '-q', '-w', 'net.ipv4.igmp_max_memberships=0'], { namespace: scene.node });
    await doctor.restart(scene.nodeFrr);
    const seen = await doctor.diagnose('--listen', '3');
    t.ok(seen.errors.includes('multicast-not-joined'), seen.errors.join());
    t.match(seen.evidence('multicast-not-joined'), /\/proc\/net\/igmp: 224\.0\.0\.1$/);
  });
});

t.test('what lets an adjacency come up wrong or not to its end', { skip, buffered: true }, async (t) => {
  const doctor = await sceneOf(t, { linkType: 'broadcast' });
  const { scene } = doctor;
  await scene.full();
  await t.test('the switch takes the link for point-to-point', async (t) => {
    await doctor.onSwitch(atSwitch, 'ip ospf network point-to-point');
    await doctor.neighbourBecomes(/Full/, 20_000);
    const seen = await doctor.diagnose('--listen', '3');
    t.same(seen.errors, ['network-type-mismatch']);
    t.match(seen.evidence('network-type-mismatch'), /dpdk1\.kni is broadcast; 10\.0\.0\.1 .* names no DR/);
  });
  await t.test('the node takes the link for point-to-point', async (t) => {
    await doctor.onSwitch(atSwitch, 'ip ospf network broadcast');
    await doctor.onNode('ospfd', atNode, 'ip ospf network point-to-point');
    await doctor.neighbourBecomes(/Full/, 20_000);
    const seen = await doctor.diagnose('--listen', '3');
    t.same(seen.errors, ['network-type-mismatch']);
    t.match(seen.evidence('network-type-mismatch'), /dpdk1\.kni is point-to-point; 10\.0\.0\.1 .* the DR/);
    await doctor.onNode('ospfd', atNode, 'ip ospf network broadcast');
  });
  await t.test('network masks', async (t) => {
    const onSwitch = (...words: string[]) =>
      must(['ip', 'address', ...words, 'dev', 'to-node'], { namespace: scene.switch });
    await doctor.onSwitch('router ospf', 'network 172.31.7.0/24 area 0.0.0.0');
    await onSwitch('del', '172.31.7.1/30');
    await onSwitch('add', '172.31.7.1/29');
    await doctor.neighbourBecomes(/^$/);
    const seen = await doctor.diagnose('--listen', '3');
    t.same(seen.errors, ['netmask-mismatch', 'no-neighbour']);
    t.match(seen.evidence('netmask-mismatch'), /says 255\.255\.255\.248; on dpdk1\.kni: 172\.31\.7\.2\/30/);
    await onSwitch('del', '172.31.7.1/29');
    await onSwitch('add', '172.31.7.1/30');
    await scene.full();
  });
  await t.test('MTU', async (t) => {
    await must(['ip', 'link', 'set', 'to-node', 'mtu', '1400'], { namespace: scene.switch });
    await doctor.restart(scene.switchFrr);
    await doctor.neighbourBecomes(/^Ex/, 30_000);
    const seen = await doctor.diagnose('--listen', '7');
    t.same(seen.errors, ['mtu-mismatch', 'no-neighbour']);
    t.match(seen.evidence('mtu-mismatch'), /10\.0\.0\.1 describes its database with MTU 1400, dpdk1\.kni has 1500/);
    t.match(seen.evidence('no-neighbour'), /10\.0\.0\.1 at 172\.31\.7\.1 is Ex(Start|change)/);
  });
});
