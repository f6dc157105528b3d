// The routing bridge with real zebra and ospfd on both ends of a link, a real kernel interface and a mock of the dataplane.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { eventually, must, run, sleep } from '../../lab/index.js';
import type { Report } from '../../routing/index.js';
import { detailOf, done, lacking, sceneOf, stateBecomes, stateOf, statusOf } from './routing/probe.js';
import { kni, type LinkType, nodeAddress } from './routing/scene.js';

const skip = await lacking();

const vip = '123.1.2.3';
const other = '123.1.2.4';
t.setTimeout(470_000);
// Each scene has namespaces of its own, and they mostly wait for OSPF's timers.
t.jobs = 4;

t.test('redistribute form', { skip, buffered: true }, async (t) => {
  const scene = await sceneOf(t, { linkType: 'point-to-point' });
  const { dataplane } = scene;
  await t.test('without a bridge the exit code is 3', async (t) => {
    const { code, stderr } = await scene.cli('announce', vip);
    t.equal(code, 3);
    t.match(stderr, /routing bridge unreachable/);
  });
  await scene.startBridge();

  await t.test('refusals name what is missing, and nothing stays', async (t) => {
    const refused = async (pattern: RegExp, ...args: string[]) => {
      const { code, stderr } = await scene.cli('announce', ...args);
      t.equal(code, 1, `${args.join(' ')}: exit code`);
      t.match(stderr, pattern);
      t.notMatch(await scene.kniAddresses(), args[0]);
      t.same(dataplane.kniRoutes(), []);
    };
    await refused(/Service not defined: no service on 123\.1\.2\.3\nipvsadm -ln/, vip);
    dataplane.setService(vip, true);
    await refused(/no such device: dpdk7/, vip, '--dev', 'dpdk7');
    await refused(/interface is not up: no dpdk0\.kni in this network namespace/, vip, '--dev', 'dpdk0');
    dataplane.links.get('dpdk1')!.up = false;
    await refused(/does not serve: dpdk1 has no link/, vip, '--dev', 'dpdk1');
    dataplane.links.get('dpdk1')!.up = true;
    dataplane.problems = ['dpdk1 waits for the moon'];
    await refused(/does not serve: dpdk1 waits for the moon/, vip);
    dataplane.problems = [];
    await scene.full();
    await scene.switchFrr.kill('ospfd');
    await eventually(
      'the neighbour is lost',
      async () => (await statusOf(scene)).routing[0]?.neighbours ?? [],
      (list) => list.length === 0,
    );
    await refused(/no neighbour is Full or Established: on dpdk1\.kni: no neighbour at all/, vip, '--wait', '0');
    t.same((await statusOf(scene)).vips, [], 'a refused VIP is not remembered');
  });

  await t.test('--force announces without a neighbour, which learns it when it comes', async (t) => {
    const stdout = await done(t, scene, 'announce', vip, '--force');
    t.match(stdout, /123\.1\.2\.3\/32 announced on dpdk1/);
    t.match(stdout, /holds +neighbour +not asked for: --force/);
    await scene.switchFrr.startDaemon('ospfd');
    await scene.becomes(vip, true, 30_000);
    await done(t, scene, 'withdraw', vip);
    await scene.becomes(vip, false);
  });

  await t.test('announce: address, route, LSA; the switch learns it', async (t) => {
    await scene.full();
    const stdout = await done(t, scene, 'announce', `${vip}/32`, '--json');
    const report = JSON.parse(stdout) as Report;
    t.match(report, { vips: [vip], device: 'dpdk1', action: 'announce', done: true, error: null });
    const outcome = (name: string) => report.steps.find((step) => step.name === name)?.outcome;
    for (const name of ['service', 'port', 'kni', 'neighbour']) t.equal(outcome(name), 'holds', name);
    for (const name of ['dataplane route', 'ospfd permission', 'kernel address', 'verify ospfd'])
      t.equal(outcome(name), 'done', name);
    await scene.becomes(vip, true);
    t.match(await scene.kniAddresses(), `${vip}/32`);
    t.same(dataplane.kniRoutes(), [`${vip}/32 dpdk1`]);
    t.match(await stateOf(scene, vip), 'announced -');
    t.match(JSON.parse(await done(t, scene, 'status', '--json')), {
      vips: [{ vip, state: 'announced', reason: null }],
    });
    const status = await scene.cli('status');
    t.match(status.stdout, /123\.1\.2\.3\/32 +dpdk1 +announced/);
    t.match(status.stdout, /10\.0\.0\.1 +172\.31\.7\.1 +dpdk1\.kni +Full/);
  });

  await t.test('again: nothing is left to do', async (t) => {
    const stdout = await done(t, scene, 'announce', vip, '--json');
    const { steps } = JSON.parse(stdout) as Report;
    for (const name of ['dataplane route', 'ospfd permission', 'kernel address'])
      t.equal(steps.find((step) => step.name === name)?.outcome, 'already', name);
  });

  await t.test('a second VIP, and only the VIPs are announced', async (t) => {
    dataplane.setService(other, true);
    await done(t, scene, 'announce', other);
    await scene.becomes(other, true);
    const routes = await must(['ip', '-4', 'route', 'show', 'proto', 'ospf'], { namespace: scene.switch });
    t.same(routes.match(/^[\d.]+/gm)?.sort(), [vip, other]);
  });

  await t.test('withdraw: gone everywhere, the other stays', async (t) => {
    const stdout = await done(t, scene, 'withdraw', other);
    t.match(stdout, /123\.1\.2\.4\/32 withdrawn from dpdk1/);
    await scene.becomes(other, false);
    t.notMatch(await scene.kniAddresses(), other);
    t.same(dataplane.kniRoutes(), [`${vip}/32 dpdk1`]);
    t.ok(await scene.learned(vip));
    t.notMatch(await scene.nodeFrr.show('ospfd', 'show running-config'), other, 'nothing of it in ospfd');
    const again = await scene.cli('withdraw', other);
    t.equal(again.code, 0, 'idempotent');
    t.match(again.stdout, /not announced/);
  });

  await t.test('announced and withdrawn within a second: the switch is not left with it', async (t) => {
    for (const _round of [1, 2]) {
      await done(t, scene, 'announce', other);
      await scene.becomes(other, true);
      await done(t, scene, 'withdraw', other);
      await scene.becomes(other, false, 3_000);
    }
  });

  await t.test('the service goes: withdrawn by itself, with the reason; it comes back: announced', async (t) => {
    dataplane.setService(vip, false);
    await scene.becomes(vip, false);
    await stateBecomes(scene, vip, 'withdrawn service');
    t.match((await scene.cli('status')).stdout, /withdrawn .* service: no service on 123\.1\.2\.3/);
    dataplane.setService(vip, true);
    await scene.becomes(vip, true);
    await stateBecomes(scene, vip, 'announced -');
  });

  await t.test('what somebody takes away is put back', async () => {
    await stateBecomes(scene, vip, 'announced -');
    await scene.ip('address', 'delete', `${vip}/32`, 'dev', kni);
    await eventually(
      'the address is back',
      () => scene.kniAddresses(),
      (seen) => seen.includes(vip),
    );
    dataplane.routes = [];
    await eventually(
      'the route is back',
      () => dataplane.kniRoutes(),
      (seen) => seen.length === 1,
    );
    await stateBecomes(scene, vip, 'announced -');
    await scene.becomes(vip, true);
  });
});

