// `dpvs-route doctor` with real zebra and ospfd: each test breaks one process or interface of the node itself.
import t from 'tap';
import { must, run } from '../../lab/index.js';
import { type Diagnosis, DoctorScene, lacking } from './routing/doctor-scene.js';
import { kni, program } from './routing/scene.js';

const skip = await lacking();
t.setTimeout(470_000);
t.jobs = 4;

t.test('processes and interfaces', { skip, buffered: true }, async (t) => {
  const doctor = await DoctorScene.up({ linkType: 'point-to-point' }, t);
  await doctor.scene.full();
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
  await t.test('the kni is down', async (t) => {
    await scene.ip('link', 'set', kni, 'down');
    const seen = await doctor.diagnose();
    t.same({ errors: seen.errors, warnings: seen.warnings }, { errors: ['kni-down'], warnings: [] });
    t.match(seen.evidence('kni-down'), /without UP/);
    await scene.ip('link', 'set', kni, 'up');
  });
  await t.test('the kni has no carrier', async (t) => {
    const farEnd = (state: string) => must(['ip', 'link', 'set', 'to-node', state], { namespace: scene.switch });
    await farEnd('down');
    const seen = await doctor.diagnose();
    t.same({ errors: seen.errors, warnings: seen.warnings }, { errors: ['kni-down'], warnings: [] });
    t.match(seen.evidence('kni-down'), /NO-CARRIER/);
    await farEnd('up');
    await scene.full();
  });
  await t.test('OSPF runs on no kni', async (t) => {
    await doctor.onNode('ospfd', 'router ospf', 'no network 172.31.7.0/30 area 0.0.0.0');
    t.same((await doctor.diagnose()).errors, ['ospf-not-on-kni']);
    await doctor.onNode('ospfd', 'router ospf', 'network 172.31.7.0/30 area 0.0.0.0');
  });
  await t.test('ospfd has no `router ospf`', async (t) => {
    await doctor.onNode('ospfd', 'no router ospf');
    const seen = await doctor.diagnose();
    t.same({ errors: seen.errors, warnings: seen.warnings }, { errors: ['ospf-not-configured'], warnings: [] });
  });
  await t.test('a port that is not there, and nobody', async (t) => {
    const none = await scene.cli('doctor', '--dev', 'dpdk7');
    t.match(none, { code: 1, stdout: '', stderr: /no such device: dpdk7/ });
    // Who may not ask would take everything for dead. The capability lets nobody read the program, wherever it is.
    const nobody = ['--reuid', '65534', '--clear-groups', '--inh-caps', '+dac_read_search'];
    const words = ['setpriv', ...nobody, '--ambient-caps', '+dac_read_search', program, 'doctor'];
    const refused = await run(words, { namespace: scene.node, env: scene.env });
    t.match(refused, { code: 3, stdout: '', stderr: /you must be root/ });
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
    t.match(stdout, /^- {6}\d+ checks not looked at: ospfd does not answer$/m);
    t.match(stdout, /: 3 errors, 1 warning, 0 remarks\n$/);
  });
});

t.test('speeds, the way back, and a kni that goes', { skip, buffered: true }, async (t) => {
  const doctor = await DoctorScene.up({ linkType: 'point-to-point' }, t);
  const { scene } = doctor;
  await scene.full();

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
  await t.test('the kni is gone', async (t) => {
    await scene.ip('link', 'del', kni);
    const seen = await doctor.diagnose();
    t.same({ errors: seen.errors, warnings: seen.warnings }, { errors: ['kni-down'], warnings: [] });
    t.match(seen.evidence('kni-down'), /no such interface/);
  });
});
