// `dpvs-route doctor` with real zebra and bgpd on both ends of a link, and the bridge: each test breaks one thing for which a VIP is not told.
import t from 'tap';
import { eventually } from '../../lab/index.js';
import { bgpSceneOf, diagnosisOf, idsOf } from './routing/bgp-doctor.js';
import { lacking } from './routing/doctor-scene.js';

const skip = await lacking('bgp');
t.setTimeout(470_000);
t.jobs = 4;
const vip = '123.1.2.3';
const vip6 = '2001:db8:1::3';
const node = 'router bgp 65001';
const peer = 'neighbor 172.31.7.1';

t.test('IPv4 VIPs', { skip, buffered: true }, async (t) => {
  const doctor = await bgpSceneOf(t);
  const { scene } = doctor;
  const diagnose = () => diagnosisOf(doctor);
  const ids = () => idsOf(doctor);

  await t.test('a VIP, and a policy that lets nothing out', async (t) => {
    scene.dataplane.setService(vip, true);
    t.equal((await scene.cli('announce', vip)).code, 0);
    t.same(await ids(), { errors: [], warnings: [] });
    await doctor.onNode('bgpd', 'route-map NOTHING deny 10');
    await doctor.onNode('bgpd', node, 'address-family ipv4 unicast', `${peer} route-map NOTHING out`);
    const seen = await eventually('it is told nobody', diagnose, ({ errors }) => errors.length > 0, {
      timeoutMs: 30_000,
    });
    t.same(seen.errors, ['wanted-not-announced']);
    await doctor.onNode('bgpd', node, 'address-family ipv4 unicast', `no ${peer} route-map NOTHING out`);
  });
  await t.test('no policy at all (RFC 8212)', async (t) => {
    await scene.killBridge('SIGKILL');
    await doctor.onNode('bgpd', node, 'bgp ebgp-requires-policy');
    const seen = await diagnose();
    t.same(
      seen.errors.filter((id) => id !== 'wanted-not-announced'),
      ['bgp-no-policy'],
    );
    await doctor.onNode('bgpd', node, 'no bgp ebgp-requires-policy');
  });
  await t.test('the `network` line of a VIP is gone, and so is the bridge', async (t) => {
    await doctor.onNode('bgpd', node, 'address-family ipv4 unicast', `no network ${vip}/32`);
    const seen = await eventually('it is told nobody', diagnose, ({ errors }) => errors.length > 0);
    t.same(seen.errors, ['wanted-not-announced']);
    t.match(seen.evidence('wanted-not-announced'), /bgpd has no network 123\.1\.2\.3\/32/);
    await scene.startBridge();
    await eventually('the bridge announces it again', diagnose, ({ errors }) => errors.length === 0, {
      timeoutMs: 30_000,
    });
  });
});

t.test('an IPv6 VIP, and bgpd itself', { skip, buffered: true }, async (t) => {
  const doctor = await bgpSceneOf(t);
  const { scene } = doctor;
  const diagnose = () => diagnosisOf(doctor);
  const ids = () => idsOf(doctor);

  await t.test('an IPv6 VIP, and a switch that has not activated the family', async (t) => {
    scene.dataplane.setService(vip6, true);
    t.equal((await scene.cli('announce', vip6)).code, 0);
    const atSwitch = (order: string) => doctor.onSwitch('router bgp 65000', 'address-family ipv6 unicast', order);
    await atSwitch('no neighbor 172.31.7.2 activate');
    const seen = await eventually(
      'the session is there again, without IPv6',
      diagnose,
      ({ errors }) => errors.includes('bgp-family-inactive'),
      { timeoutMs: 30_000 },
    );
    t.same(
      seen.errors.filter((id) => id !== 'wanted-not-announced'),
      ['bgp-family-inactive'],
    );
    t.match(seen.evidence('bgp-family-inactive'), /the OPEN of 172\.31\.7\.1 names other families.*2001:db8:1::3/);
    await atSwitch('neighbor 172.31.7.2 activate');
    await eventually('it is announced again', diagnose, ({ errors }) => errors.length === 0, { timeoutMs: 60_000 });
  });
  await t.test('an IPv6 VIP, and no neighbour that is activated for it', async (t) => {
    await scene.killBridge('SIGKILL');
    await doctor.onNode('bgpd', node, 'address-family ipv6 unicast', `no ${peer} activate`);
    t.ok((await ids()).errors.includes('bgp-family-inactive'));
    await doctor.neighbourBecomes(/^Established$/, 30_000);
    const seen = await diagnose();
    t.same(seen.errors, ['bgp-family-inactive']);
    t.match(seen.evidence('bgp-family-inactive'), vip6);
  });
  await t.test('bgpd has no neighbour, no `router bgp`, and does not run', async (t) => {
    await doctor.onNode('bgpd', node, `no ${peer}`);
    t.same((await ids()).errors, ['bgp-not-configured']);
    await doctor.onNode('bgpd', `no ${node}`);
    t.same((await ids()).errors, ['bgp-not-configured']);
    await scene.startBridge();
    await scene.nodeFrr.kill('bgpd');
    t.same((await ids()).errors, ['bgpd-down']);
  });
});