t.test('what the bridge depends on goes and comes back', { skip, buffered: true }, async (t) => {
  const scene = await sceneOf(t, { linkType: 'point-to-point' });
  const { dataplane } = scene;
  for (const each of [vip, other]) dataplane.setService(each, true);
  await scene.startBridge();
  await scene.full();
  await done(t, scene, 'announce', vip);
  await scene.becomes(vip, true, 15_000);

  await t.test('the dataplane is silent: withdrawn after a grace, announced when it answers again', async (t) => {
    const stoppedAt = Date.now();
    await dataplane.stop();
    await scene.becomes(vip, false, 10_000);
    const took = Date.now() - stoppedAt;
    t.ok(took > 3_000, `not at once: ${took} ms`);
    await stateBecomes(scene, vip, 'withdrawn dataplane');
    t.equal((await scene.cli('announce', other)).code, 3, 'exit code 3 while it is unreachable');
    await dataplane.start();
    await scene.becomes(vip, true, 8_000);
    // The switch knows it before the bridge has proved it, and an announcement that is not proved yet is taken back.
    await stateBecomes(scene, vip, 'announced -');
  });

  await t.test(
    'the dataplane hangs: the same, and not only when a request of the bridge has run out of time',
    async (t) => {
      dataplane.hang();
      await stateBecomes(scene, vip, 'withdrawn dataplane', 20_000);
      const { history } = await detailOf(scene, vip);
      const detail = history.at(-1)?.reason.detail ?? '';
      const seconds = Number(/^no answer for ([\d.]+) s$/.exec(detail)?.[1]);
      t.ok(seconds >= 3 && seconds < 8, detail);
      await scene.becomes(vip, false);
      dataplane.goOn();
      await stateBecomes(scene, vip, 'announced -', 20_000);
      await scene.becomes(vip, true);
    },
  );

  await t.test('ospfd is killed and comes back: announced again', async (t) => {
    await scene.nodeFrr.kill('ospfd');
    await eventually(
      'it is noticed',
      () => stateOf(scene, vip),
      (seen) => seen.startsWith('configured daemon'),
    );
    t.match(await scene.kniAddresses(), vip, 'that alone is no reason to take the address off');
    await scene.nodeFrr.startDaemon('ospfd');
    await scene.full();
    await stateBecomes(scene, vip, 'announced -', 20_000);
    // The switch may still hold the LSA of the ospfd that was killed, which the new one first has to flush.
    await scene.becomes(vip, true, 15_000);
  });

  await t.test('SIGTERM withdraws first; the wish stays and is honoured at the next start', async (t) => {
    // The switch has just got a new instance of the LSA, and drops what follows within a second.
    await sleep(1_200);
    await scene.killBridge('SIGTERM');
    await scene.becomes(vip, false, 3_000);
    t.notMatch(await scene.kniAddresses(), vip);
    t.match(JSON.parse(readFileSync(scene.journalFile, 'utf8')), {
      version: 2,
      vips: [{ vip, ports: [{ device: 'dpdk1', kni }] }],
    });
    await scene.startBridge();
    await scene.becomes(vip, true, 10_000);
    await stateBecomes(scene, vip, 'announced -');
  });

  await t.test('a second bridge of the same name is refused', async (t) => {
    const { code, stderr } = await scene.cli('run', '--frr-namespace', scene.nodeFrr.pathspace);
    t.equal(code, 1);
    t.match(stderr, /another process listens/);
    t.ok(await scene.learned(vip));
  });

  await t.test('SIGKILL of the bridge: it stays announced; the next bridge knows it as its own', async (t) => {
    await scene.killBridge('SIGKILL');
    dataplane.setService(vip, false);
    t.ok(await scene.learned(vip), 'nobody is there to withdraw it');
    await scene.startBridge();
    await scene.becomes(vip, false, 10_000);
    t.match(await stateOf(scene, vip), /^configured service/);
    dataplane.setService(vip, true);
    await scene.becomes(vip, true, 10_000);
  });

  await t.test('a step that fails undoes the ones before it', async (t) => {
    await done(t, scene, 'withdraw', vip);
    const vtysh = ['vtysh', '-N', scene.nodeFrr.pathspace, '-d', 'ospfd', '-c', 'configure terminal'];
    const configure = (...lines: string[]) => must([...vtysh, ...lines.flatMap((line) => ['-c', line])]);
    // An administrator's own policy, which does not let the VIP pass.
    await configure('route-map MINE deny 10', 'exit', 'router ospf', 'redistribute connected route-map MINE');
    const { code, stderr } = await scene.cli('announce', vip);
    t.equal(code, 1);
    t.match(stderr, /not verified: verify ospfd: .*ospfd (does not announce|is still flushing)/);
    t.match(stderr, /undo kernel address/);
    t.notMatch(await scene.kniAddresses(), vip);
    t.same(dataplane.kniRoutes(), []);
    t.same((await statusOf(scene)).vips, []);
    const config = await scene.nodeFrr.show('ospfd', 'show running-config');
    t.match(config, /redistribute connected .*route-map MINE/, "the administrator's line is untouched");
    t.notMatch(config, vip);
    await configure(
      'router ospf',
      'no redistribute connected',
      'exit',
      'no route-map DPVS-ANNOUNCE',
      'no ip prefix-list DPVS-VIPS',
    );
    const bare = await scene.cli('announce', vip);
    t.equal(bare.code, 0, 'where nothing is there, the bridge writes its own policy');
    // Becoming an AS boundary router changes the router-LSA, which ospfd may do only every 5 s.
    await scene.becomes(vip, true, 15_000);
    await scene.ip('address', 'add', '10.77.0.1/32', 'dev', 'lo');
    await scene.becomes('10.77.0.1', false);
  });
});

