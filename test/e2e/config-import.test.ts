// dpvs-route config --import with real daemons: what somebody wrote by hand announces the same VIPs after it went through the generator.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { run } from '../../lab/index.js';
import { Scene } from './routing/scene.js';

async function lacking(): Promise<string | false> {
  if (process.getuid?.() !== 0) return 'needs root';
  for (const daemon of ['zebra', 'ospfd']) if (!existsSync(`/usr/lib/frr/${daemon}`)) return 'needs FRR';
  if ((await run(['unshare', '--net', 'true'])).code !== 0) return 'needs the right to make a network namespace';
  return false;
}
const skip = await lacking();
t.setTimeout(470_000);

/** The tutorial's form, with a statement of which the generator knows nothing. */
const byHand = `hostname lb1
interface dpdk1.kni
 ip ospf hello-interval 1
 ip ospf dead-interval 4
 ip ospf retransmit-interval 7
router ospf
 ospf router-id 192.168.100.200
 log-adjacency-changes
 auto-cost reference-bandwidth 1000
 network 172.31.7.0/30 area 0.0.0.0
 network 123.1.2.3/32 area 0.0.0.0
`;
const vip = '123.1.2.3';

t.test('by hand, imported, written, running: the same VIP', { skip }, async (t) => {
  const scene = await Scene.up({ linkType: 'broadcast' });
  t.teardown(() => scene.down());
  const { nodeFrr } = scene;
  const restart = async (ospfd: string): Promise<void> => {
    await nodeFrr.kill('ospfd', 'SIGTERM');
    await scene.becomes(vip, false, 15_000);
    await nodeFrr.writeConfig({ 'ospfd.conf': ospfd });
    await nodeFrr.startDaemon('ospfd');
    await scene.becomes(vip, true, 30_000);
  };
  await scene.ip('address', 'add', `${vip}/32`, 'dev', 'dpdk1.kni');
  await restart(byHand);
  const directory = join(nodeFrr.configDirectory, 'imported');
  mkdirSync(directory);
  const given = ['config', '--from-running', '--frr-namespace', nodeFrr.pathspace];
  const { code, stdout, stderr } = await scene.cli(...given, '--out', directory);
  t.equal(code, 0, stderr);
  t.match(stdout, /VIP 123\.1\.2\.3 by network \(ospfd\.conf:\d+\)/);
  t.match(stdout, /kept as it is[\s\S]*dpdk1\.kni \/ ip ospf retransmit-interval 7/);
  t.match(stdout, /dpvs-route announce 123\.1\.2\.3\n/);
  const written = readFileSync(join(directory, 'ospfd.conf'), 'utf8');
  t.match(written, /network 123\.1\.2\.3\/32 area 0\.0\.0\.0/);
  await restart(written);
  const config = await nodeFrr.show('ospfd', 'show running-config');
  for (const line of ['ip ospf retransmit-interval 7', 'ip ospf cost 10', 'network 123.1.2.3/32 area 0.0.0.0'])
    t.ok(config.includes(line), line);
  // What runs now, read again, is what was written: the generator's own text.
  const again = await scene.cli(...given, '--json');
  const before = await scene.cli('config', '--import', join(directory, 'ospfd.conf'), '--json');
  const model = ({ stdout: text }: { stdout: string }) => {
    // A running daemon prints no log lines or passwords that were not given, and its host's name is zebra's.
    const { hostname: _, ...rest } = (JSON.parse(text) as { model: Record<string, unknown> }).model;
    return rest;
  };
  t.same(model(again), model(before));
});
