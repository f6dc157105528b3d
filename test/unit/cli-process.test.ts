// The programs as processes, against a mocked socket, a dead one and none.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { DpvsError } from '../../api/index.js';
import { type MockNode, startMockNode } from '../support/mock-node.js';
import { sampleServer, sampleService } from '../support/samples.js';
import { normalise, serviceList } from '../support/tutorial.js';

// As a user starts them: without the loaders that the test runner puts into NODE_OPTIONS.
const plainEnvironment = { ...process.env, NODE_OPTIONS: '' };

interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs bin/NAME of this package; the compiled test lies in dist/test/unit. */
function bin(name: string, argv: readonly string[], env: Record<string, string>, input = ''): Promise<Finished> {
  const path = fileURLToPath(new URL(`../../../bin/${name}`, import.meta.url));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path, ...argv], { env: { ...plainEnvironment, NO_COLOR: '1', ...env } });
    let out = '';
    let err = '';
    child.stdout.on('data', (piece) => {
      out += piece;
    });
    child.stderr.on('data', (piece) => {
      err += piece;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

t.test('the programs over a socket', async (t) => {
  const services = [sampleService({ servers: [sampleServer({}), sampleServer({ address: '192.168.100.3' })] })];
  const node: MockNode = await startMockNode((method) => {
    if (method === 'service.list') return services;
    if (method === 'laddr.list') return [];
    if (method === 'addr.add') throw new DpvsError('already_exist', '10.0.0.1/32');
    return {};
  });
  t.teardown(() => node.close());
  const env = { DPVS_RUN_DIR: node.runDirectory };

  const list = await bin('ipvsadm', ['-ln'], env);
  t.match(list, { code: 0, err: '' });
  t.same(normalise(list.out.trimEnd().split('\n')), serviceList);
  t.match(await bin('dpip', ['addr', 'add', '10.0.0.1', 'dev', 'dpdk1'], env), {
    code: 1,
    out: '',
    err: 'dpip: already exist: 10.0.0.1/32\n',
  });
  const saved = await bin('ipvsadm', ['-S'], env);
  node.requests.length = 0;
  t.match(await bin('ipvsadm', ['-R'], env, saved.out), { code: 0, out: '', err: '' });
  t.same(
    node.requests.map(({ params }) =>
      (params as { requests: { method: string }[] }).requests.map(({ method }) => method),
    ),
    [['service.add', 'server.add', 'server.add']],
  );
  t.match(await bin('ipvsadm', ['-ln', '--name', 'other'], env), {
    code: 3,
    err: /^dataplane unreachable: no socket at .*other\.sock\nAre you sure that dpvs is running\?\n$/,
  });
  t.match(await bin('dpip', ['addr', 'show', '--name', 'a/b'], env), {
    code: 2,
    err: /^dpip: invalid node name 'a\/b'/,
  });
});

t.test('a socket that nobody serves is told at once', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'dpvs-stale-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'dpvs.sock');
  // A process that is killed leaves its socket's file behind.
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await new Promise((resolve) => spawn(process.execPath, ['-e', script]).on('close', resolve));
  t.ok(existsSync(path));
  const ran = await bin('dpip', ['status'], { DPVS_RUN_DIR: directory });
  t.match(ran, { code: 3, out: '', err: /^dpip: dataplane unreachable: nobody listens at / });

  rmSync(path);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.teardown(() => server.close());
  if (process.getuid?.() === 0) t.comment('root may open every socket: the permission case is not tried');
  else {
    chmodSync(path, 0);
    t.match(await bin('dpip', ['status'], { DPVS_RUN_DIR: directory }), { code: 3, err: /Permission denied/ });
  }
});

t.test('output that nobody reads to the end is no error', async (t) => {
  const many = Array.from({ length: 20_000 }, (_, at) => sampleServer({ port: at + 1 }));
  const node = await startMockNode(() => [sampleService({ servers: many })]);
  t.teardown(() => node.close());
  const path = fileURLToPath(new URL('../../../bin/ipvsadm', import.meta.url));
  const child = spawn(process.execPath, [path, '-ln'], {
    env: { ...plainEnvironment, DPVS_RUN_DIR: node.runDirectory },
  });
  let err = '';
  child.stderr.on('data', (piece) => {
    err += piece;
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const code = await new Promise((resolve) => child.on('close', resolve));
  t.equal(err, '');
  t.equal(code, 0);
});
