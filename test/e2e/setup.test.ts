// What scripts/setup.sh and the demo say when the machine lacks something: each lack is made for real, in a mount or user namespace,
// with fewer capabilities, or by the PATH.
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type Outcome, run } from '../../lab/index.js';

type TapTest = typeof t;
const project = fileURLToPath(new URL('../../../', import.meta.url));
const demo = join(project, 'dist/lab/demo.js');
const directory = mkdtempSync(join(tmpdir(), 'setup-'));
t.teardown(() => rmSync(directory, { recursive: true, force: true }));
t.setTimeout(470_000);

async function lacking(): Promise<string | false> {
  if (process.getuid?.() !== 0) return 'needs root';
  for (const kind of ['--mount', '--user'])
    if ((await run(['unshare', kind, 'true'])).code !== 0) return `needs unshare ${kind}`;
  if ((await run(['dpkg-query', '--version'])).code !== 0) return 'needs Debian';
  return false;
}
const skip = await lacking();

/** A project with nothing to build, so that setup.sh goes from end to end and changes nothing here. */
function emptyProject(): string {
  const root = join(directory, 'project');
  mkdirSync(join(root, 'scripts'), { recursive: true });
  for (const name of [
    'scripts/setup.sh',
    'scripts/apt-packages.txt',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
  ])
    copyFileSync(join(project, name), join(root, name));
  for (const stamp of ['node_modules/.package-lock.json', 'dist/.built']) {
    mkdirSync(dirname(join(root, stamp)), { recursive: true });
    writeFileSync(join(root, stamp), '');
    const later = new Date(Date.now() + 60_000);
    utimesSync(join(root, stamp), later, later);
  }
  return root;
}
const setup = ['bash', join(emptyProject(), 'scripts/setup.sh')];

/** In a mount namespace that goes with the command, after `script` has changed what is mounted; $0 is the test's directory. */
const mounted = (script: string, argv: readonly string[]): string[] => [
  ...['unshare', '--mount', 'sh', '-ec', `${script}\nexec "$@"`, directory],
  ...argv,
];
/** An id without a name and without any capability over this machine. */
const notRoot = (argv: readonly string[]): string[] => ['unshare', '--user', ...argv];
const without = (capability: string, argv: readonly string[]): string[] => [
  ...['setpriv', `--bounding-set=-${capability}`, `--inh-caps=-${capability}`],
  ...argv,
];

/** A program that is only there to be found first. */
function pathWith(name: string, script: string): NodeJS.ProcessEnv {
  const bin = mkdtempSync(join(directory, 'bin-'));
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
  return { ...process.env, PATH: `${bin}:${process.env.PATH}` };
}

/** dpkg's database without one package. */
function withoutPackage(name: string): string {
  const status = readFileSync('/var/lib/dpkg/status', 'utf8')
    .split('\n\n')
    .filter((stanza) => !stanza.startsWith(`Package: ${name}\n`))
    .join('\n\n');
  writeFileSync(join(directory, 'status'), status);
  return 'mount --bind "$0/status" /var/lib/dpkg/status';
}

const meminfo = (edit: (text: string) => string): string => {
  writeFileSync(join(directory, 'meminfo'), edit(readFileSync('/proc/meminfo', 'utf8')));
  return 'mount --bind "$0/meminfo" /proc/meminfo';
};

function says(
  t: Pick<TapTest, 'equal' | 'match' | 'notMatch'>,
  outcome: Outcome,
  code: number,
  ...patterns: RegExp[]
): void {
  const text = outcome.stdout + outcome.stderr;
  t.equal(outcome.code, code, text);
  for (const pattern of patterns) t.match(text, pattern);
  t.notMatch(text, /^\s+at .*:\d+:\d+/m, 'no stack');
}

