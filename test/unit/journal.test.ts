// The journal: what was acknowledged survives kill -9, a torn end is dropped, damage refuses to start, the file stays small.
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import {
  DesiredState,
  Journal,
  type JournalEntry,
  type MutatingRequest,
  replay,
} from '../../dataplane/control/index.js';
import { createLog } from '../../log/index.js';

interface LogLine {
  readonly event: string;
  readonly [field: string]: unknown;
}

// In memory where there is such a place: these tests wait for hundreds of fsyncs otherwise.
const scratch = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

function setUp(t: Test) {
  const directory = join(mkdtempSync(join(scratch, 'dpvs-journal-')), 'state');
  const path = join(directory, 'n1.journal');
  t.teardown(() => rmSync(join(directory, '..'), { recursive: true }));
  const lines: LogLine[] = [];
  const log = createLog({ stream: { write: (text) => void lines.push(JSON.parse(text) as LogLine) } });
  const open = (live?: () => MutatingRequest[]) => Journal.open({ directory, name: 'n1', log, live });
  const events = (name: string) => lines.filter(({ event }) => event === name);
  return { directory, path, log, open, events };
}

const request = (i: number): MutatingRequest => ({
  method: 'route.add',
  params: { destination: `10.${i >> 8}.${i & 255}.0/24`, device: 'dpdk0' },
});
const entries = (count: number): JournalEntry[] =>
  Array.from({ length: count }, (_, i) => ({ request: request(i), at: 1000 + i }));

async function write(open: () => Promise<{ journal: Journal }>, count: number): Promise<void> {
  const { journal } = await open();
  for (const { request, at } of entries(count)) await journal.append([request], at);
  await journal.close();
}

t.test('what was appended is read again, in order, with its time', async (t) => {
  const { directory, path, open } = setUp(t);
  await write(open, 20);
  const { journal, requests } = await open();
  t.same(requests, entries(20));
  await journal.append([request(20)], 1020);
  await journal.close();
  const again = await open();
  t.same(again.requests, entries(21));
  await again.journal.close();
  t.equal(statSync(directory).mode & 0o777, 0o700);
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.equal(readFileSync(path, 'utf8').split('\n').length - 2, 21, 'one line a request, and the header');
});

t.test('cut off at any byte: the complete lines are read, the rest is dropped, and writing goes on', async (t) => {
  const { path, open, events } = setUp(t);
  await write(open, 3);
  const whole = readFileSync(path);
  let torn = 0;
  for (let length = 0; length <= whole.length; length++) {
    writeFileSync(path, whole.subarray(0, length));
    const complete = whole.subarray(0, length).filter((byte) => byte === 0x0a).length;
    const { journal, requests } = await open();
    t.same(requests, entries(Math.max(0, complete - 1)), `${length} bytes`);
    await journal.append([request(99)], 99);
    await journal.close();
    const again = await open();
    t.same(again.requests.at(-1), { request: request(99), at: 99 }, 'the line after a torn one is whole');
    await again.journal.close();
    if (length > 0 && whole[length - 1] !== 0x0a) torn++;
  }
  t.equal(events('journal.torn').length, torn, 'each torn end was reported');
});

t.test('a batch cut off at any byte is there whole or not at all', async (t) => {
  const { path, open } = setUp(t);
  await write(open, 1);
  const { journal } = await open();
  const batch = [request(1), request(2), request(3)];
  await journal.append(batch, 77);
  await journal.close();
  const whole = readFileSync(path);
  const before = whole.lastIndexOf(0x0a, whole.length - 2) + 1;
  t.equal(readFileSync(path, 'utf8').split('\n').length - 2, 2, 'one record');
  for (let length = before; length <= whole.length; length++) {
    writeFileSync(path, whole.subarray(0, length));
    const { journal, requests } = await open();
    const kept = length === whole.length ? batch.map((request) => ({ request, at: 77 })) : [];
    t.same(requests, [...entries(1), ...kept], `${length} bytes`);
    await journal.close();
  }
});

t.test('a request this version does not know inside a batch is kept aside, the others hold', async (t) => {
  const { open, events } = setUp(t);
  const { journal } = await open();
  const strange = { method: 'vlan.add', params: {} } as unknown as MutatingRequest;
  await journal.append([request(1), strange, null as unknown as MutatingRequest], 1);
  await journal.close();
  const opened = await open();
  t.same(opened.requests, [{ request: request(1), at: 1 }]);
  t.match(events('state.replay_refused'), [{ request: { method: 'vlan.add' } }, { request: { method: 'undefined' } }]);
  await opened.journal.close();
});

t.test('a last line whose blocks were never written is torn too', async (t) => {
  const { path, open, events } = setUp(t);
  await write(open, 2);
  appendFileSync(path, Buffer.concat([Buffer.alloc(100), Buffer.from('\n')]));
  const { journal, requests } = await open();
  t.same(requests, entries(2));
  t.match(events('journal.torn'), [{ bytes: 101 }]);
  await journal.close();
});

