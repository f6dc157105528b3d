// `dpvs-route doctor` with real zebra and ospfd: each test breaks one thing on the node itself.
import t from 'tap';
import { eventually, must } from '../../lab/index.js';
import { type Diagnosis, DoctorScene, kniHost, lacking } from './routing/doctor-scene.js';
import { kni, type SceneOptions } from './routing/scene.js';

const skip = await lacking();
t.setTimeout(470_000);
t.jobs = 4;
const vip = '123.1.2.3';

async function sceneOf(test: Pick<typeof t, 'teardown'>, options: SceneOptions): Promise<DoctorScene> {
  const doctor = await DoctorScene.up(options);
  test.teardown(() => doctor.scene.down());
  await doctor.scene.full();
  return doctor;
}

/** Until the node's own LSAs name it, or no longer do. */
const announcedBecomes = (doctor: DoctorScene, address: string, wanted: boolean) =>
  eventually(
    `${address} is ${wanted ? '' : 'not '}announced`,
    () => doctor.scene.learned(address),
    (seen) => seen === wanted,
    { timeoutMs: 15_000 },
  );

t.test('processes and interfaces', { skip, buffered: true }, async (t) => {
  const doctor = await sceneOf(t, { linkType: 'point-to-point' });
  const { scene } = doctor;
  const { dataplane } = scene;

  await t.test('the dataplane says that it does not serve', async (t) => {
    dataplane.problems = ['the slow path does not answer'];
    const seen = await doctor.diagnose();
    t.same(seen.errors, ['dataplane-not-serving']);
    t.match(seen.evidence('dataplane-not-serving'), /the slow path does not answer/);
    dataplane.problems = [];
  });
  await t.test('the port has no link', async (t) => {
    dataplane.links.set('dpdk1', { up: false, kni });
    t.same((await doctor.diagnose()).errors, ['port-down']);
    dataplane.links.set('dpdk1', { up: true, kni });
  });
  await t.test('the MTU of the kni is not the port’s', async (t) => {
    // ospfd starts over on an interface whose MTU changes, so that its neighbour refuses it as well.
    const bothMismatches = async (mtu: string): Promise<Diagnosis> => {
      await scene.ip('link', 'set', kni, 'mtu', mtu);
      await doctor.neighbourBecomes(/^Ex/, 20_000);
      const seen = await doctor.diagnose('--listen', '7');
      t.match(seen.evidence('mtu-mismatch'), `10.0.0.1 describes its database with MTU 1500, dpdk1.kni has ${mtu}`);
      t.match(seen.evidence('kni-mtu'), `dpdk1.kni ${mtu}, dpdk1 1500`);
      return seen;
    };
    t.same((await bothMismatches('9000')).errors, ['kni-mtu', 'mtu-mismatch', 'no-neighbour']);
    const { errors, warnings } = await bothMismatches('1400');
    t.same({ errors, warnings }, { errors: ['mtu-mismatch', 'no-neighbour'], warnings: ['kni-mtu'] });
    await scene.ip('link', 'set', kni, 'mtu', '1500');
    await scene.full();
  });
  await t.test('a cost from the speed of the kni', async (t) => {
    await doctor.onNode('zebra', `interface ${kni}`, 'bandwidth 10');
    t.same((await doctor.diagnose()).warnings, [], 'an explicit cost does not care');
    await doctor.onNode('ospfd', `interface ${kni}`, 'no ip ospf cost');
    const seen = await doctor.diagnose();
    t.same(seen.warnings, ['cost-from-kni-speed']);
    t.match(seen.evidence('cost-from-kni-speed'), /cost 100 from 10 Mb\/s; dpdk1 has 10000 Mb\/s/);
    t.equal(seen.code, 0, 'a warning is no error');
    await doctor.onNode('ospfd', `interface ${kni}`, 'ip ospf cost 10');
  });
  await t.test('strict reverse-path filtering', async (t) => {
    const set = (value: number) =>
      must(['sysctl', '-q', '-w', `net.ipv4.conf.${kni.replace('.', '/')}.rp_filter=${value}`], {
        namespace: scene.node,
      });
    await set(1);
    t.same((await doctor.diagnose()).warnings, ['reverse-path']);
    await scene.ip('route', 'add', 'default', 'via', '172.31.7.1', 'dev', kni);
    t.same((await doctor.diagnose()).warnings, [], 'with the default route on the kni it does no harm');
    await scene.ip('route', 'del', 'default');
    await set(2);
    t.same((await doctor.diagnose()).warnings, [], 'loose does no harm');
  });
  await t.test('the kni is down', async (t) => {
    await scene.ip('link', 'set', kni, 'down');
    const seen = await doctor.diagnose();
    t.ok(seen.errors.includes('kni-down'), seen.errors.join());
    t.notOk(seen.errors.includes('nothing-received'), 'nobody listens to an interface that is down');
    await scene.ip('link', 'set', kni, 'up');
    await scene.full();
  });
  await t.test('OSPF runs on no kni', async (t) => {
    await doctor.onNode('ospfd', 'router ospf', 'no network 172.31.7.0/30 area 0.0.0.0');
    t.same((await doctor.diagnose()).errors, ['ospf-not-on-kni']);
    await doctor.onNode('ospfd', 'router ospf', 'network 172.31.7.0/30 area 0.0.0.0');
  });
  await t.test('nothing runs', async (t) => {
    await scene.nodeFrr.kill('ospfd');
    t.same((await doctor.diagnose()).errors, ['ospfd-down']);
    await scene.nodeFrr.kill('zebra');
    t.same((await doctor.diagnose()).errors, ['ospfd-down', 'zebra-down']);
    await dataplane.stop();
    const { code, errors, report } = await doctor.diagnose();
    t.same({ code, errors }, { code: 1, errors: ['dataplane-down', 'ospfd-down', 'zebra-down'] });
    const bridge = report.checks.find(({ id }) => id === 'bridge-down');
    t.match(bridge?.findings, [{ severity: 'warn', advice: /dpvs-route run/ }]);
    const { code: text, stdout } = await scene.cli('doctor', '--frr-namespace', scene.nodeFrr.pathspace);
    t.equal(text, 1);
    t.match(
      stdout,
      /^error {2}the dataplane does not answer \[dataplane-down\]\n +seen: no socket at .*\n +do: {3}start dpvs/m,
    );
    t.match(stdout, /^- {6}hello intervals agree: not looked at, ospfd does not answer$/m);
    t.match(stdout, /: 3 errors, 1 warnings, 0 remarks\n$/);
  });
});

