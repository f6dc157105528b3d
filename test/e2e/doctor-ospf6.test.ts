// `dpvs-route doctor` with real zebra and ospf6d on both ends of a link: each test breaks one thing of OSPFv3.
import t from 'tap';
import { eventually } from '../../lab/index.js';
import { DoctorScene, lacking } from './routing/doctor-scene.js';
import { kni } from './routing/scene.js';

const skip = await lacking('ospf6');
t.setTimeout(470_000);
t.jobs = 4;
const vip = '2001:db8:1::3';
const atSwitch = 'interface to-node';
const atNode = `interface ${kni}`;
const area = (interfaceLine: string, from: string, to: string) => [
  interfaceLine,
  `no ipv6 ospf6 area ${from}`,
  `ipv6 ospf6 area ${to}`,
];

interface Break {
  readonly what: string;
  readonly breakIt: readonly string[];
  readonly onNode?: readonly string[];
  readonly mendIt: readonly string[];
  readonly mendNode?: readonly string[];
  readonly finding: string;
  readonly evidence: RegExp;
}

const breaks: readonly Break[] = [
  {
    what: 'hello interval',
    breakIt: [atSwitch, 'ipv6 ospf6 hello-interval 2'],
    mendIt: [atSwitch, 'ipv6 ospf6 hello-interval 1'],
    finding: 'ospf6-hello-mismatch',
    evidence: /10\.0\.0\.1 at fe80::\S+ says 2 s, dpdk1\.kni has 1 s/,
  },
  {
    what: 'dead interval',
    breakIt: [atSwitch, 'ipv6 ospf6 dead-interval 7'],
    mendIt: [atSwitch, 'ipv6 ospf6 dead-interval 4'],
    finding: 'ospf6-dead-mismatch',
    evidence: /says 7 s, dpdk1\.kni has 4 s/,
  },
  {
    what: 'area',
    breakIt: area(atSwitch, '0.0.0.0', '0.0.0.7'),
    mendIt: area(atSwitch, '0.0.0.7', '0.0.0.0'),
    finding: 'ospf6-area-mismatch',
    evidence: /is in area 0\.0\.0\.7, dpdk1\.kni in 0\.0\.0\.0/,
  },
  {
    what: 'a stub area to the switch',
    breakIt: ['router ospf6', 'area 0.0.0.1 stub', 'exit', ...area(atSwitch, '0.0.0.0', '0.0.0.1')],
    onNode: area(atNode, '0.0.0.0', '0.0.0.1'),
    mendIt: ['router ospf6', 'no area 0.0.0.1 stub', 'exit', ...area(atSwitch, '0.0.0.1', '0.0.0.0')],
    mendNode: area(atNode, '0.0.0.1', '0.0.0.0'),
    finding: 'ospf6-area-type-mismatch',
    evidence: /sends the E bit clear, the N bit clear/,
  },
  {
    what: 'authentication on one side only',
    breakIt: [atSwitch, 'ipv6 ospf6 authentication key-id 1 hash-algo hmac-sha-256 key secret'],
    mendIt: [atSwitch, 'no ipv6 ospf6 authentication key-id 1 hash-algo hmac-sha-256 key secret'],
    finding: 'ospf6-auth-mismatch',
    evidence: /sends authentication trailer, dpdk1\.kni does not/,
  },
  {
    what: 'instance',
    breakIt: [atSwitch, 'ipv6 ospf6 instance-id 3'],
    mendIt: [atSwitch, 'ipv6 ospf6 instance-id 0'],
    finding: 'ospf6-instance-mismatch',
    evidence: /is of instance 3, dpdk1\.kni of 0/,
  },
];

/** What doctor finds, and only that. */
async function find(doctor: DoctorScene, ...args: string[]) {
  const seen = await doctor.diagnose(...args);
  return { seen, ids: { errors: seen.errors, warnings: seen.warnings } };
}