t.test('any changed byte refuses to start, with file, line and what to do', async (t) => {
  const { path, open } = setUp(t);
  await write(open, 3);
  const whole = readFileSync(path);
  for (let at = 0; at < whole.length - 1; at++) {
    const changed = Buffer.from(whole);
    changed[at]! ^= 1 << (at % 8);
    writeFileSync(path, changed);
    const line = whole.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
    // A zero in the last line is what a crash leaves: its blocks were not written.
    if (changed[at] === 0 && line === 4) continue;
    await t.rejects(
      open(),
      { code: 'journal', detail: new RegExp(`^${path}, line ${line}: .*mv ${path} `, 's') },
      `byte ${at}`,
    );
    t.same(readFileSync(path), changed, 'and changes nothing');
  }
  const lines = whole.toString().split('\n');
  writeFileSync(path, [lines[0], lines[2], lines[3], ''].join('\n'));
  await t.rejects(open(), { code: 'journal', detail: /line 2: it has number 2 instead of 1/ }, 'a line is missing');
  writeFileSync(path, [...lines.slice(1, 4), ''].join('\n'));
  await t.rejects(open(), { code: 'journal', detail: /line 1: it is not the header/ }, 'the header is missing');
});

t.test('the advice works', async (t) => {
  const { path, open } = setUp(t);
  await write(open, 5);
  const lines = readFileSync(path, 'utf8').split('\n');
  writeFileSync(path, lines.with(3, lines[3]!.replace('10.0', '10.9')).join('\n'));
  const advice = await open().then(
    () => '',
    (error: Error) => error.message,
  );
  const command = /to start with them: (.*)/.exec(advice)?.[1] ?? 'false';
  const shell = spawn('sh', ['-c', command]);
  t.equal(await new Promise((resolve) => shell.once('exit', resolve)), 0, command);
  const { journal, requests } = await open();
  t.same(requests, entries(2));
  await journal.close();
});

/** Starts the writer; resolves when it has acknowledged `count` appends, or refused one. */
async function startWriter(directory: string, wrap: (command: string) => string = (command) => command) {
  const script = fileURLToPath(new URL('../support/journal-writer.js', import.meta.url));
  // The test runner puts hooks into NODE_OPTIONS of every child, and they would meet the signals and limits of these tests.
  const child = spawn('sh', ['-c', wrap(`unset NODE_OPTIONS; exec ${process.execPath} ${script} ${directory} n1`)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  const lines = createInterface(child.stdout).on('line', (line) => said.push(line));
  const heard = (enough: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      const look = () => enough() && resolve();
      lines.on('line', look).once('close', () => reject(new Error(`the writer ended after ${said.length} lines`)));
      look();
    });
  const kill = async () => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    const drained = new Promise((resolve) => lines.once('close', resolve));
    child.kill('SIGKILL');
    await Promise.all([gone, drained]);
  };
  return { child, said, heard, kill };
}

t.test('kill -9: everything acknowledged is there, and the lock is free', async (t) => {
  const { directory, open } = setUp(t);
  const writer = await startWriter(directory);
  await writer.heard(() => writer.said.length >= 50);
  await t.rejects(open(), { code: 'busy', detail: new RegExp(`held by process ${writer.child.pid}`) });
  await writer.kill();
  const { journal, requests } = await open();
  const acknowledged = writer.said.length;
  t.ok(requests.length === acknowledged || requests.length === acknowledged + 1, `${acknowledged} acknowledged`);
  t.same(
    requests.map(({ at }) => at),
    requests.map((_, i) => i + 1),
  );
  await t.rejects(open(), { code: 'busy' }, 'one process cannot open it twice either');
  await journal.close();
  const again = await open();
  await again.journal.close();
});

t.test('kill -9 among batches: each is there whole or not at all', async (t) => {
  const { directory, open } = setUp(t);
  const writer = await startWriter(directory, (command) => `DPVS_TEST_BATCH=7; export DPVS_TEST_BATCH; ${command}`);
  await writer.heard(() => writer.said.length >= 30);
  await writer.kill();
  const { journal, requests } = await open();
  const batches = requests.length / 7;
  t.ok(batches === writer.said.length || batches === writer.said.length + 1, `${writer.said.length} acknowledged`);
  t.same(
    requests.map(({ at }) => at),
    requests.map((_, i) => Math.floor(i / 7) + 1),
  );
  await journal.close();
});

t.test('a full disk: changes are refused until there is room again, and what was acknowledged is there', async (t) => {
  const { directory, open } = setUp(t);
  // A limit on the size of files stands in for the full disk (EFBIG instead of ENOSPC); a soft one can be lifted again.
  const writer = await startWriter(directory, (command) => `trap '' XFSZ; ulimit -S -f 8; ${command}`);
  const refused = () => writer.said.filter((line) => line === 'refused journal').length;
  await writer.heard(() => refused() >= 2);
  const before = writer.said.length - refused();
  t.ok(before > 10);
  const lifted = spawn('prlimit', ['--pid', String(writer.child.pid), '--fsize=unlimited']);
  t.equal(await new Promise((resolve) => lifted.once('exit', resolve)), 0);
  await writer.heard(() => writer.said.length - refused() >= before + 5);
  await writer.kill();
  const acknowledged = writer.said.filter((line) => !line.startsWith('refused')).map(Number);
  const { journal, requests } = await open();
  t.same(requests.map(({ at }) => at).slice(0, acknowledged.length), acknowledged);
  t.ok(requests.length <= acknowledged.length + 1);
  await journal.close();
});

