// An IPv6 VIP, announced with OSPFv3 and served: client, switch, ospf6d, FullNAT66 on DPDK ports, real servers, and the way back.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import {
  type DpvsNode,
  eventually,
  type Frr,
  type Lab,
  must,
  plan,
  run,
  startDaemon,
  wanKni,
} from '../../lab/index.js';
import { cluster, skip } from './support.js';

const ospf6d = '/usr/lib/frr/ospf6d';
const vip = '2001:db8::100';
const lip = '2001:db8:b::200';
const lan = '2001:db8:b::/64';
const serverAddress = (i: number): string => `2001:db8:b::${i + 2}`;
const client = '2001:db8:a::48';
const gateway = '2001:db8:a::1';
const port = 80;
const serverProgram = fileURLToPath(new URL('./six-server.js', import.meta.url));

const ip6 = (namespace: string, ...lines: string[]): Promise<unknown> =>
  must(['ip', '-6', '-batch', '-'], { namespace, input: `${lines.join('\n')}\n` });
const enable = (namespace: string, ...interfaces: string[]): Promise<unknown> =>
  must(['sysctl', '-q', '-w', ...interfaces.map((name) => `net/ipv6/conf/${name}/disable_ipv6=0`)], { namespace });

async function startOspf6(lab: Lab, member: string, frr: Frr, lines: readonly string[]): Promise<void> {
  const file = join(frr.configDirectory, 'ospf6d.conf');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const pid = join('/var/run/frr', frr.pathspace, 'ospf6d.pid');
  const argv = [ospf6d, '-N', frr.pathspace, '-f', file, '-i', pid, '--log', 'stdout'];
  await startDaemon(lab.state, { member, what: 'ospf6d', argv });
}

const ospf6 = (name: string, routerId: string, rest: readonly string[] = []): string[] => [
  `interface ${name}`,
  ...[' ipv6 ospf6 area 0.0.0.0', ' ipv6 ospf6 network point-to-point'],
  ...[' ipv6 ospf6 hello-interval 1', ' ipv6 ospf6 dead-interval 4'],
  ...['router ospf6', ` ospf6 router-id ${routerId}`, ...rest],
];

/** Addresses, servers, the node's services: all that is there before anything is announced. */
async function provision(lab: Lab, node: DpvsNode): Promise<void> {
  const wan = node.plan.switchInterface;
  await enable(lab.client.namespace, 'eth0');
  await enable(lab.switch.namespace, 'to-client', wan);
  await must(['sysctl', '-q', '-w', 'net.ipv6.conf.all.forwarding=1'], { namespace: lab.switch.namespace });
  await ip6(lab.switch.namespace, `address add ${gateway}/64 dev to-client nodad`);
  await ip6(
    lab.client.namespace,
    `address add ${client}/64 dev eth0 nodad`,
    `route add default via ${gateway} dev eth0`,
  );
  for (const [i, server] of lab.realServers.entries()) {
    await enable(server.namespace, 'eth0');
    await ip6(server.namespace, `address add ${serverAddress(i)}/64 dev eth0 nodad`);
    // nginx has the port for IPv4.
    const argv = [process.execPath, serverProgram, server.plan.name, '8080'];
    await server.serve({ what: 'six-server', port: 8080, argv, trust: lan });
  }
  await node.cliOrThrow('dpip', ['-6', 'route', 'add', lan, 'dev', 'dpdk0']);
  for (const kind of ['-t', '-u']) {
    const service = [kind, `[${vip}]:${port}`];
    await node.cliOrThrow('ipvsadm', ['-A', ...service, '-s', 'rr']);
    for (const i of lab.realServers.keys())
      await node.cliOrThrow('ipvsadm', ['-a', ...service, '-r', `[${serverAddress(i)}]:8080`, '-b']);
    await node.cliOrThrow('ipvsadm', ['--add-laddr', '-z', lip, ...service, '-F', 'dpdk0']);
  }
}

async function announce(lab: Lab, node: DpvsNode): Promise<void> {
  await enable(node.namespace, wanKni);
  await startOspf6(lab, 'switch', lab.switch.frr, [
    ...ospf6(node.plan.switchInterface, '10.0.0.1', [' redistribute connected']),
  ]);
  await startOspf6(lab, node.name, node.frr, ospf6(wanKni, node.plan.routerId));
  await node.kill('bridge', 'SIGTERM');
  await node.startBridge('--ospf6');
  await node.cliOrThrow('dpvs-route', ['announce', vip, '--wait', '30']);
  await eventually(
    'the switch sends the VIP to the node, and the node knows the client’s network',
    async () => {
      const there = await run(['ip', '-6', 'route', 'show', vip], { namespace: lab.switch.namespace });
      const { stdout } = await node.cli('dpip', '-6', 'route', 'show');
      return `${there.stdout}${stdout}`;
    },
    (seen) =>
      new RegExp(`^${vip} .*via fe80:`, 'm').test(seen) &&
      /^inet6 2001:db8:a::\/64 via fe80:\S+ dev dpdk1 .*scope global$/m.test(seen),
    { timeoutMs: 60_000 },
  );
}

const curl = (lab: Lab, path: string): Promise<string> =>
  must(['curl', '-6', '-sS', '--noproxy', '*', '--max-time', '30', `http://[${vip}]:${port}${path}`], {
    namespace: lab.client.namespace,
    timeoutMs: 40_000,
  });

