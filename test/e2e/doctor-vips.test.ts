// `dpvs-route doctor` with real zebra and ospfd: each test breaks the agreement of kernel, dataplane and ospfd on the VIPs in one thing.
import t from 'tap';
import { eventually } from '../../lab/index.js';
import { DoctorScene, kniHost, lacking } from './routing/doctor-scene.js';
import { kni } from './routing/scene.js';

const skip = await lacking();
t.setTimeout(470_000);
t.jobs = 4;
const vip = '123.1.2.3';

/** Until the node's own LSAs name it, or no longer do. */
const announcedBecomes = (doctor: DoctorScene, address: string, wanted: boolean) =>
  eventually(
    `${address} is ${wanted ? '' : 'not '}announced`,
    () => doctor.scene.learned(address),
    (seen) => seen === wanted,
    { timeoutMs: 15_000 },
  );

t.test('VIPs', { skip, buffered: true }, async (t) => {
  const doctor = await DoctorScene.up({ linkType: 'point-to-point' }, t);
  await doctor.scene.full();
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
  await t.test('announced, and no interface has it', async (t) => {
    // A route that somebody left behind, and a redistribution of such routes.
    dataplane.setService(vip, true);
    await scene.ip('route', 'add', 'blackhole', `${vip}/32`);
    await doctor.onNode('ospfd', 'router ospf', 'redistribute kernel');
    await announcedBecomes(doctor, vip, true);
    const seen = await doctor.diagnose();
    t.same({ errors: seen.errors, warnings: seen.warnings }, { errors: ['announced-not-on-kni'], warnings: [] });
    t.match(seen.evidence('announced-not-on-kni'), /no kernel interface carries it/);
    await doctor.onNode('ospfd', 'router ospf', 'no redistribute kernel');
    await scene.ip('route', 'del', 'blackhole', `${vip}/32`);
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
