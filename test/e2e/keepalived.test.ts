// dpvs-keepalived with a real dpvs, two nginx behind it and stock keepalived at both ends of VRRP: the sample's configuration, one-arm.
// The real servers, the client and the backup are one namespace on the other end of the LAN port's cable.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { ServerInfo } from '../../api/index.js';
import type { KeepalivedStatus } from '../../keepalived/index.js';
import { keepalivedStatus } from '../../keepalived/status-schema.js';
import { eventually } from '../../lab/index.js';
import { program } from '../../lab/paths.js';
import { inOwnNamespace, ip, SingleNode } from './single-node.js';

const vip = '192.168.100.254';
t.setTimeout(300_000);

if (spawnSync('keepalived', ['--version'], { stdio: 'ignore' }).error !== undefined)
  t.plan(0, 'no keepalived: apt-get install keepalived');
else if (await inOwnNamespace(t, import.meta.url)) {
  // AF_PACKET would leave every frame to the kernel, too, which has the VIP and would refuse its connections.
  const node = new SingleNode('', (conf) => conf.replace('net_af_packet0,iface=lan0', 'net_af_xdp0,iface=lan0'));
  const children: ChildProcess[] = [];
  const start = (argv: readonly string[], log: string): ChildProcess => {
    const output = openSync(join(node.directory, log), 'a');
    // They go with this process, whatever way that ends.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...argv], {
      env: node.env,
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    children.push(child);
    return child;
  };
  t.teardown(async () => {
    if (!t.passing())
      for (const log of ['log', 'keepalived.log', 'backup.log'])
        t.comment(log, spawnSync('tail', ['-c', '3000', join(node.directory, log)], { encoding: 'utf8' }).stdout);
    for (const child of children) child.kill('SIGKILL');
    await node.end('SIGKILL');
    node.remove();
  });

  const lan = start(['unshare', '--net', 'sleep', 'infinity'], 'lan.log');
  const inLan = (...argv: string[]): string[] => ['nsenter', '-t', String(lan.pid), '-n', ...argv];
  const lanIp = (line: string): string =>
    execFileSync('nsenter', inLan('ip', ...line.split(' ')).slice(1), { encoding: 'utf8' });

  const nginx = (address: string): ChildProcess => {
    const directory = join(node.directory, address);
    mkdirSync(directory, { recursive: true });
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const paths = temporary.map((what) => `${what}_temp_path ${directory}/${what};`).join(' ');
    const server = `server { listen ${address}:80; location / { return 200 "${address}\\n"; } }`;
    const conf = join(directory, 'nginx.conf');
    writeFileSync(
      conf,
      `daemon off; master_process off; user root; pid ${directory}/pid; events {} http { access_log off; ${paths} ${server} }`,
    );
    return start(inLan('nginx', '-c', conf, '-p', directory, '-e', 'stderr'), 'nginx.log');
  };
  const curl = (): string => {
    const [command, ...args] = inLan('curl', '-s', '--max-time', '10', `http://${vip}/`);
    return spawnSync(command, args, { encoding: 'utf8' }).stdout.trim();
  };
  const run = (...args: string[]) => spawnSync(program('dpvs-keepalived'), args, { env: node.env, encoding: 'utf8' });
  const weights = async (): Promise<string> => {
    const [service] = await node.api.dataplane('service.list', {});
    const servers: readonly ServerInfo[] = service?.servers ?? [];
    return servers.map(({ address, weight }) => `${address.slice(-1)}:${weight}`).join(' ') || 'none';
  };
  const weightsBecome = async (t: Test, wanted: string): Promise<void> => {
    await eventually(`weights ${wanted}`, weights, (seen) => seen === wanted, { timeoutMs: 15_000, everyMs: 50 });
    t.pass(wanted);
  };
  const status = (): KeepalivedStatus => JSON.parse(run('status', '--json').stdout) as KeepalivedStatus;
  /** Who has the VIP on an interface. */
  const masters = (): string =>
    [
      [ip('-br addr show'), 'node'],
      [lanIp('-br addr show'), 'backup'],
    ]
      .flatMap(([text, name]) => (text?.includes(`${vip}/`) ? [name] : []))
      .join(' ');
  const masterBecomes = (wanted: string): Promise<string> =>
    eventually(`${wanted} is master`, masters, (seen) => seen === wanted, { timeoutMs: 20_000 });

  const file = join(node.directory, 'keepalived.conf');
  const sample = readFileSync('conf/keepalived.conf.sample', 'utf8')
    .replace('delay_loop 3', 'delay_loop 1')
    // Version 3 alone has parts of a second.
    .replace('advert_int 1', 'version 3\n    advert_int 0.3');
  let daemon: ChildProcess;
  let servers: ChildProcess[] = [];

  await t.test('a node, two real servers, and a backup of the other side of the sample', async (t) => {
    await eventually(
      'the namespace',
      () => readFileSync(`/proc/${lan.pid}/comm`, 'utf8'),
      (comm) => comm === 'sleep\n',
    );
    ip(`link set lan1 netns ${lan.pid}`);
    for (const line of ['link set lo up', 'link set lan1 up']) lanIp(line);
    for (const host of [2, 3, 48]) lanIp(`addr add 192.168.100.${host}/24 dev lan1`);
    spawnSync('nsenter', inLan('ethtool', '-K', 'lan1', 'tx', 'off', 'tso', 'off', 'gso', 'off').slice(1));
    spawnSync('ethtool', ['-K', 'lan0', 'tx', 'off', 'tso', 'off', 'gso', 'off']);
    await node.start();
    // What an operator sets up for checks: the kernel's own address in the LAN, on the kernel's side of the port.
    ip('addr add 192.168.100.1/24 dev dpdk0.kni');
    servers = ['192.168.100.2', '192.168.100.3'].map(nginx);
    const backup = sample
      .slice(sample.indexOf('vrrp_instance'), sample.indexOf('virtual_server_group'))
      .replace('MASTER', 'BACKUP')
      .replace('priority 100', 'priority 80')
      .replace('dpdk0.kni', 'lan1')
      .replace(/dpdk_interface.*\n/, '');
    writeFileSync(join(node.directory, 'backup.conf'), backup);
    const pids = ['-p', join(node.directory, 'b.pid'), '-r', join(node.directory, 'bv.pid')];
    start(inLan('keepalived', '-P', '-n', '-l', '-f', join(node.directory, 'backup.conf'), ...pids), 'backup.log');
    await masterBecomes('backup');
    t.pass();
  });

  await t.test('--check, --dry-run, and the run itself do the same', async (t) => {
    writeFileSync(file, sample);
    t.match(run('--check', '-f', file), { status: 0, stdout: `${file}: good (1 virtual server)\n`, stderr: '' });
    const dry = run('--dry-run', '-f', file);
    t.match(dry.stdout, /^add service tcp 192\.168\.100\.254:80 rr\nadd laddr 192\.168\.100\.200 dpdk0 to /);
    t.equal(await weights(), 'none');
    daemon = start([program('dpvs-keepalived'), '-f', file, '-D'], 'keepalived.log');
    await weightsBecome(t, '2:100 3:100');
    t.equal(run('--dry-run', '-f', file).stdout, 'nothing to change\n');
    const laddrs = await node.api.dataplane('laddr.list', {});
    t.same(
      laddrs[0]?.localAddresses.map(({ address, device }) => `${address} ${device}`),
      ['192.168.100.200 dpdk0', '192.168.100.201 dpdk0'],
    );
  });

  await t.test('the node becomes master, and serves the VIP', async (t) => {
    await masterBecomes('node');
    const answers = new Set<string>();
    await eventually(
      'both answer',
      () => answers.add(curl()).size,
      () => answers.has('192.168.100.2') && answers.has('192.168.100.3'),
      {
        timeoutMs: 15_000,
      },
    );
    t.pass(`both real servers answer through ${vip}`);
  });

  await t.test('a server that dies is out, with its reason; back when it is back', async (t) => {
    await eventually(
      'checked',
      status,
      (seen) => seen.virtualServers[0]?.servers.every(({ checks }) => checks[0]?.settled) === true,
    );
    servers[0]?.kill('SIGKILL');
    await weightsBecome(t, '2:0 3:100');
    t.match(
      run('status').stdout,
      /192\.168\.100\.2:80 +down weight 0 \(inhibited\)\n +TCP_CHECK \S+ +down, bad: refused/,
    );
    t.equal(curl(), '192.168.100.3');
    servers[0] = nginx('192.168.100.2');
    await weightsBecome(t, '2:100 3:100');
    servers[1]?.kill('SIGKILL');
    await weightsBecome(t, '2:100 3:0');
    servers[1] = nginx('192.168.100.3');
    await weightsBecome(t, '2:100 3:100');
  });

  await t.test('SIGHUP changes what is different, and a file with errors nothing', async (t) => {
    execFileSync(program('ipvsadm'), ['-e', '-t', `${vip}:80`, '-r', '192.168.100.3', '-b', '-w', '7'], {
      env: node.env,
    });
    writeFileSync(file, sample.replace('weight 100', 'weight 50'));
    daemon.kill('SIGHUP');
    await weightsBecome(t, '2:50 3:7');
    writeFileSync(file, `${sample}}`);
    daemon.kill('SIGHUP');
    await eventually(
      'told',
      () => status().reloadError ?? '',
      (why) => why.includes('this } closes nothing'),
    );
    t.equal(await weights(), '2:50 3:7', 'what was set by hand stayed');
  });

  await t.test('another dpvs is set up anew, and VRRP on its new kernel interface', async (t) => {
    await node.end('SIGKILL');
    await masterBecomes('backup');
    await node.start();
    await weightsBecome(t, '2:50 3:100');
    await masterBecomes('node');
    await eventually('it serves', curl, (seen) => seen.startsWith('192.168.100.'), { timeoutMs: 20_000 });
  });

  await t.test('SIGTERM: the backup takes over, the services are gone', async (t) => {
    const ended = once(daemon, 'exit');
    daemon.kill('SIGTERM');
    t.same(await ended, [0, null]);
    t.same(await node.api.dataplane('service.list', {}), []);
    await masterBecomes('backup');
    t.equal(run('status').status, 3);
  });

  await t.test('with -I a restart disturbs nothing', async (t) => {
    writeFileSync(file, sample);
    daemon = start([program('dpvs-keepalived'), '-f', file, '-I', '-C'], 'keepalived.log');
    await weightsBecome(t, '2:100 3:100');
    t.doesNotThrow(() => keepalivedStatus.parse(status()));
    const ended = once(daemon, 'exit');
    daemon.kill('SIGTERM');
    t.same(await ended, [0, null]);
    t.equal(await weights(), '2:100 3:100');
    t.equal(run('--dry-run', '-f', file).stdout, 'nothing to change\n');
  });
}