t.test('it is rewritten when it has grown beyond four times what is live', async (t) => {
  const { directory, open, events, path } = setUp(t);
  const state = new DesiredState([{ name: 'dpdk0', mtu: 1500 }]);
  const { journal } = await open(() => state.dump());
  await journal.compact([]);
  const run = async (one: MutatingRequest) => {
    const plan = state.plan(one);
    await journal.append([one], 0);
    state.commit(plan);
  };
  let largest = 0;
  for (let i = 0; i < 1500; i++) {
    await run(request(i));
    if (i >= 5)
      await run({ method: 'route.del', params: request(i - 5).params as { destination: string; device: string } });
    largest = Math.max(largest, journal.bytes);
  }
  t.ok(events('journal.compacted').length >= 3, 'several times');
  t.ok(largest < 70_000, `never larger than ${largest}`);
  t.equal(journal.bytes, statSync(path).size);
  await journal.close();
  const { journal: again, requests } = await open();
  const copy = new DesiredState([{ name: 'dpdk0', mtu: 1500 }]);
  for (const { request, at } of requests) copy.apply(request.method, request.params, at);
  t.same(copy.routes(), state.routes());
  t.equal(copy.routes().length, 5);
  await again.close();
  t.same(readdirSync(directory).sort(), ['n1.journal', 'n1.journal.lock'], 'nothing is left over');
});

t.test('replay restores the state and compacts; what is not valid any more is kept aside', async (t) => {
  const { open, log, events, path } = setUp(t);
  const both = [
    { name: 'dpdk0', mtu: 1500 },
    { name: 'dpdk1', mtu: 1500 },
  ];
  const first = new DesiredState(both);
  const { journal } = await open();
  const service = { protocol: 'tcp', address: '10.0.0.100', port: 80 } as const;
  const requests: MutatingRequest[] = [
    { method: 'addr.add', params: { address: '10.0.0.100', device: 'dpdk1' } },
    { method: 'addr.add', params: { address: '10.0.0.7', device: 'dpdk0', validLifetime: 10 } },
    { method: 'service.add', params: { service } },
    { method: 'laddr.add', params: { service, address: '192.168.100.200', device: 'dpdk0' } },
    { method: 'route.add', params: { destination: '1.0.0.0/8', device: 'dpdk1' } },
    { method: 'route.del', params: { destination: '1.0.0.0/8', device: 'dpdk1' } },
  ];
  for (const one of requests) {
    first.apply(one.method, one.params, 1000);
    await journal.append([one], 1000);
  }
  await journal.close();

  const second = new DesiredState(both);
  const opened = await open();
  t.same(await replay(opened.journal, opened.requests, second, log, 5000), { accepted: 6, refused: 0 });
  t.same(second.snapshot(), first.snapshot());
  await opened.journal.close();
  t.equal(readFileSync(path, 'utf8').split('\n').length - 2, 4, 'compacted to what is live');
  t.notOk(existsSync(`${path}.before`));

  const third = new DesiredState(both.slice(0, 1));
  const later = await open();
  t.same(await replay(later.journal, later.requests, third, log, 20_000), { accepted: 3, refused: 1 });
  t.same(
    third.addresses().map(({ address }) => address),
    ['192.168.100.200'],
    'without the port that is gone, and without the address that expired meanwhile',
  );
  t.match(events('state.replay_refused'), [{ code: 'no_device', detail: 'dpdk1' }]);
  t.equal(events('journal.kept').length, 1);
  await later.journal.close();

  const fourth = new DesiredState(both);
  writeFileSync(path, readFileSync(`${path}.before`));
  const restored = await open();
  await replay(restored.journal, restored.requests, fourth, log, 5000);
  t.same(fourth.snapshot(), first.snapshot(), 'as the warning says');
  await restored.journal.close();
});

t.test('a request this version does not know is kept aside too', async (t) => {
  const { open, log, events, path } = setUp(t);
  const { journal } = await open();
  await journal.append([{ method: 'vlan.add', params: {} } as unknown as MutatingRequest], 1);
  await journal.append([request(1)], 2);
  await journal.close();
  const opened = await open();
  t.match(opened.requests, [{ request: request(1) }]);
  t.match(events('state.replay_refused'), [{ request: { method: 'vlan.add' } }]);
  await replay(opened.journal, opened.requests, new DesiredState([{ name: 'dpdk0', mtu: 1500 }]), log);
  await opened.journal.close();
  t.match(readFileSync(`${path}.before`, 'utf8'), /vlan\.add/);
});

t.test('a directory that cannot be used is said so', async (t) => {
  const { directory, log } = setUp(t);
  writeFileSync(directory, 'a file');
  await t.rejects(Journal.open({ directory, name: 'n1', log }), { code: 'config' });
});
