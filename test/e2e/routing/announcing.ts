// What every driver of the bridge has to do, with real daemons at both ends: announce, withdraw, drain, survive its daemon, end.
import { existsSync } from 'node:fs';
import type { Test } from 'tap';
import { eventually, must, run } from '../../../lab/index.js';
import type { BridgeStatus, Report } from '../../../routing/index.js';
import { Scene } from './scene.js';
import { Second } from './second.js';

export interface Announcing {
  readonly protocol: 'ospf6' | 'bgp';
  readonly daemon: 'ospf6d' | 'bgpd';
  readonly vip: string;
  readonly other: string;
  /** What `ip route` of the switch calls routes of it. */
  readonly kernelProtocol: 'ospf' | 'bgp';
  /** A draining VIP in the daemon's configuration. */
  readonly drained: RegExp;
  /** Whether the area tells who else announces it. */
  readonly tellsAnnouncers: boolean;
}

export async function lacking(...daemons: string[]): Promise<string | false> {
  if (process.getuid?.() !== 0) return 'needs root';
  for (const daemon of ['zebra', ...daemons]) if (!existsSync(`/usr/lib/frr/${daemon}`)) return `needs FRR's ${daemon}`;
  for (const tool of ['ip', 'nsenter', 'unshare', 'vtysh'])
    if ((await run(['which', tool])).code !== 0) return `needs ${tool}`;
  if ((await run(['unshare', '--net', 'true'])).code !== 0) return 'needs the right to make a network namespace';
  return false;
}

export async function announcing(t: Test, about: Announcing): Promise<Scene> {
  const { protocol, daemon, vip, other } = about;
  const scene = await Scene.up({ protocol });
  t.teardown(async () => {
    if (!t.passing()) t.comment(scene.bridgeLog);
    await scene.down();
  });
  const { dataplane } = scene;
  const host = (address: string): string => `${address}/${address.includes(':') ? 128 : 32}`;
  const status = (): Promise<BridgeStatus> => scene.api.bridge('status', {});
  const stateOf = async (address: string): Promise<string> =>
    (await status()).vips.find((each) => each.vip === address)?.state ?? 'absent';
  const stateBecomes = (address: string, wanted: string): Promise<string> =>
    eventually(
      `${address} becomes ${wanted}`,
      () => stateOf(address),
      (seen) => seen === wanted,
      { timeoutMs: 15_000 },
    );
  const report = async (...args: string[]): Promise<Report> => {
    const { code, stdout, stderr } = await scene.cli(...args, '--json');
    t.equal(code, 0, `${args.join(' ')}: ${stderr.trim() || 'done'}`);
    return JSON.parse(stdout) as Report;
  };
  const config = (): Promise<string> => scene.nodeFrr.show(daemon, 'show running-config');
  for (const address of [vip, other]) dataplane.setService(address, true);
  // Beside the tests that do without it: it takes its time to become Full.
  const coming = Second.up(scene);
  await scene.startBridge();

  await t.test('announce: address, route, the daemon; the switch learns it', async (t) => {
    const { steps } = await report('announce', vip, '--wait', '60');
    for (const name of ['dataplane route', `${daemon} permission`, 'kernel address', `verify ${daemon}`])
      t.equal(steps.find((step) => step.name === name)?.outcome, 'done', name);
    await scene.becomes(vip, true, 15_000);
    t.match(await scene.kniAddresses(), host(vip));
    t.same(dataplane.kniRoutes(), [`${host(vip)} dpdk1`]);
    const { routing } = await status();
    t.match(
      routing.find((each) => each.daemon === daemon),
      { protocol, trouble: null, neighbours: [{ routerId: '10.0.0.1', interface: 'dpdk1.kni', full: true }] },
    );
    t.match(steps.find(({ name }) => name === 'neighbour')?.detail, /10\.0\.0\.1 at \S+ is (Full|Established)/);
  });

  await t.test('a second VIP, and only the VIPs are announced', async (t) => {
    await report('announce', other);
    await scene.becomes(other, true);
    const show = ['ip', vip.includes(':') ? '-6' : '-4', 'route', 'show', 'proto', about.kernelProtocol];
    const routes = (await must(show, { namespace: scene.switch })).match(/^[\da-f.:]+(?= )/gm);
    t.same(routes?.sort(), [vip, other].sort());
    if (protocol === 'ospf6')
      t.notMatch(
        await scene.switchFrr.show('ospf6d', 'show ipv6 ospf6 database intra-prefix detail'),
        host(vip),
        'no intra-area prefix',
      );
  });

  await t.test('withdraw: gone everywhere, the other stays', async (t) => {
    const { steps } = await report('withdraw', other);
    t.match(
      steps.find((step) => step.name === `verify ${daemon}`),
      { outcome: 'done' },
    );
    await scene.becomes(other, false, 2_000);
    t.notMatch(await scene.kniAddresses(), host(other));
    t.notMatch(await config(), host(other));
    t.ok(await scene.learned(vip));
  });

  await t.test('drain: refused without another announcer, where that is known', async (t) => {
    const { code, stderr } = await scene.cli('drain', vip, '--dry-run');
    t.equal(code, 0, stderr);
    if (!about.tellsAnnouncers) return;
    const refused = await scene.cli('drain', vip);
    t.equal(refused.code, 1);
    t.match(refused.stderr, /no other node announces it/);
  });

  await t.test('drain: the switch moves to the second node; undrain: it comes back', async (t) => {
    const second = await coming;
    await second.announce(vip);
    t.ok(await scene.learned(vip), 'both are next hops');
    // So that the bridge waits for the flows, and the drain does not end by itself.
    dataplane.flows = 3;
    const { steps } = await report('drain', vip, '--deadline', 'never');
    const outcome = (name: string) => steps.find((step) => step.name === name)?.outcome;
    t.equal(outcome(`${daemon} preference`), 'done');
    t.equal(outcome('verify best set'), about.tellsAnnouncers ? 'done' : 'skipped');
    t.equal(outcome('verify neighbours'), 'done');
    t.match(await config(), about.drained);
    await scene.becomes(vip, false, 8_000);
    t.ok(await second.learned(vip));
    await report('undrain', vip);
    await scene.becomes(vip, true, 15_000);
    t.notMatch(await config(), about.drained);
    await stateBecomes(vip, 'announced');
  });

  await t.test('the daemon is killed and comes back: announced again', async (t) => {
    await scene.nodeFrr.kill(daemon);
    await eventually(
      'it is noticed',
      () => stateOf(vip),
      (seen) => seen === 'configured',
    );
    t.match(await scene.kniAddresses(), host(vip), 'that alone is no reason to take the address off');
    await scene.becomes(vip, false, 8_000);
    await scene.nodeFrr.startDaemon(daemon);
    await scene.becomes(vip, true, 30_000);
    await stateBecomes(vip, 'announced');
  });

  await t.test('SIGTERM withdraws first; the next bridge announces it again', async (t) => {
    await scene.killBridge('SIGTERM');
    // A switch that has just got the LSA of a new daemon drops what follows within a second; it is sent again 5 s later.
    await scene.becomes(vip, false, 8_000);
    t.notMatch(await scene.kniAddresses(), host(vip));
    await scene.startBridge();
    await scene.becomes(vip, true, 15_000);
    await stateBecomes(vip, 'announced');
  });
  return scene;
}
