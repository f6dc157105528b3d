// `dpvs-route doctor` with real zebra and ospfd on both ends of a link: each test breaks one thing for which hellos are dropped.
import t, { type Test } from 'tap';
import { DoctorScene, lacking } from './routing/doctor-scene.js';
import { kni } from './routing/scene.js';

const skip = await lacking();
t.setTimeout(470_000);
t.jobs = 4;
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
const area = (from: string, to: string) => [
  'router ospf',
  `no network 172.31.7.0/30 area ${from}`,
  `network 172.31.7.0/30 area ${to}`,
];
const timersAndAreas: readonly Break[] = [
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
    breakIt: area('0.0.0.0', '0.0.0.7'),
    mendIt: area('0.0.0.7', '0.0.0.0'),
    errors: ['area-mismatch'],
    evidence: /is in area 0\.0\.0\.7, dpdk1\.kni in 0\.0\.0\.0/,
  },
  {
    // The backbone can be no stub: both are moved to another area.
    what: 'a stub area to the switch',
    breakIt: [...area('0.0.0.0', '0.0.0.1'), 'area 0.0.0.1 stub'],
    onNode: area('0.0.0.0', '0.0.0.1'),
    mendIt: ['router ospf', 'no area 0.0.0.1 stub', ...area('0.0.0.1', '0.0.0.0')],
    mendNode: area('0.0.0.1', '0.0.0.0'),
    errors: ['area-type-mismatch'],
    evidence: /10\.0\.0\.1 at 172\.31\.7\.1 sends the E bit clear, the N bit clear/,
  },
  {
    what: 'an NSSA to the switch, a stub to the node',
    breakIt: [...area('0.0.0.0', '0.0.0.1'), 'area 0.0.0.1 nssa'],
    onNode: [...area('0.0.0.0', '0.0.0.1'), 'area 0.0.0.1 stub'],
    mendIt: ['router ospf', 'no area 0.0.0.1 nssa', ...area('0.0.0.1', '0.0.0.0')],
    mendNode: ['router ospf', 'no area 0.0.0.1 stub', ...area('0.0.0.1', '0.0.0.0')],
    errors: ['area-type-mismatch'],
    evidence: /sends the E bit clear, the N bit set/,
  },
];
const keys: readonly Break[] = [
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

async function breakEach(t: Test, doctor: DoctorScene, breaks: readonly Break[]): Promise<void> {
  for (const { what, breakIt, mendIt, onNode, mendNode, errors, evidence } of breaks)
    await t.test(what, async (t) => {
      await doctor.onSwitch(...breakIt);
      if (onNode !== undefined) await doctor.onNode('ospfd', ...onNode);
      await doctor.apart();
      const seen = await doctor.diagnose('--listen', '3');
      t.same(seen.errors, [...errors, 'no-neighbour'].sort());
      t.match(seen.evidence(errors[0]), evidence);
      t.notMatch(JSON.stringify(seen.report), /secret|other\b(?! (router|way|plain|key))/, 'keys are not shown');
      t.equal(seen.code, 1);
      await doctor.onSwitch(...mendIt);
      if (mendNode !== undefined) await doctor.onNode('ospfd', ...mendNode);
    });
}

t.test('timers and areas', { skip, buffered: true }, async (t) => {
  const doctor = await DoctorScene.up({ linkType: 'point-to-point' }, t);
  await t.test('a sound node has no errors, and the exit code is 0', async (t) => {
    await doctor.scene.full();
    const { code, report, errors, warnings } = await doctor.diagnose('--listen', '3');
    t.same({ code, errors, warnings }, { code: 0, errors: [], warnings: [] });
    t.same(
      report.checks.filter(({ outcome }) => outcome !== 'ok').map(({ id, outcome }) => `${id} ${outcome}`),
      ['bridge-down found', 'bridge-journal skipped'],
      'everything was looked at but the bridge, which was never started',
    );
  });
  await breakEach(t, doctor, timersAndAreas);
});

t.test('keys', { skip, buffered: true }, async (t) => {
  const doctor = await DoctorScene.up({ linkType: 'point-to-point' }, t);
  await breakEach(t, doctor, keys);
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
