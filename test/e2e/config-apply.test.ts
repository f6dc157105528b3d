// dpvs-route config --check and --apply with real daemons: the difference is applied to a live adjacency, which does not notice.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { eventually, run } from '../../lab/index.js';
import { checkConfig } from '../../routing/check-config.js';
import { Scene } from './routing/scene.js';

async function lacking(): Promise<string | false> {
  if (process.getuid?.() !== 0) return 'needs root';
  for (const daemon of ['zebra', 'ospfd']) if (!existsSync(`/usr/lib/frr/${daemon}`)) return 'needs FRR';
  if ((await run(['unshare', '--net', 'true'])).code !== 0) return 'needs the right to make a network namespace';
  return false;
}
const skip = await lacking();
t.setTimeout(470_000);

t.test('apply on a live adjacency', { skip }, async (t) => {
  const scene = await Scene.up({ linkType: 'point-to-point' });
  t.teardown(() => scene.down());
  await scene.full();
  const directory = scene.nodeFrr.configDirectory;
  const given = ['config', '--ospf-network', 'point-to-point', '--log-directory', 'none', '--hostname', 'node'];
  const apply = (...more: string[]) =>
    scene.cli(...given, '--apply', '--out', directory, '--frr-namespace', scene.nodeFrr.pathspace, ...more);
  const configuration = () => scene.nodeFrr.show('ospfd', 'show running-config');
  /** Milliseconds since ospfd of either side saw the other's state change last. */
  const ages = async (): Promise<number[]> => {
    const list: number[] = [];
    for (const frr of [scene.nodeFrr, scene.switchFrr]) {
      const answer = (await frr.json('ospfd', 'show ip ospf neighbor detail')) as {
        neighbors: Record<
          string,
          { lastPrgrsvChangeMsec: number; lastRegressiveChangeMsec?: number; nbrState: string }[]
        >;
      };
      for (const [each] of Object.values(answer.neighbors)) {
        t.match(each!.nbrState, /^Full/);
        t.equal(each!.lastRegressiveChangeMsec, undefined, 'never went back');
        list.push(each!.lastPrgrsvChangeMsec);
      }
    }
    t.equal(list.length, 2);
    return list;
  };
  const before = await ages();
  const start = performance.now();

  await t.test('the same configuration is nothing to do', async (t) => {
    const { code, stdout, stderr } = await apply();
    t.equal(code, 0, stderr);
    t.equal(stdout, 'zebra: nothing to do\nospfd: nothing to do\n');
  });

  await t.test("cost, metric and a VIP; somebody's range and timers stay", async (t) => {
    await run([
      ...['vtysh', '-N', scene.nodeFrr.pathspace, '-d', 'ospfd', '-c', 'configure terminal', '-c', 'router ospf'],
      ...['-c', 'area 0.0.0.0 range 10.0.0.0/8', '-c', 'timers throttle spf 10 100 1000', '-c', 'exit'],
      ...['-c', 'interface dpdk1.kni', '-c', 'ip ospf retransmit-interval 7'],
    ]);
    const change = ['--cost', '40', '--metric', '5', '--vip', '123.1.2.3'];
    const dry = await apply('--dry-run', ...change);
    t.match(dry.stdout, /ospfd: would be told[\s\S]*ip ospf cost 40/);
    t.match(await configuration(), /ip ospf cost 10\n/, 'a dry run changes nothing');
    const { code, stdout, stderr } = await apply(...change);
    t.equal(code, 0, stderr);
    t.match(stdout, /ospfd: told/);
    const now = await configuration();
    for (const line of [
      'ip ospf cost 40',
      'route-map DPVS-ANNOUNCE permit 10\n match ip address prefix-list DPVS-VIPS\n set metric 5\n',
      'permit 123.1.2.3/32',
      'area 0.0.0.0 range 10.0.0.0/8',
      'timers throttle spf 10 100 1000',
      'ip ospf retransmit-interval 7',
    ])
      t.ok(now.includes(line), line);
    t.match(readFileSync(join(directory, 'ospfd.conf'), 'utf8'), / ip ospf cost 40\n/, 'the file as well');
    await scene.ip('address', 'add', '123.1.2.3/32', 'dev', 'dpdk1.kni');
    await scene.becomes('123.1.2.3', true);
    t.equal((await apply(...change)).stdout, 'zebra: nothing to do\nospfd: nothing to do\n', 'twice is once');
  });

  await t.test('and back: only what the generator wrote goes', async (t) => {
    const { code, stderr } = await apply();
    t.equal(code, 0, stderr);
    const now = await configuration();
    t.match(now, /ip ospf cost 10\n/);
    t.notMatch(now, /123\.1\.2\.3/);
    for (const line of ['area 0.0.0.0 range 10.0.0.0/8', 'timers throttle spf 10 100 1000'])
      t.ok(now.includes(line), line);
    await scene.becomes('123.1.2.3', false, 12_000);
  });

  await t.test('the neighbour saw none of it', async (t) => {
    const passed = performance.now() - start;
    const after = await ages();
    for (const [i, age] of after.entries())
      t.ok(age >= before[i]! + passed - 1500, `${age} ms after ${passed} ms more`);
  });

  await t.test('what takes the adjacency down is refused, and nothing is done', async (t) => {
    const { code, stderr } = await apply('--hello', '2', '--cost', '77');
    t.equal(code, 1);
    t.match(stderr, /the neighbour would be lost by: ip ospf hello-interval 2; ip ospf dead-interval 8/);
    t.match(await configuration(), /ip ospf cost 10\n/);
    t.notMatch(readFileSync(join(directory, 'ospfd.conf'), 'utf8'), /cost 77/);
  });

  await t.test('a value that somebody set by hand stays, and is said, until --force', async (t) => {
    await run([
      ...['vtysh', '-N', scene.nodeFrr.pathspace, '-d', 'ospfd', '-c', 'configure terminal'],
      ...['-c', 'interface dpdk1.kni', '-c', 'ip ospf cost 500'],
    ]);
    t.match((await apply()).stdout, /kept, as it is not ours: ip ospf cost 500 \(wanted: ip ospf cost 10\)/);
    t.match(await configuration(), /ip ospf cost 500\n/);
    t.equal((await apply('--force')).code, 0);
    t.match(await configuration(), /ip ospf cost 10\n/);
  });

  await t.test('a file written by hand is left alone; a daemon that is down is said', async (t) => {
    const file = join(directory, 'ospfd.conf');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, '! by hand\n');
    const refused = await apply('--cost', '11');
    t.equal(refused.code, 1);
    t.match(refused.stderr, /was not generated/);
    t.match(await configuration(), /ip ospf cost 10\n/);
    writeFileSync(file, text);
    const bfd = await apply('--bfd');
    t.equal(bfd.code, 1);
    t.match(bfd.stderr, /bfdd: it does not run/);
    t.notMatch(await configuration(), /bfd/);
    await eventually(
      'the adjacency is still Full',
      () => scene.nodeFrr.neighbours(),
      (seen) => seen.length === 1 && seen[0]!.state.startsWith('Full'),
    );
  });

  await t.test("--check asks the daemons' parsers", async (t) => {
    const good = await scene.cli(...given, '--check', '--bfd', '--vip6', '2001:db8::1');
    t.equal(good.code, 0, good.stdout);
    for (const name of ['zebra', 'ospfd', 'bfdd', 'ospf6d'])
      t.match(good.stdout, new RegExp(`${name}\\.conf: ok \\(/usr/lib/frr/${name}\\)`));
    const bad = await checkConfig('ospfd', 'router ospf\n ospf router-id nobody\n', 'frr');
    t.equal(bad.complaints.length, 1);
    t.match(bad.complaints[0], /config line 2: ospf router-id nobody/);
  });
});
