// Notifications lost: the kernel's queue overflows while this process is busy, and the mirror still ends with what the kernel has,
// also without what went unheard. Runs itself again in a network namespace of its own, which goes with the process.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { KernelMirror } from '../../dataplane/kernel-mirror/index.js';
import { KniManager } from '../../kni/index.js';
import { eventually } from '../../lab/index.js';
import { createLog } from '../../log/index.js';
import { openTap } from './tap-device.js';

const inside = process.env.DPVS_TEST_NETNS === '1';
const kniName = 'dpdk1.kni';

function lacking(): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  if (!existsSync('/dev/net/tun')) return 'needs /dev/net/tun';
  if (spawnSync('unshare', ['--net', 'true']).status !== 0) return 'needs the right to make a network namespace';
  return false;
}

/** All at once, while this thread waits: nothing of it is read meanwhile. */
const batch = (lines: readonly string[]): void => {
  execFileSync('ip', ['-batch', '-'], { input: `${lines.join('\n')}\n` });
};

/** The witness: what `ip` says of the interface, as the mirror should have it. */
function kernelHas(): string[] {
  const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
  const addresses = lines(execFileSync('ip', ['-4', '-o', 'addr', 'show', 'dev', kniName], { encoding: 'utf8' }));
  const routes = lines(execFileSync('ip', ['-4', 'route', 'show', 'dev', kniName], { encoding: 'utf8' }));
  return [
    ...addresses.map((line) => `${/inet ([\d.]+)/.exec(line)?.[1]}/32 kni_host`),
    ...routes.map((line) => `${line.split(' ')[0]} ${line.includes(' via ') ? 'global' : 'link'}`),
  ].sort();
}

if (!inside) {
  const skip = lacking();
  if (skip !== false) t.plan(0, skip);
  else
    await t.spawn('unshare', ['--net', process.execPath, fileURLToPath(import.meta.url)], {
      env: { ...process.env, DPVS_TEST_NETNS: '1' },
      name: 'in a network namespace of its own',
    });
} else {
  const tap = openTap(kniName);
  let resyncs = 0;
  const log = createLog({ stream: { write: (line: string) => void (line.includes('"kni.resync"') && resyncs++) } });
  const mirror = new KernelMirror({
    ports: [{ name: 'dpdk1', kniName }],
    routes: true,
    hidden: () => false,
  });
  /** The slow path's side: what the steps add up to. */
  const given = new Map<string, string>();
  const follow = (): void => {
    for (const change of mirror.commit()) {
      if (change.kind !== 'route.set' && change.kind !== 'route.remove') throw new Error(change.kind);
      const { destination, metric, scope } = change.route;
      if (change.kind === 'route.set') given.set(`${destination} ${metric}`, `${destination} ${scope}`);
      else if (!given.delete(`${destination} ${metric}`)) throw new Error(`${destination} was not there`);
    }
  };
  const manager = new KniManager(
    {
      onAddress: (event) => {
        mirror.addressChanged(event);
        follow();
      },
      onRoutes: (routes) => {
        mirror.routesRead(routes);
        follow();
      },
    },
    log,
    { receiveBuffer: 2048 },
  );
  t.teardown(() => {
    manager.close();
    tap.close();
  });
  const same = (what: string): Promise<unknown> =>
    eventually(
      what,
      () => [...given.values()].sort(),
      (seen) => seen.join() === kernelHas().join(),
      { timeoutMs: 5000 },
    );

  await t.test('what went while nobody listened is gone', async (t) => {
    await manager.attach({ name: 'dpdk1', kniName, mac: '02:00:00:00:00:09', mtu: 1500, up: true });
    batch([`addr add 172.10.0.2/30 dev ${kniName}`, `addr add 123.1.2.3/32 dev ${kniName}`]);
    batch([`route add 10.9.0.0/16 via 172.10.0.1 dev ${kniName} proto 11`]);
    await same('before');
    const stale = [...given.values()];
    t.ok(stale.includes('123.1.2.3/32 kni_host') && stale.includes('10.9.0.0/16 global'));
    const before = resyncs;

    const many = Array.from({ length: 400 }, (_unused, i) => `addr add 10.3.${i >> 8}.${i & 255}/32 dev ${kniName}`);
    // The queue is full before the removals come.
    batch([...many, `addr del 123.1.2.3/32 dev ${kniName}`, `route del 10.9.0.0/16 dev ${kniName}`]);
    await same('after the overrun');
    t.ok(resyncs > before, 'there was an overrun');
    const left = [...given.values()];
    t.notOk(left.includes('123.1.2.3/32 kni_host'), 'the address is gone');
    t.notOk(left.includes('10.9.0.0/16 global'), 'the route is gone');
    t.equal(left.filter((line) => line.startsWith('10.3.')).length, 400);
  });

  await t.test('and back, several times over', async (t) => {
    for (let round = 0; round < 3; round++) {
      const verb = round % 2 === 0 ? 'del' : 'add';
      batch(Array.from({ length: 400 }, (_unused, i) => `addr ${verb} 10.3.${i >> 8}.${i & 255}/32 dev ${kniName}`));
      batch([`route ${round % 2 === 0 ? 'add' : 'del'} 10.9.0.0/16 via 172.10.0.1 dev ${kniName}`]);
      await same(`round ${round}`);
      t.equal([...given.values()].filter((line) => line.startsWith('10.3.')).length, round % 2 === 0 ? 0 : 400);
    }
  });
}