t.test('what makes hellos be dropped', { skip, buffered: true }, async (t) => {
  const doctor = await DoctorScene.up({ protocol: 'ospf6' }, t);
  await t.test('a sound node has no errors', async (t) => {
    await doctor.neighbourBecomes(/^Full$/, 40_000);
    const { code, errors, warnings, report } = await doctor.diagnose('--listen', '3');
    t.same({ code, errors, warnings }, { code: 0, errors: [], warnings: [] });
    t.equal(report.checks.find(({ id }) => id === 'ospf6-hello-mismatch')?.outcome, 'ok');
    t.equal(
      report.checks.find(({ id }) => id === 'ospfd-down'),
      undefined,
      'a node of IPv6 VIPs alone needs no ospfd',
    );
  });
  for (const { what, breakIt, onNode, mendIt, mendNode, finding, evidence } of breaks)
    await t.test(what, async (t) => {
      await doctor.onSwitch(...breakIt);
      if (onNode !== undefined) await doctor.onNode('ospf6d', ...onNode);
      await doctor.apart();
      const seen = await doctor.diagnose('--listen', '3');
      t.same(
        { errors: seen.errors, warnings: seen.warnings },
        { errors: [finding, 'ospf6-no-neighbour'].sort(), warnings: [] },
      );
      t.match(seen.evidence(finding), evidence);
      t.notMatch(JSON.stringify(seen.report), /secret/, 'keys are not shown');
      await doctor.onSwitch(...mendIt);
      if (mendNode !== undefined) await doctor.onNode('ospf6d', ...mendNode);
    });
});

t.test('adjacencies', { skip, buffered: true }, async (t) => {
  const doctor = await DoctorScene.up({ protocol: 'ospf6' }, t);
  const { scene } = doctor;
  await doctor.neighbourBecomes(/^Full$/, 40_000);

  await t.test('the switch takes the link for broadcast', async (t) => {
    await doctor.onSwitch(atSwitch, 'ipv6 ospf6 network broadcast');
    const seen = await eventually(
      'it names a DR',
      () => doctor.diagnose('--listen', '3'),
      ({ errors }) => errors.includes('ospf6-network-type-mismatch'),
      { timeoutMs: 30_000 },
    );
    t.same(
      seen.errors.filter((id) => id !== 'ospf6-no-neighbour'),
      ['ospf6-network-type-mismatch'],
    );
    await doctor.onSwitch(atSwitch, 'ipv6 ospf6 network point-to-point');
  });
  await t.test('database descriptions that are not taken', async (t) => {
    // On a broadcast link they go to the link-local address.
    const local = (await scene.ip('-6', '-o', 'address', 'show', kni, 'scope', 'link')).split(/\s+/)[3];
    await doctor.onSwitch(atSwitch, 'ipv6 ospf6 network broadcast');
    await doctor.onNode('ospf6d', atNode, 'ipv6 ospf6 network broadcast');
    const mend = await doctor.refuseOspf(local.replace('/64', ''));
    await scene.switchFrr.show('ospf6d', 'clear ipv6 ospf6 interface to-node');
    await doctor.neighbourBecomes(/^Ex/, 30_000);
    const { seen, ids } = await find(doctor, '--listen', '7');
    t.same(ids, { errors: ['ospf6-no-neighbour'], warnings: ['ospf6-mtu-suspected'] });
    t.match(
      seen.evidence('ospf6-mtu-suspected'),
      /for \d+ s; MTU 1500 here; database descriptions of it heard in 7 s: [1-9]/,
    );
    await mend();
    await doctor.onSwitch(atSwitch, 'ipv6 ospf6 network point-to-point');
    await doctor.onNode('ospf6d', atNode, 'ipv6 ospf6 network point-to-point');
    await doctor.neighbourBecomes(/^Full$/, 40_000);
  });
  await t.test('MTU', async (t) => {
    await doctor.onSwitch(atSwitch, 'ipv6 ospf6 ifmtu 1400');
    await scene.switchFrr.show('ospf6d', 'clear ipv6 ospf6 interface to-node');
    await doctor.neighbourBecomes(/^Ex/, 30_000);
    const { seen, ids } = await find(doctor, '--listen', '7');
    t.same(ids, { errors: ['ospf6-mtu-mismatch', 'ospf6-no-neighbour'], warnings: [] });
    t.match(
      seen.evidence('ospf6-mtu-mismatch'),
      /10\.0\.0\.1 describes its database with MTU 1400, dpdk1\.kni has 1500/,
    );
    await doctor.onSwitch(atSwitch, 'no ipv6 ospf6 ifmtu');
  });
  await t.test('a passive kni', async (t) => {
    await doctor.onNode('ospf6d', atNode, 'ipv6 ospf6 passive');
    await doctor.apart();
    t.same((await find(doctor, '--listen', '3')).ids, {
      errors: ['ospf6-no-neighbour', 'ospf6-passive'],
      warnings: [],
    });
    await doctor.onNode('ospf6d', atNode, 'no ipv6 ospf6 passive');
  });
  await t.test('a duplicate router id', async (t) => {
    await doctor.onSwitch('router ospf6', 'ospf6 router-id 10.0.0.2', 'end', 'clear ipv6 ospf6 process');
    await doctor.apart();
    const { seen, ids } = await find(doctor, '--listen', '3');
    t.same(ids, { errors: ['ospf6-duplicate-router-id', 'ospf6-no-neighbour'], warnings: [] });
    t.match(seen.evidence('ospf6-duplicate-router-id'), /hello of 10\.0\.0\.2 at fe80::/);
  });
});