const asksOverUdp = `
const socket = require('node:dgram').createSocket('udp6');
socket.on('message', (data, { address, port }) => { console.log(data + ' from ' + address + ' ' + port); socket.close(); });
socket.send('hello', ${port}, '${vip}');
setTimeout(() => process.exit(1), 5000).unref();`;

t.test(
  'an IPv6 VIP that OSPFv3 announces is served',
  { skip: skip || (!existsSync(ospf6d) && 'no ospf6d') },
  async (t) => {
    const lab = await cluster(t);
    const node = lab.node('node1');
    await provision(lab, node);
    await announce(lab, node);

    await t.test('the bridge has announced it, and proved it', async (t) => {
      const { routing, vips } = await node.routing();
      t.match(
        routing.map(({ daemon }) => daemon),
        ['ospfd', 'ospf6d'],
      );
      t.match(
        vips.find((each) => each.vip === vip),
        { device: 'dpdk1', state: 'announced', reason: null },
      );
      t.match(
        await node.cliOrThrow('dpip', ['-6', 'route', 'show']),
        new RegExp(`^inet6 ${vip}/128 .*scope kni_host`, 'm'),
      );
    });

    await t.test('TCP, by both servers in turn', async (t) => {
      const seen = new Set<string>();
      for (let i = 0; i < 6; i++) {
        const { name, remoteAddress } = JSON.parse(await curl(lab, '/')) as { name: string; remoteAddress: string };
        seen.add(name);
        t.equal(remoteAddress, client, 'the server sees the client itself');
      }
      t.same([...seen].sort(), plan.realServers.map(({ name }) => name).sort());
    });

    await t.test('a large answer arrives whole', async (t) => {
      const wanted = await curl(lab, '/large.sha256');
      const command = `curl -6 -sS --noproxy '*' --max-time 60 'http://[${vip}]:${port}/large' | sha256sum`;
      const at = { namespace: lab.client.namespace, timeoutMs: 70_000 };
      t.equal((await must(['sh', '-c', command], at)).split(' ')[0], wanted);
      // A narrower link behind the switch: its packet too big is about the VIP and must reach the server.
      await must(['ip', 'link', 'set', 'to-client', 'mtu', '1300'], { namespace: lab.switch.namespace });
      t.equal((await must(['sh', '-c', command], at)).split(' ')[0], wanted, 'also where path MTU discovery is needed');
      await must(['ip', 'link', 'set', 'to-client', 'mtu', '1500'], { namespace: lab.switch.namespace });
    });

    await t.test('UDP', async (t) => {
      const at = { namespace: lab.client.namespace };
      for (let i = 0; i < 4; i++)
        t.match(
          await must([process.execPath, '-e', asksOverUdp], at),
          new RegExp(`^rs[12] hello from ${vip} ${port}$`, 'm'),
        );
    });

    await t.test('the listings know it', async (t) => {
      t.match(await node.cliOrThrow('ipvsadm', ['-ln']), `TCP  [${vip}]:${port} rr`);
      t.match(await node.cliOrThrow('ipvsadm', ['-ln']), `  -> [${serverAddress(0)}]:8080`);
      t.match(await node.cliOrThrow('ipvsadm', ['-lnc']), new RegExp(`\\[${vip}\\]:${port}`));
      t.match(await node.cliOrThrow('ipvsadm', ['-G']), lip);
      t.match(await node.cliOrThrow('dpip', ['-6', 'addr', 'show']), `inet6 ${lip}/128 scope global dpdk0 `);
      t.match(await node.cliOrThrow('dpip', ['neigh', 'show']), new RegExp(`ip: ${serverAddress(0)} .*REACHABLE`));
      t.notMatch(await node.cliOrThrow('dpip', ['route', 'show']), /inet6/, 'IPv6 routes are asked for with -6');
    });

    await t.test('without healthy real servers it is withdrawn, and comes back', async () => {
      const weight = async (value: number): Promise<void> => {
        for (const kind of ['-t', '-u'])
          for (const i of lab.realServers.keys()) {
            const server = ['-r', `[${serverAddress(i)}]:8080`, '-b', '-w', String(value)];
            await node.cliOrThrow('ipvsadm', ['-e', kind, `[${vip}]:${port}`, ...server]);
          }
      };
      const there = async (): Promise<boolean> =>
        (await must(['ip', '-6', 'route', 'show', vip], { namespace: lab.switch.namespace })).includes('via fe80:');
      await weight(0);
      await eventually('the switch has no way to it', there, (seen) => !seen, { timeoutMs: 20_000 });
      await weight(1);
      await eventually('the switch has a way to it again', there, (seen) => seen, { timeoutMs: 20_000 });
    });

    await t.test('a slow path that dies costs nothing, and the configuration survives the whole process', async (t) => {
      await node.cliOrThrow('dpip', ['slowpath', 'restart']);
      t.match(await curl(lab, '/'), 'remoteAddress');
      const before = await node.cliOrThrow('ipvsadm', ['-S']);
      t.match(before, `--add-laddr -z ${lip} -t [${vip}]:${port} -F dpdk0`);
      await node.stop();
      await node.startDataplane();
      t.equal(await node.cliOrThrow('ipvsadm', ['-S']), before);
    });
  },
);
