// BGP: the bridge with real zebra and bgpd at both ends and a mock of the dataplane.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { must } from '../../lab/index.js';
import { announcing, lacking } from './routing/announcing.js';

t.setTimeout(180_000);
t.test('BGP', { skip: await lacking('bgpd') }, async (t) => {
  const scene = await announcing(t, {
    protocol: 'bgp',
    daemon: 'bgpd',
    vip: '123.1.2.3',
    other: '123.1.2.4',
    kernelProtocol: 'bgp',
    drained: /network 123\.1\.2\.3\/32 route-map DPVS-DRAIN/,
    tellsAnnouncers: false,
  });

  await t.test('an IPv6 VIP, by the same session', async (t) => {
    const six = '2001:db8:1::3';
    scene.dataplane.setService(six, true);
    const { code, stderr } = await scene.cli('announce', six);
    t.equal(code, 0, stderr);
    await scene.becomes(six, true);
    await scene.cli('withdraw', six);
    await scene.becomes(six, false);
  });

  await t.test('config --apply needs no ospfd', async (t) => {
    const directory = t.testdir({});
    const given = ['config', '--protocol', 'bgp', '--as', '65001', '--peer-as', '65000', '--graceful-restart', 'off'];
    const apply = [...given, '--apply', '--out', directory, '--frr-namespace', scene.nodeFrr.pathspace];
    const { code, stdout, stderr } = await scene.cli(...apply);
    t.equal(code, 0, stderr);
    t.match(stdout, /bgpd: told/);
    t.notMatch(stdout, /no longer/);
    t.ok(existsSync(join(directory, 'bgpd.conf')));
    t.match((await scene.cli('status')).stdout, /Established/);
  });

  await t.test('obstacles say what bgpd needs', async (t) => {
    const vtysh = ['vtysh', '-N', scene.nodeFrr.pathspace, '-d', 'bgpd', '-c', 'configure terminal'];
    const configure = (...lines: string[]) => must([...vtysh, ...lines.flatMap((line) => ['-c', line])]);
    scene.dataplane.setService('123.1.2.9', true);
    await configure('router bgp 65001', 'bgp ebgp-requires-policy');
    const silent = await scene.cli('announce', '123.1.2.9');
    t.equal(silent.code, 1);
    t.match(silent.stderr, /bgpd form: bgpd sends nothing without a policy.*no bgp ebgp-requires-policy/);
    await configure('no router bgp 65001');
    const bare = await scene.cli('announce', '123.1.2.9', '--force', '--dev', 'dpdk1');
    t.equal(bare.code, 1);
    t.match(bare.stderr, /bgpd form: bgpd has no `router bgp`/);
  });
});