t.test('two links: a VIP is moved to the other one before the first goes', { skip, buffered: true }, async (t) => {
  const scene = await sceneOf(t, { linkType: 'point-to-point' });
  const { dataplane } = scene;
  dataplane.setService(vip, true);
  const second = ['type', 'veth', 'peer', 'name', 'to-node2', 'netns', scene.switch];
  await scene.ip('link', 'add', 'dpdk0.kni', ...second);
  const ends = [
    { frr: scene.nodeFrr, namespace: scene.node, name: 'dpdk0.kni', address: '172.31.9.2/30' },
    { frr: scene.switchFrr, namespace: scene.switch, name: 'to-node2', address: '172.31.9.1/30' },
  ];
  for (const { frr, namespace, name, address } of ends) {
    await must(['ip', 'address', 'add', address, 'dev', name], { namespace });
    await must(['ip', 'link', 'set', name, 'up'], { namespace });
    const lines = ['configure terminal', `interface ${name}`, 'ip ospf network point-to-point'];
    lines.push('ip ospf hello-interval 1', 'ip ospf dead-interval 4', 'exit');
    lines.push('router ospf', 'network 172.31.9.0/30 area 0.0.0.0');
    await must(['vtysh', '-N', frr.pathspace, '-d', 'ospfd', ...lines.flatMap((line) => ['-c', line])]);
  }
  await scene.startBridge();
  const route = () => must(['ip', 'route', 'show', vip], { namespace: scene.switch });
  const ways = (wanted: RegExp) =>
    eventually('the route of the switch', route, (seen) => wanted.test(seen.replaceAll('\n', ' ')), {
      timeoutMs: 15_000,
    });
  await done(t, scene, 'announce', vip, '--dev', 'dpdk1', '--wait', '60');
  await done(t, scene, 'announce', vip, '--dev', 'dpdk0', '--wait', '60');
  t.notMatch(await scene.kniAddresses(), vip);
  t.match(await scene.ip('-brief', 'address', 'show', 'dev', 'dpdk0.kni'), vip);
  // One router announces it, which is reached by either link.
  await ways(/dev to-node .*dev to-node2|dev to-node2 .*dev to-node /);
  dataplane.links.get('dpdk1')!.up = false;
  await scene.ip('link', 'set', kni, 'down');
  await ways(/^(?!.*dev to-node ).*dev to-node2/);
  t.equal(await stateOf(scene, vip), 'announced -');
  // On the port whose link goes, it goes with it, whatever the other link could do.
  dataplane.links.get('dpdk0')!.up = false;
  await stateBecomes(scene, vip, 'withdrawn port', 15_000);
  await ways(/^$/);
});

