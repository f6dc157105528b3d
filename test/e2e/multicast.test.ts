// Groups that the kernel joins on a kni, ospfd's among them, in a real dpvs: dpdk1 on a driver with a multicast filter (net_tap), dpdk0
// on one without (AF_PACKET), where the kernel's interface beneath must let all multicast through.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { GroupsInfo } from '../../api/index.js';
import { eventually } from '../../lab/index.js';
import { inOwnNamespace, ip, SingleNode } from './single-node.js';

const ospf = '01:00:5e:00:00:05';

const onTap = (conf: string): string => conf.replace('net_af_packet1,iface=wan0', 'net_tap9,iface=taps9');

/** zebra and ospfd in this namespace, gone with the test whatever way it ends. */
function startOspfd(directory: string, device: string): ChildProcess[] {
  const home = join(directory, 'frr');
  mkdirSync(home);
  const config = {
    zebra: 'log stdout\n',
    ospfd: `interface ${device}\n ip ospf area 0\nrouter ospf\n ospf router-id 9.9.9.9\n`,
  };
  for (const [name, text] of Object.entries(config)) writeFileSync(join(home, `${name}.conf`), text);
  execFileSync('chmod', ['755', directory]);
  execFileSync('chown', ['-R', 'frr:frr', home]);
  return Object.keys(config).map((name) => {
    const own = ['-f', `${home}/${name}.conf`, '-i', `${home}/${name}.pid`, '--vty_socket', home];
    const argv = ['--pdeathsig', 'KILL', `/usr/lib/frr/${name}`, ...own, '-z', `${home}/zserv.api`, '-P', '0'];
    return spawn('setpriv', argv, { stdio: 'ignore' });
  });
}

t.setTimeout(150_000);

if (await inOwnNamespace(t, import.meta.url)) {
  const node = new SingleNode('keep_kni off', onTap);
  const daemons: ChildProcess[] = [];
  t.teardown(async () => {
    if (!t.passing()) t.comment(node.log);
    for (const daemon of daemons) daemon.kill('SIGKILL');
    await node.end('SIGKILL');
    node.remove();
  });
  const groups = async (device: string): Promise<GroupsInfo> => {
    const [seen] = await node.api.dataplane('maddr.list', { device });
    return seen!;
  };
  const macs = async (device: string): Promise<string[]> => (await groups(device)).link.map(({ mac }) => mac);
  const allmulticast = async (device: string): Promise<boolean> => {
    const [link] = await node.api.dataplane('link.list', { name: device });
    return link!.allmulticast;
  };
  /** Counts the memberships, as no flag does. */
  const passesAll = (device: string): boolean => /allmulti [1-9]/.test(ip(`-d link show ${device}`));
  const become = (what: string, look: () => boolean | Promise<boolean>): Promise<unknown> =>
    eventually(what, look, (seen) => seen, { timeoutMs: 30_000, everyMs: 50 });

  await t.test('a driver with a filter gets the groups, one without lets all through', async (t) => {
    await node.start();
    await become('the filter has taken over', async () => (await groups('dpdk1')).reception === 'groups');
    t.ok((await macs('dpdk1')).includes('01:00:5e:00:00:01'), 'all hosts');
    t.ok((await groups('dpdk1')).link.every(({ synced }) => synced));
    t.equal(await allmulticast('dpdk1'), false);
    await become('all multicast', async () => (await groups('dpdk0')).reception === 'all');
    t.ok(passesAll('lan0'), 'so does the interface beneath');
    t.notOk((await groups('dpdk0')).link.some(({ synced }) => synced));
  });

  await t.test('a join that comes with no other change', async (t) => {
    ip('addr add 172.10.0.2/30 dev dpdk1.kni');
    const socket = createSocket('udp4');
    socket.bind(0);
    await once(socket, 'listening');
    socket.addMembership('239.1.2.3', '172.10.0.2');
    await become('joined', async () => (await macs('dpdk1')).includes('01:00:5e:01:02:03'));
    socket.close();
    await become('left', async () => !(await macs('dpdk1')).includes('01:00:5e:01:02:03'));
    ip('maddr add 01:02:03:04:05:06 dev dpdk1.kni');
    await become('a link-layer address', async () => (await macs('dpdk1')).includes('01:02:03:04:05:06'));
    t.pass('each is noticed');
  });

  await t.test('ospfd', async (t) => {
    t.notOk((await macs('dpdk1')).includes(ospf));
    daemons.push(...startOspfd(node.directory, 'dpdk1.kni'));
    await become('224.0.0.5 is received', async () => (await macs('dpdk1')).includes(ospf));
    t.match(node.dpip('maddr', 'show', 'dev', 'dpdk1', '-v'), `\tlink ${ospf} (+kni)\trefcnt 1\tsync\n`);
  });

  await t.test('an IPv6 address of the dataplane is asked for by multicast', async (t) => {
    const solicited = async (): Promise<string[]> =>
      (await groups('dpdk1')).link
        .filter(({ sources }) => sources.includes('dataplane'))
        .map(({ mac, synced }) => `${mac} ${synced}`);
    node.dpip('addr', 'add', '2001:db8::1:100/128', 'dev', 'dpdk1');
    t.same(await solicited(), ['33:33:00:00:00:01 true', '33:33:ff:01:01:00 true']);
    node.dpip('addr', 'del', '2001:db8::1:100/128', 'dev', 'dpdk1');
    t.same(await solicited(), []);
  });

  await t.test('allmulticast by hand', async (t) => {
    node.dpip('link', 'set', 'dpdk1', 'allmulticast', 'on');
    t.ok(await allmulticast('dpdk1'));
    node.dpip('link', 'set', 'dpdk1', 'allmulticast', 'off');
    t.notOk(await allmulticast('dpdk1'), 'the filter is enough');
    node.dpip('link', 'set', 'dpdk0', 'allmulticast', 'off');
    t.ok((await allmulticast('dpdk0')) && passesAll('lan0'), 'without a filter it is not');
  });

  await t.test('a dpvs that was killed leaves nothing on the interface beneath', async (t) => {
    await node.end('SIGKILL');
    await become('gone', () => !passesAll('lan0'));
    t.pass('the membership went with the process');
  });
}
