// `dpvs-route doctor` with real zebra and ospfd on both ends of a link: each test breaks one thing, for which hellos do not arrive at all
// or an adjacency comes up wrong or not to its end.
import t from 'tap';
import { must } from '../../lab/index.js';
import { DoctorScene, lacking } from './routing/doctor-scene.js';
import { kni, nodeAddress } from './routing/scene.js';
import { thirdRouter } from './routing/third.js';

const skip = await lacking();
t.setTimeout(470_000);
t.jobs = 4;
const atSwitch = 'interface to-node';
const atNode = `interface ${kni}`;

t.test('what keeps hellos away', { skip, buffered: true }, async (t) => {
  const doctor = await DoctorScene.up({ linkType: 'point-to-point' }, t);
  const { scene } = doctor;
  await scene.full();
  await t.test('a silent switch', async (t) => {
    await scene.switchFrr.kill('ospfd');
    await doctor.apart();
    const seen = await doctor.diagnose('--listen', '3');
    t.same(seen.errors, ['no-neighbour', 'nothing-received']);
    t.match(seen.evidence('nothing-received'), /3 s of tcpdump: [1-9]\d* sent from here, none received/);
    await scene.switchFrr.startDaemon('ospfd');
    await scene.full();
  });
  await t.test('a passive kni', async (t) => {
    await doctor.onNode('ospfd', atNode, 'ip ospf passive');
    await doctor.apart();
    t.same((await doctor.diagnose('--listen', '3')).errors, ['no-neighbour', 'passive']);
    await doctor.onNode('ospfd', atNode, 'no ip ospf passive');
    await scene.full();
  });
  await t.test('a duplicate router id', async (t) => {
    // It takes the new one only when it starts over.
    const takeRouterId = (id: string) =>
      doctor.onSwitch('router ospf', `ospf router-id ${id}`, 'end', 'clear ip ospf process');
    await takeRouterId('172.31.7.2');
    await doctor.apart();
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
  const doctor = await DoctorScene.up({ linkType: 'broadcast' }, t);
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
    await doctor.apart();
    const seen = await doctor.diagnose('--listen', '3');
    t.same(seen.errors, ['netmask-mismatch', 'no-neighbour']);
    t.match(seen.evidence('netmask-mismatch'), /says 255\.255\.255\.248; on dpdk1\.kni: 172\.31\.7\.2\/30/);
    await onSwitch('del', '172.31.7.1/29');
    await onSwitch('add', '172.31.7.1/30');
    await scene.full();
  });
  await t.test('a neighbour that waits for the election', async (t) => {
    const anew = (atInterface: string, first: string) =>
      [first, '60'].flatMap((dead, nth) => [
        ...(nth === 0 ? [] : ['end', 'clear ip ospf process', 'configure terminal']),
        ...[atInterface, `ip ospf dead-interval ${dead}`],
      ]);
    // They begin anew without hearing each other, whose dead intervals differ. The node, which has waited first, takes itself for the DR and the
    // switch for the Backup: of that the switch hears nothing that would end its own wait (RFC 2328 section 10.5, BackupSeen).
    await doctor.onSwitch(...anew(atSwitch, '60'));
    await doctor.onNode('ospfd', ...anew(atNode, '8'));
    await doctor.neighbourBecomes(/^ExStart/, 30_000);
    const seen = await doctor.diagnose('--listen', '6');
    t.same(
      { errors: seen.errors, warnings: seen.warnings, remarks: seen.remarks },
      { errors: ['no-neighbour'], warnings: [], remarks: ['waiting'] },
    );
    t.match(
      seen.evidence('waiting'),
      /10\.0\.0\.1 at 172\.31\.7\.1 hears this node and names no DR yet; .* may wait 60 s/,
    );
  });
});

t.test('database descriptions, and a third router in the segment', { skip, buffered: true }, async (t) => {
  const doctor = await DoctorScene.up({ linkType: 'broadcast', segment: true }, t);
  const { scene } = doctor;
  const mtuOfSwitch = (mtu: string) => must(['ip', 'link', 'set', 'to-node', 'mtu', mtu], { namespace: scene.switch });
  let mend: () => Promise<unknown>;
  await scene.full();
  await t.test('MTU', async (t) => {
    await mtuOfSwitch('1400');
    await doctor.neighbourBecomes(/^Ex/, 30_000);
    const seen = await doctor.diagnose('--listen', '7');
    t.same(seen.errors, ['mtu-mismatch', 'no-neighbour']);
    t.match(seen.evidence('mtu-mismatch'), /10\.0\.0\.1 describes its database with MTU 1400, dpdk1\.kni has 1500/);
    t.match(seen.evidence('no-neighbour'), /10\.0\.0\.1 at 172\.31\.7\.1 is Ex(Start|change)/);
  });
  await t.test('database descriptions that are not taken', async (t) => {
    await mtuOfSwitch('1500');
    await scene.full();
    mend = await doctor.refuseOspf(nodeAddress);
    await doctor.clearSwitch();
    await doctor.neighbourBecomes(/^Ex/, 30_000);
    const seen = await doctor.diagnose('--listen', '7');
    t.same({ errors: seen.errors, warnings: seen.warnings }, { errors: ['no-neighbour'], warnings: ['mtu-suspected'] });
    t.match(
      seen.evidence('mtu-suspected'),
      /for \d+ s; MTU 1500 here; database descriptions of it heard in 7 s: [1-9]/,
    );
  });
  await t.test('a third router with a router id of its own does no harm', async (t) => {
    await mend();
    const third = await thirdRouter(scene, '10.0.0.3');
    await doctor.neighbourBecomes(/Full.*,.*Full/, 40_000);
    t.same((await doctor.diagnose('--listen', '3')).errors, []);
    await must([
      'vtysh',
      '-N',
      third.pathspace,
      '-d',
      'ospfd',
      '-c',
      'configure terminal',
      '-c',
      'router ospf',
      '-c',
      'ospf router-id 10.0.0.1',
      '-c',
      'end',
      '-c',
      'clear ip ospf process',
    ]);
  });
  await t.test('with the switch’s', async (t) => {
    // Begun anew: it may wait for its election still.
    const seen = await doctor.diagnose('--listen', '3');
    t.same(seen.errors, ['duplicate-router-id']);
    t.match(seen.evidence('duplicate-router-id'), /hellos from 172\.31\.7\.[13] and from 172\.31\.7\.[13]/);
  });
});
