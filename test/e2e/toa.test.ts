// TOA on a real server: unmodified nginx and an unmodified node server under `dpvs-toa run`, and a client whose TCP options
// are made by hand. accept(), accept() of a dual-stack listener and getpeername() must tell the declared client.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type AttachmentStatus, checkMachine, defaultObject } from '../../toa/index.js';
import { encodeTcpOptions, tcpOption } from '../support/packet/index.js';
import { dpvsToa, peer, type RunningServer, Scene } from './toa/scene.js';

function lacking(): string | false {
  try {
    checkMachine();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  for (const tool of ['ip', 'nsenter', 'ethtool', 'ss', 'nstat', 'nginx', 'make']) {
    if (spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin; command -v ${tool}`]).status !== 0) return `no ${tool}`;
  }
  const made = spawnSync('make', ['-s', '-C', fileURLToPath(new URL('../../../toa', import.meta.url))]);
  if (made.status !== 0 && !existsSync(defaultObject))
    return 'the BPF programs cannot be built: no clang or libbpf-dev?';
  return false;
}
const skip = lacking();

const declared = { address: '203.0.113.77', port: 54321 };
const toa = [...encodeTcpOptions([tcpOption.toa(declared.address, declared.port)])];
const toa6 = [...encodeTcpOptions([tcpOption.toa('2001:db8::77', 4660)])];

const http = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const ports = { http: 8080, dual: 8081, v6: 8082, plain: 9090, greeting: 9091 };

const nginxConf = (directory: string) => `daemon off;
user root;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr notice;
events {}
http {
  access_log ${directory}/access.log;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  server {
    listen ${ports.http};
    listen [::]:${ports.dual} ipv6only=off;
    listen [::]:${ports.v6} ipv6only=on;
    location / { return 200 "Your ip:port : $remote_addr:$remote_port\\n"; }
  }
}
`;

// remoteAddress is getpeername(), asked when the request is there: node's own accept() throws the address away.
const nodeServer = `
  const net = require('net');
  const say = (socket) => socket.once('data', () => socket.write(socket.remoteAddress + ' ' + socket.remotePort + '\\n'));
  net.createServer(say).listen(${ports.plain}, '0.0.0.0');
  net.createServer((socket) => { socket.write('hello\\n'); say(socket); }).listen(${ports.greeting}, '0.0.0.0');
`;

// Some fifty connections, a client process each: more than tap's 30 s on a busy machine.
t.setTimeout(470_000);

t.test('unmodified servers see the client that TOA declares', { skip }, async (t) => {
  const scene = new Scene();
  t.teardown(() => scene.teardown());
  scene.build();
  const conf = join(scene.directory, 'nginx.conf');
  writeFileSync(conf, nginxConf(scene.directory));
  const web = ['nginx', '-c', conf, '-p', scene.directory, '-e', 'stderr'];
  const nginx = await scene.start('ip', [ports.http, ports.dual, ports.v6], web);
  const node = await scene.start('nsenter', [ports.plain, ports.greeting], [process.execPath, '-e', nodeServer]);

  const yourIp = async (request: { ackOptions?: number[]; serverPort?: number; family?: 'ipv4' | 'ipv6' }) => {
    const { answer, port } = await scene.ask({
      serverPort: ports.http,
      request: http,
      answerEnd: '\r\n\r\n.*\n$',
      ...request,
    });
    return { said: /Your ip:port : (.*)\n$/.exec(answer)?.[1], port };
  };
  const counted = async (of: RunningServer, act: () => Promise<void>) => {
    const before = scene.status(of).counters;
    await act();
    const after = scene.status(of).counters;
    const names = Object.keys(after) as (keyof typeof after)[];
    return Object.fromEntries(names.map((name) => [name, after[name] - before[name]]).filter(([, n]) => n !== 0));
  };

  t.test('the process is the server itself, in a cgroup of its own', async (t) => {
    t.match(readFileSync(`/proc/${nginx.child.pid}/cmdline`, 'utf8'), /^nginx: master/);
    t.match(readFileSync(join(nginx.cgroup, 'cgroup.procs'), 'utf8'), new RegExp(`^${nginx.child.pid}$`, 'm'));
    t.ok(scene.status(nginx).complete);
  });

  t.test('accept() tells the declared client', async (t) => {
    const counts = await counted(nginx, async () => {
      t.equal((await yourIp({ ackOptions: toa })).said, '203.0.113.77:54321');
    });
    t.match(counts, { connections: 1, options: 1, stored: 1, closed: 1, shown: 1, missing: undefined });
    t.match(readFileSync(join(scene.directory, 'access.log'), 'utf8'), /^203\.0\.113\.77 /m, 'and so does the log');
  });

  t.test('without the option the peer stays the peer', async (t) => {
    const counts = await counted(nginx, async () => {
      const { said, port } = await yourIp({});
      t.equal(said, `${peer.ipv4}:${port}`);
    });
    t.same(counts, { connections: 1, missing: 1 });
  });

  t.test('a dual-stack listener: the client as an IPv4-mapped address', async (t) => {
    const { said } = await yourIp({ ackOptions: toa, serverPort: ports.dual });
    t.equal(said, '::ffff:203.0.113.77:54321');
  });

  t.test('IPv6: the option of 20 bytes', async (t) => {
    const { said } = await yourIp({ ackOptions: toa6, serverPort: ports.v6, family: 'ipv6' });
    t.equal(said, '2001:db8::77:4660');
  });

  t.test('an IPv6 client cannot be shown on an IPv4 socket', async (t) => {
    const counts = await counted(nginx, async () => {
      const { said, port } = await yourIp({ ackOptions: toa6 });
      t.equal(said, `${peer.ipv4}:${port}`);
    });
    t.match(counts, { options: 1, inexpressible: 1, shown: undefined });
  });

  t.test('the option is found behind every other', async (t) => {
    const timestamp = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0];
    for (const before of [timestamp, [...timestamp, ...timestamp], new Array<number>(32).fill(1)]) {
      t.equal(
        (await yourIp({ ackOptions: [...before, ...toa] })).said,
        '203.0.113.77:54321',
        `behind ${before.length}`,
      );
    }
  });

  t.test('SYN cookies', async (t) => {
    const cookies = () =>
      Number(/SyncookiesRecv\s+(\d+)/.exec(scene.inServerSpace('nstat', '-az', 'TcpExtSyncookiesRecv'))?.[1]);
    scene.inServerSpace('sysctl', '-q', '-w', 'net.ipv4.tcp_syncookies=2');
    t.equal((await yourIp({ ackOptions: toa })).said, '203.0.113.77:54321');
    t.equal(cookies(), 1, 'it was one');
    scene.inServerSpace('sysctl', '-q', '-w', 'net.ipv4.tcp_syncookies=1');
  });

  const malformed: Record<string, number[]> = {
    'TOA of length 7': [254, 7, 0xd4, 0x31, 203, 0, 113, 1],
    'TOA of length 9': [254, 9, 0xd4, 0x31, 203, 0, 113, 77, 1, 1, 1, 1],
    'TOA running over the header': [1, 1, 254, 8],
    'TOA without its length': [1, 1, 1, 254],
    'TOA of length 0': [254, 0, 0xd4, 0x31, 203, 0, 113, 77],
    'TOA of length 1': [254, 1, 0xd4, 0x31, 203, 0, 113, 77],
    'TOA of length 255': [254, 255, 0xd4, 0x31, 203, 0, 113, 77],
    'TOA with port 0': [254, 8, 0, 0, 203, 0, 113, 77],
    'TOA with address 0.0.0.0': [254, 8, 0xd4, 0x31, 0, 0, 0, 0],
    'another option of length 0 before it': [99, 0, 1, 1, ...toa],
    'another option running over the header': [99, 40, 1, 1],
  };
  t.test('malformed options are counted and change nothing', async (t) => {
    for (const [name, ackOptions] of Object.entries(malformed)) {
      const counts = await counted(nginx, async () => {
        const { said, port } = await yourIp({ ackOptions });
        t.equal(said, `${peer.ipv4}:${port}`, name);
      });
      t.same(counts, { connections: 1, missing: 1, malformed: 1 }, name);
    }
    t.equal(
      (await yourIp({ ackOptions: [...new Array<number>(40).fill(1)] })).said?.split(':')[0],
      peer.ipv4,
      '40 NOPs',
    );
    t.equal(
      (await yourIp({ ackOptions: [0, 1, 1, 1, ...toa] })).said?.split(':')[0],
      peer.ipv4,
      'behind the end of options',
    );
  });

  const plain = { serverPort: ports.plain, request: 'who?\n', answerEnd: '\\d\n$' };
  t.test('getpeername() tells it too', async (t) => {
    t.equal((await scene.ask({ ...plain, ackOptions: toa })).answer, '203.0.113.77 54321\n');
    const { answer, port } = await scene.ask(plain);
    t.equal(answer, `${peer.ipv4} ${port}\n`);
  });

  t.test('an option that comes with the request only', async (t) => {
    const counts = await counted(node, async () => {
      t.equal((await scene.ask({ ...plain, requestOptions: toa })).answer, '203.0.113.77 54321\n');
    });
    t.match(counts, { connections: 1, missing: 1, options: 1, late: 1 });
  });

  t.test('an option after the first data of the server is not believed', async (t) => {
    const greeted = { ...plain, serverPort: ports.greeting, awaitGreeting: true };
    const { answer, port } = await scene.ask({ ...greeted, requestOptions: toa });
    t.equal(answer, `hello\n${peer.ipv4} ${port}\n`);
    t.equal((await scene.ask({ ...greeted, ackOptions: toa })).answer, 'hello\n203.0.113.77 54321\n');
  });

  t.test('the first option of a connection holds', async (t) => {
    const other = [...encodeTcpOptions([tcpOption.toa('198.51.100.1', 1)])];
    const { answer } = await scene.ask({ ...plain, ackOptions: toa, requestOptions: other });
    t.equal(answer, '203.0.113.77 54321\n');
  });

  t.test('an open socket is known, a closed one forgotten', async (t) => {
    t.equal(scene.status(node).sockets, 0);
    const open = [await scene.open({ ...plain, ackOptions: toa }), await scene.open({ ...plain, ackOptions: toa })];
    t.equal(scene.status(node).sockets, 2);
    for (const { close } of open) await close();
    t.equal(scene.status(node).sockets, 0);
  });

  const command = (...args: string[]) => execFileSync(dpvsToa, args, { encoding: 'utf8' });
  t.test('only peers of the trust list are believed', async (t) => {
    t.same(scene.status(node).trust, ['any']);
    const programs = scene.status(node).programs;
    t.match(command('attach', '--cgroup', node.cgroup, '--trust', '192.0.2.0/24'), /^already attached/);
    t.same(scene.status(node).trust, ['192.0.2.0/24']);
    const counts = await counted(node, async () => {
      const { answer, port } = await scene.ask({ ...plain, ackOptions: toa });
      t.equal(answer, `${peer.ipv4} ${port}\n`);
    });
    t.same(counts, { connections: 1, missing: 1, untrusted: 1 });
    command('attach', '--cgroup', node.cgroup, '--trust', '192.0.2.0/24', '--trust', `${peer.ipv4}/31`);
    t.equal((await scene.ask({ ...plain, ackOptions: toa })).answer, '203.0.113.77 54321\n');
    t.same(scene.status(node).programs, programs, 'attaching again loads nothing');
    t.same(
      (JSON.parse(command('status', '--json')) as AttachmentStatus[]).find(({ cgroup }) => cgroup === node.cgroup),
      scene.status(node),
      'the command tells the same',
    );
    t.match(command('status'), `cgroup ${node.cgroup}`);
  });

  t.test('detach', async (t) => {
    t.match(command('detach', '--cgroup', node.cgroup), /^detached from/);
    t.match(command('detach', '--cgroup', node.cgroup), /^nothing attached/);
    t.throws(() => scene.status(node), /not attached/);
    const { answer, port } = await scene.ask({ ...plain, ackOptions: toa });
    t.equal(answer, `${peer.ipv4} ${port}\n`);
    t.ok(scene.status(nginx).complete, 'the other server keeps it');
  });
});
