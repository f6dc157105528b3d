// Every golden file read by the real daemons' parsers. They end with 0 whatever they read, so their complaints are what counts.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const daemons = '/usr/lib/frr';
const golden = fileURLToPath(new URL('../../../test/unit/golden/quagga-conf/', import.meta.url));
const skip =
  process.getuid?.() !== 0
    ? 'needs root'
    : ['zebra', 'ospfd', 'bfdd', 'ospf6d', 'bgpd'].some((name) => !existsSync(join(daemons, name)))
      ? 'needs FRR'
      : false;

const directory = mkdtempSync(join(tmpdir(), 'dpvs-conf-'));
chmodSync(directory, 0o755);
t.teardown(() => rmSync(directory, { recursive: true }));

/** What the daemon says about the lines of a file. */
function complaints(daemon: string, text: string): string[] {
  const file = join(directory, `${daemon}.conf`);
  // Opening the log file is not a question of syntax, and it would be left behind.
  writeFileSync(file, text.replace(/^log file .*$/m, '!'));
  const { status, stdout, stderr } = spawnSync(
    join(daemons, daemon),
    ['-C', '-f', file, ...(daemon === 'bfdd' ? ['--bfdctl', `${file}.sock`] : [])],
    {
      encoding: 'utf8',
      timeout: 10_000,
    },
  );
  if (status !== 0) throw new Error(`${daemon} -C ended with ${status}: ${stderr}`);
  return `${stdout}${stderr}`.split('\n').filter((line) => /on config line|ambiguous|deprecated|% /i.test(line));
}

t.test("the daemons' parsers take every form and flavor", { skip }, async (t) => {
  const files = readdirSync(golden);
  t.ok(files.length >= 21, `${files.length} files`);
  for (const name of files) {
    // The switch's hint is ospfd's.
    const daemon =
      ['zebra', 'bfdd', 'ospf6d', 'bgpd'].find((each) => name.includes(`.${each}.`)) ??
      (name.includes('bgp') ? 'bgpd' : 'ospfd');
    const seen = complaints(daemon, readFileSync(join(golden, name), 'utf8'));
    // FRR takes Quagga's `passive-interface` with an address, grudgingly; `router-id` of ospf6d has another name there.
    const allowed = name.startsWith('quagga-') ? /deprecated|line \d+: {2}router-id / : /^$/;
    t.same(
      seen.filter((line) => !allowed.test(line)),
      [],
      name,
    );
  }
});

t.test('the witness does complain', { skip }, async (t) => {
  const text = readFileSync(join(golden, 'frr-redistribute.ospfd.conf'), 'utf8');
  t.match(complaints('ospfd', text.replace('hello-interval 1', 'hello-interval often')).join(), /config line 8/);
  const bgp = readFileSync(join(golden, 'frr-bgp.bgpd.conf'), 'utf8');
  t.match(complaints('bgpd', bgp.replace('remote-as 65100', 'remote-as many')).join(), /config line 27/);
  t.match(complaints('zebra', 'hostname x\nredistribute nothing\n').join(), /config line 2/);
  const bfd = readFileSync(join(golden, 'frr-stub.bfdd.conf'), 'utf8');
  t.match(complaints('bfdd', bfd.replace('multiplier 4', 'multiplier many')).join(), /config line 8/);
  const six = readFileSync(join(golden, 'frr-ospf6.ospf6d.conf'), 'utf8');
  t.match(complaints('ospf6d', six.replace('cost 10', 'cost low')).join(), /config line 11/);
});