t.test('VIPs, processes and interfaces', { skip, buffered: true }, async (t) => {
  const doctor = await DoctorScene.up({ protocol: 'ospf6' }, t);
  const { scene } = doctor;
  await doctor.neighbourBecomes(/^Full$/, 40_000);
  await t.test('a VIP that is wanted, and the bridge that announced it was killed', async (t) => {
    scene.dataplane.setService(vip, true);
    await scene.startBridge();
    t.equal((await scene.cli('announce', vip)).code, 0);
    t.same((await find(doctor)).ids, { errors: [], warnings: [] });
    await scene.killBridge('SIGKILL');
    await scene.ip('address', 'del', `${vip}/128`, 'dev', kni);
    const seen = await eventually(
      'it is announced no more',
      () => doctor.diagnose(),
      ({ errors }) => errors.length > 0,
      { timeoutMs: 15_000 },
    );
    t.same(seen.errors, ['wanted-not-announced']);
    t.match(seen.evidence('wanted-not-announced'), /no LSA of this node names it/);
    await scene.ip('address', 'add', `${vip}/128`, 'dev', kni, 'nodad');
  });
  await t.test('a silent switch', async (t) => {
    await scene.switchFrr.kill('ospf6d');
    await doctor.apart();
    const { seen, ids } = await find(doctor, '--listen', '3');
    t.same(ids, { errors: ['ospf6-no-neighbour', 'ospf6-nothing-received'], warnings: [] });
    t.match(seen.evidence('ospf6-no-neighbour'), /in 3 s [1-9]\d* OSPFv3 packets sent, 0 received/);
  });
  await t.test('no link-local address', async (t) => {
    const local = (await scene.ip('-6', '-o', 'address', 'show', kni, 'scope', 'link')).split(/\s+/)[3];
    await scene.ip('address', 'del', local, 'dev', kni);
    const { ids } = await find(doctor);
    t.ok(ids.errors.includes('ospf6-no-link-local'), ids.errors.join());
    await scene.ip('address', 'add', local, 'dev', kni, 'nodad');
  });
  await t.test('OSPFv3 runs on no kni', async (t) => {
    await doctor.onNode('ospf6d', atNode, 'no ipv6 ospf6 area 0.0.0.0');
    t.same((await find(doctor)).ids.errors, ['ospf6-not-on-kni']);
  });
  await t.test('ospf6d has no `router ospf6`', async (t) => {
    await doctor.onNode('ospf6d', 'no router ospf6');
    t.same((await find(doctor)).ids.errors, ['ospf6-not-configured']);
  });
  await t.test('ospf6d does not run', async (t) => {
    await scene.nodeFrr.kill('ospf6d');
    t.same((await find(doctor)).ids, { errors: ['ospf6d-down'], warnings: [] });
  });
});