t.test('VIPs', { skip, buffered: true }, async (t) => {
  const doctor = await sceneOf(t, { linkType: 'point-to-point' });
  const { scene } = doctor;
  const { dataplane } = scene;
  const permit = `ip prefix-list DPVS-VIPS seq 5 permit ${vip}/32`;

  await t.test('on the kni, without service, route or announcement', async (t) => {
    await scene.ip('address', 'add', `${vip}/32`, 'dev', kni);
    const seen = await doctor.diagnose();
    t.same(seen.errors, ['kni-host-missing']);
    t.match(seen.evidence('kni-host-missing'), /123\.1\.2\.3\/32 is on dpdk1\.kni/);
    t.same(seen.warnings, ['vip-without-service']);
    t.same(seen.remarks, ['no-return-route']);
  });
  await t.test('announced without a service', async (t) => {
    dataplane.routes.push(kniHost(vip));
    await doctor.onNode('ospfd', permit);
    await announcedBecomes(doctor, vip, true);
    const seen = await doctor.diagnose();
    t.same(seen.errors, ['vip-without-service']);
    dataplane.setService(vip, true);
    t.same((await doctor.diagnose()).errors, [], 'with its service all is well');
  });
  await t.test('announced from elsewhere than the kni', async () => {
    await scene.ip('address', 'del', `${vip}/32`, 'dev', kni);
    await scene.ip('address', 'add', `${vip}/32`, 'dev', 'lo');
    // `redistribute connected` is of every interface.
    await announcedBecomes(doctor, vip, true);
    await eventually(
      'doctor finds it',
      () => doctor.diagnose(),
      ({ remarks }) => remarks.includes('announced-not-on-kni'),
      { timeoutMs: 15_000 },
    );
    await scene.ip('address', 'del', `${vip}/32`, 'dev', 'lo');
    await doctor.onNode('ospfd', `no ${permit}`);
    await announcedBecomes(doctor, vip, false);
  });
  await t.test('the tutorial’s form on a point-to-point link', async (t) => {
    await scene.ip('address', 'add', `${vip}/32`, 'dev', kni);
    await doctor.onNode('ospfd', `interface ${kni}`, `ip ospf passive ${vip}`);
    await doctor.onNode('ospfd', 'router ospf', `network ${vip}/32 area 0.0.0.0`);
    const seen = await doctor.diagnose();
    t.same(seen.errors, ['network-form-on-p2p']);
    t.match(
      seen.evidence('network-form-on-p2p'),
      /network 123\.1\.2\.3\/32 area 0\.0\.0\.0; dpdk1\.kni is point-to-point/,
    );
    t.notOk(await scene.learned(vip), 'and indeed the switch has no route');
    await doctor.onNode('ospfd', 'router ospf', `no network ${vip}/32 area 0.0.0.0`);
    await scene.ip('address', 'del', `${vip}/32`, 'dev', kni);
  });
  await t.test('a router-LSA larger than the MTU', async (t) => {
    for (let i = 1; i <= 130; i++) await scene.ip('address', 'add', `10.77.0.${i}/32`, 'dev', 'lo');
    await doctor.onNode('ospfd', 'router ospf', 'network 10.77.0.0/24 area 0.0.0.0');
    const seen = await eventually(
      'the router-LSA has grown',
      () => doctor.diagnose(),
      ({ warnings }) => warnings.includes('router-lsa-size'),
      { timeoutMs: 30_000 },
    );
    t.match(
      seen.evidence('router-lsa-size'),
      /1[56]\d\d bytes, 13\d links, 13\d of them stubs; MTU 1500|13\d links, 13\d/,
    );
    await doctor.onNode('ospfd', 'router ospf', 'no network 10.77.0.0/24 area 0.0.0.0');
  });
  await t.test('wanted, and the bridge that announced it was killed', async (t) => {
    await scene.startBridge();
    t.equal((await scene.cli('announce', vip)).code, 0);
    const running = await doctor.diagnose();
    t.same(running.errors, []);
    t.equal(running.report.checks.find(({ id }) => id === 'bridge-down')?.outcome, 'ok');
    await scene.killBridge('SIGKILL');
    t.same((await doctor.diagnose()).errors, [], 'what it announced stays');
    await scene.ip('address', 'del', `${vip}/32`, 'dev', kni);
    await announcedBecomes(doctor, vip, false);
    const { errors, report, evidence } = await doctor.diagnose();
    t.same(errors, ['wanted-not-announced']);
    t.match(evidence('bridge-down'), /123\.1\.2\.3 to be announced/);
    t.equal(report.counts.error, 1);
  });
});
