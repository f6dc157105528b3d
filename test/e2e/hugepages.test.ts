// dataplane_defs { huge auto } when the hugepages that were counted are gone by the time DPDK asks for them: dpvs starts all the same.
// Both counts are the kernel's own files, replaced in a mount namespace: what two nodes that start together see of each other.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { eventually, Hopeless, postWarden, RunState, run, startDaemon, teardown } from '../../lab/index.js';
import { skip } from './support.js';

const bin = (name: string): string => new URL(`../../../bin/${name}`, import.meta.url).pathname;

const conf = (huge: string): string => `
dataplane_defs { huge ${huge} }
netif_defs {
    <init> pktpool_size 8191
    <init> device dpdk0 {
        hardware net_null0
    }
}
`;

t.test('hugepages that another process takes first', { skip }, async (t) => {
  const state = RunState.create({});
  postWarden(state.prefix);
  const directory = mkdtempSync(join(tmpdir(), 'hugepages-'));
  t.teardown(async () => {
    await teardown(state);
    rmSync(directory, { recursive: true, force: true });
  });
  const name = state.namespace('node');
  state.add('namespaces', name);
  t.equal((await run(['ip', 'netns', 'add', name])).code, 0);

  // What dpvs counts: plenty. What EAL finds: one page.
  const meminfo = readFileSync('/proc/meminfo', 'utf8')
    .replace(/HugePages_(Total|Free): +\d+/g, 'HugePages_$1: 4096')
    .replace(/Hugepagesize: +\d+/, 'Hugepagesize: 2048');
  writeFileSync(join(directory, 'meminfo'), meminfo);
  const pages = join(directory, 'sys', 'hugepages-2048kB');
  mkdirSync(pages, { recursive: true });
  for (const [file, count] of Object.entries({ nr: 1, free: 1, resv: 0, surplus: 0, nr_overcommit: 0 }))
    writeFileSync(join(pages, `${file}_hugepages`), `${count}\n`);
  const script = `mount --bind "$0/meminfo" /proc/meminfo
    for kernel in /sys/kernel/mm/hugepages /sys/devices/system/node/node*/hugepages; do mount --bind "$0/sys" "$kernel"; done
    exec "$@"`;
  const unlucky = ['unshare', '--mount', 'sh', '-ec', script, directory];
  const startNode = async (huge: string) => {
    writeFileSync(join(directory, `${huge}.conf`), conf(huge));
    const env = { ...process.env, DPVS_NAME: `${name}-${huge}`, DPVS_RUN_DIR: directory, DPVS_STATE_DIR: directory };
    const argv = [...unlucky, bin('dpvs'), '-c', join(directory, `${huge}.conf`)];
    const daemon = await startDaemon(state, { member: 'node', what: `dpvs-${huge}`, argv, env });
    return { daemon, env, log: () => daemon.logTail(60) };
  };

  await t.test('huge auto: it starts over on ordinary pages, as the same process', async (t) => {
    const { daemon, env, log } = await startNode('auto');
    await eventually(
      'it answers',
      async () => {
        if (!daemon.alive) throw new Hopeless(`it ended: ${log()}`);
        return (await run([bin('dpip'), 'link', 'show'], { env })).code;
      },
      (code) => code === 0,
      { timeoutMs: 20_000 },
    );
    const told = log();
    t.match(told, /"huge":false/);
    t.match(told, /MB of hugepages are free, but DPDK did not get them: another process took them meanwhile/);
    t.equal((told.match(/node\.starting/g) ?? []).length, 2, 'started twice');
    t.equal(Number(readFileSync(join(directory, `${name}-auto.pid`), 'utf8')), daemon.ref.pid, 'one PID all the time');
  });

  await t.test('huge on: it says what is missing, and ends', async (t) => {
    const { daemon, log } = await startNode('on');
    await eventually(
      'it has ended',
      () => daemon.alive,
      (alive) => !alive,
      { timeoutMs: 20_000 },
    );
    t.match(log(), /DPDK did not start/);
    t.match(log(), /Memory asked for: \d+ MB of hugepages/);
    t.notMatch(log(), /^ +at /m, 'no stack');
  });
});