for (const [linkType, form] of [
  ['broadcast', 'redistribute'],
  ['broadcast', 'network'],
  ['point-to-point', 'network'],
] as [LinkType, 'redistribute' | 'network'][])
  t.test(`${form} form on a ${linkType} link`, { skip, buffered: true }, async (t) => {
    const impossible = form === 'network' && linkType === 'point-to-point';
    // The generator refuses this pair; an administrator's own file may have it all the same.
    const scene = await sceneOf(t, { linkType, form: impossible ? 'redistribute' : form });
    scene.dataplane.setService(vip, true);
    if (impossible) {
      const refused = await scene.cli('config', '--form', 'network', '--ospf-network', linkType);
      t.equal(refused.code, 2);
      t.match(refused.stderr, /interfaces\[0\]\.networkType: FRR announces nothing/);
    }
    await scene.startBridge('--form', form);
    const announced = await scene.cli('announce', vip, '--wait', '60');
    if (impossible) {
      t.equal(announced.code, 1);
      t.match(announced.stderr, /dpdk1\.kni is a point-to-point link.*use --form redistribute/);
      t.notMatch(await scene.kniAddresses(), vip);
      return;
    }
    t.equal(announced.code, 0, announced.stderr);
    await scene.becomes(vip, true, 15_000);
    const hellos = await run(['timeout', '4', 'tcpdump', '-lnni', 'to-node', '-c', '6', 'ip proto 89'], {
      namespace: scene.switch,
    });
    t.match(hellos.stdout, `IP ${nodeAddress} > 224.0.0.5: OSPFv2, Hello`);
    t.notMatch(hellos.stdout, `IP ${vip} >`, 'no hello comes from the VIP');
    await done(t, scene, 'withdraw', vip);
    await scene.becomes(vip, false, 15_000);
    t.notMatch(await scene.nodeFrr.show('ospfd', 'show running-config'), vip);
    await scene.killBridge('SIGTERM');
  });
