// MTU and MAC of a running dpvs's ports, set by dpip or on the kni, in both directions: dpdk0 on AF_XDP, dpdk1 on AF_PACKET, later on TAP.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { LinkInfo, NodeStatus, RouteInfo } from '../../api/index.js';
import { eventually } from '../../lab/index.js';
import { program } from '../../lab/paths.js';
import { inOwnNamespace, ip, SingleNode } from './single-node.js';

/** Room for more than dpdk1's driver takes. */
const LARGEST = 1800;
const withXdp = (conf: string): string =>
  conf
    .replace('net_af_packet0,iface=lan0', 'net_af_xdp0,iface=lan0')
    .replace('mtu                   1500', `mtu                   ${LARGEST}`);
const onTap = (conf: string): string => conf.replace('net_af_packet1,iface=wan0', 'net_tap9,iface=taps9');

type Own = Pick<LinkInfo, 'mtu' | 'mac'>;

t.setTimeout(300_000);

if (await inOwnNamespace(t, import.meta.url)) {
  let tap = false;
  const node = new SingleNode('', (conf) => (tap ? onTap(withXdp(conf)) : withXdp(conf)));
  t.teardown(async () => {
    if (!t.passing()) t.comment(node.log);
    await node.end('SIGKILL');
    node.remove();
  });
  const port = (name: string): Own => {
    const [{ mtu, mac }] = JSON.parse(node.dpip('link', 'show', name, '--json')) as [LinkInfo];
    return { mtu, mac };
  };
  const kernel = (device: string): Own => {
    const [{ mtu, address }] = JSON.parse(ip(`-json link show ${device}`)) as [{ mtu: number; address: string }];
    return { mtu, mac: address };
  };
  const become = (t: Test, what: string, see: () => unknown, wanted: unknown): Promise<unknown> =>
    eventually(
      what,
      () => JSON.stringify(see()),
      (seen) => seen === JSON.stringify(wanted),
      { timeoutMs: 30_000, everyMs: 50 },
    ).then(
      () => t.pass(what),
      () => t.same(see(), wanted, what),
    );
  const told = (t: Test, line: RegExp): Promise<unknown> =>
    eventually(
      `a line like ${line}`,
      () => readFileSync(join(node.directory, 'log'), 'utf8'),
      (log) => line.test(log),
      { timeoutMs: 30_000 },
    ).then(() => t.pass(String(line)));
  /** The port, its kni, and the interface that it is made of. */
  const all = (name: string, beneath: string) => () => [port(name), kernel(`${name}.kni`), kernel(beneath)];
  const three = (own: Own): Own[] => [own, own, own];

  await t.test('dpip sets the port, the interface beneath and the kni', async (t) => {
    await node.start();
    node.dpip('addr', 'add', '10.9.0.1/24', 'dev', 'dpdk0');
    const own = { mtu: 1400, mac: '02:00:00:00:0a:00' };
    node.dpip('link', 'set', 'dpdk0', 'mtu', '1400', 'addr', '02:00:00:00:0A:00');
    t.same(all('dpdk0', 'lan0')(), three(own), 'AF_XDP, when dpip returns');
    node.dpip('link', 'set', 'dpdk1', 'mtu', '1300', 'addr', '02:00:00:00:0b:00');
    t.same(all('dpdk1', 'wan0')(), three({ mtu: 1300, mac: '02:00:00:00:0b:00' }), 'AF_PACKET');
    t.match(node.dpip('link', 'show', 'dpdk0'), /mtu 1400 [\s\S]*addr 02:00:00:00:0A:00/);
    const routes = JSON.parse(node.dpip('route', 'show', 'dev', 'dpdk0', '--json')) as RouteInfo[];
    t.same([...new Set(routes.map(({ mtu }) => mtu))], [1400]);
    t.same(port('dpdk1'), { mtu: 1300, mac: '02:00:00:00:0b:00' }, 'the other port has its own');
  });

  await t.test('the wire hears of a new MAC', async (t) => {
    const mac = '02:00:00:00:0a:01';
    const own = `ether src ${mac} and arp host 10.9.0.1`;
    const witness = spawn('tcpdump', ['-nlei', 'lan1', '-c', '1', own], { stdio: ['ignore', 'pipe', 'pipe'] });
    await once(witness.stderr, 'data');
    let heard = '';
    witness.stdout.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    const ended = once(witness, 'exit');
    node.dpip('link', 'set', 'dpdk0', 'addr', mac);
    await ended;
    t.match(heard, /02:00:00:00:0a:01 > ff:ff:ff:ff:ff:ff.*who-has 10\.9\.0\.1 .*tell 10\.9\.0\.1/i);
  });

  await t.test('what somebody gives the kni, the port gets', async (t) => {
    ip(`link set dpdk0.kni mtu ${LARGEST}`);
    await become(t, 'more', all('dpdk0', 'lan0'), three({ mtu: LARGEST, mac: '02:00:00:00:0a:01' }));
    ip('link set dpdk1.kni address 02:00:00:00:0b:02 mtu 1350');
    await become(t, 'both at once', all('dpdk1', 'wan0'), three({ mtu: 1350, mac: '02:00:00:00:0b:02' }));
    // Faster than the port can follow each.
    for (const word of ['mtu 1310', 'address 02:00:00:00:0b:03', 'mtu 1320', 'mtu 1330', 'address 02:00:00:00:0b:04'])
      ip(`link set dpdk1.kni ${word}`);
    await become(t, 'the last of many', all('dpdk1', 'wan0'), three({ mtu: 1330, mac: '02:00:00:00:0b:04' }));
    await told(t, /"event":"kni.followed"[^\n]*"kni":"dpdk1.kni"/);
  });

  await t.test('what the port cannot have is put right, or refused', async (t) => {
    ip('link set dpdk1.kni mtu 1600');
    await become(t, 'the driver', all('dpdk1', 'wan0'), three({ mtu: 1330, mac: '02:00:00:00:0b:04' }));
    await told(t, /"event":"kni.corrected"[^\n]*"mtu":1330[^\n]*1600 is more than dpdk1 can have, 1500: its driver/);
    t.throws(() => node.dpip('link', 'set', 'dpdk1', 'mtu', '1600'), { message: /1500: its driver net_af_packet/ });
    t.throws(() => node.dpip('link', 'set', 'dpdk0', 'mtu', '9000'), {
      message: /1\d\d\d: [^\n]*net_tap, takes no more/,
    });
    t.same(port('dpdk0').mtu, LARGEST);
  });

  await t.test('a new slow path, and a new dpvs on another driver, have the same', async (t) => {
    const [lan, wan] = [port('dpdk0'), port('dpdk1')];
    const generation = (): number => {
      const { stdout } = spawnSync(program('dpip'), ['status', '--json'], { env: node.env, encoding: 'utf8' });
      const { slowPath } = JSON.parse(stdout) as NodeStatus;
      return slowPath.state === 'running' ? slowPath.generation : 0;
    };
    const first = generation();
    // On a machine that has much to do dpip does not wait for its end.
    spawnSync(program('dpip'), ['slowpath', 'restart'], { env: node.env });
    await become(t, 'a new slow path', generation, first + 1);
    t.same([port('dpdk0'), port('dpdk1')], [lan, wan]);
    await node.end('SIGTERM');
    ip('link set lan0 mtu 1500 address 02:00:00:00:0a:09');
    tap = true;
    await node.start();
    await become(t, 'AF_XDP', all('dpdk0', 'lan0'), three(lan));
    await become(t, 'TAP', all('dpdk1', 'taps9'), three(wan));
    node.dpip('link', 'set', 'dpdk1', 'mtu', '1500', 'addr', '02:00:00:00:0b:09');
    t.same(all('dpdk1', 'taps9')(), three({ mtu: 1500, mac: '02:00:00:00:0b:09' }));
    t.throws(() => node.dpip('link', 'set', 'dpdk1', 'mtu', '1505'), { message: /1504: its driver net_tap/ });
  });
}