t.test('setup.sh', { skip }, async (t) => {
  t.test('nothing is missing', async (t) => says(t, await run(setup), 0, /^setup: everything is in place\n$/));
  t.test('Node is too old', async (t) => {
    const env = pathWith('node', 'case "$1" in -p) echo 18 ;; *) echo v18.20.4 ;; esac');
    says(
      t,
      await run(setup, { env }),
      1,
      /Node\.js v18\.20\.4 is too old\n +install Node\.js 20 or newer \(nodejs\.org/,
    );
  });
  t.test('no Node', async (t) => {
    const env = { ...process.env, PATH: '/usr/sbin:/sbin' };
    const bash = ['/bin/bash', ...setup.slice(1)];
    says(t, await run(mounted('for f in dirname uname id; do cp "$(command -v $f)" "$0/" || true; done', ['true'])), 0);
    says(t, await run(bash, { env: { ...env, PATH: directory } }), 1, /no node on the PATH\n +install Node\.js 20/);
  });
  t.test('a package is missing, and no root to install it', async (t) => {
    says(
      t,
      await run(mounted(withoutPackage('frr'), notRoot(setup))),
      1,
      /these Debian packages are missing, and only root can install them: frr *\n +as root: apt-get install --no-install-recommends frr *\n +or run this as root/,
    );
  });
  t.test('a package is missing, and no apt-get', async (t) => {
    const script = `${withoutPackage('frr')}\nmount --bind /dev/null "$(command -v apt-get)"`;
    says(
      t,
      await run(mounted(script, setup)),
      1,
      /there is no apt-get to install them: frr/,
      /scripts\/apt-packages\.txt/,
    );
  });
  t.test('not root, and nothing else is missing', async (t) =>
    says(
      t,
      await run(notRoot(setup)),
      0,
      /note: not root: the demo cannot run and the e2e tests are skipped; run it as root/,
    ),
  );
  t.test('no NET_ADMIN', async (t) =>
    says(
      t,
      await run(without('net_admin', setup)),
      0,
      /note: no network namespaces or veth here.*CAP_NET_ADMIN.*--privileged/,
    ),
  );
  t.test('no /dev/net/tun', async (t) =>
    says(
      t,
      await run(mounted('mount -t tmpfs none /dev/net', setup)),
      0,
      /note: no \/dev\/net\/tun.*modprobe tun.*--device/,
    ),
  );

  // The kernel's file is out of reach in both: a test reserves nothing.
  const shield =
    'touch "$0/nr"; mount --bind "$0/nr" /proc/sys/vm/nr_hugepages; mount -o remount,bind,ro /proc/sys/vm/nr_hugepages';
  const none = (text: string): string =>
    text.replace(/HugePages_Total: +\d+/, 'HugePages_Total: 0').replace(/Hugepagesize: +\d+/, 'Hugepagesize: 2048');
  t.test('too little memory for hugepages', async (t) => {
    const script = meminfo((text) => none(text).replace(/MemAvailable: +\d+/, 'MemAvailable: 2000000'));
    says(
      t,
      await run(mounted(`${shield}\n${script}`, setup)),
      0,
      /note: 1953 MB of memory are available, too little to set 1024 MB of hugepages aside: dpvs runs on ordinary pages/,
    );
  });
  t.test('the kernel reserves no hugepages', async (t) => {
    const script = meminfo((text) => none(text).replace(/MemAvailable: +\d+/, 'MemAvailable: 64000000'));
    says(
      t,
      await run(mounted(`${shield}\n${script}`, setup)),
      0,
      /note: the kernel refuses to reserve hugepages .*ordinary pages/,
    );
  });
});

t.test('the demo', { skip }, async (t) => {
  const node = [process.execPath, demo];
  const cannot = /^the lab cannot run here:\n/;
  t.test('not root', async (t) => says(t, await run(notRoot(node)), 1, cannot, /not root.*\n +run it as root/));
  t.test('no NET_ADMIN', async (t) =>
    says(
      t,
      await run(without('net_admin', node)),
      1,
      cannot,
      /no network namespaces or veth here: .*\n.*CAP_NET_ADMIN/,
    ),
  );
  t.test('no /dev/net/tun', async (t) =>
    says(
      t,
      await run(mounted('mount -t tmpfs none /dev/net', node)),
      1,
      cannot,
      /no \/dev\/net\/tun.*\n +modprobe tun/,
    ),
  );
  t.test('no FRR', async (t) =>
    says(
      t,
      await run(mounted('mount -t tmpfs none /usr/lib/frr', node)),
      1,
      cannot,
      /no \/usr\/lib\/frr\/zebra\n +apt-get install frr/,
    ),
  );
});
