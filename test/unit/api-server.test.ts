// The control socket's serving side, over real ipc sockets: validation, refusals, order, limits, defects, malformed frames.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Dealer, Subscriber } from 'zeromq';
import { z } from 'zod';
import { DpvsError, RequestChannel, responseFrame } from '../../api/index.js';
import { ApiServer, EventPublisher, type Handlers, makePrivateDirectory } from '../../api/server.js';
import { createLog } from '../../log/index.js';

const methods = {
  echo: { params: z.strictObject({ text: z.string() }), result: z.strictObject({ text: z.string() }), mutates: false },
  add: { params: z.strictObject({ port: z.int().min(1).max(9) }), result: z.strictObject({}), mutates: true },
  wait: { params: z.strictObject({}), result: z.strictObject({}), mutates: false },
  broken: {
    params: z.strictObject({ how: z.enum(['throw', 'bigint', 'shape']) }),
    result: z.strictObject({}),
    mutates: false,
  },
} as const;

interface LogLine {
  readonly event: string;
  readonly level: string;
  readonly error?: { readonly stack: string };
}

function makeGate() {
  let resolve = () => {};
  const promise = new Promise<void>((open) => {
    resolve = open;
  });
  return { promise, resolve };
}

/** The error a request is refused with. */
async function refusal(request: Promise<unknown>): Promise<DpvsError> {
  try {
    await request;
  } catch (error) {
    if (error instanceof DpvsError) return error;
    throw error;
  }
  throw new Error('the request was accepted');
}

async function setUp(t: Test, options: { maxInFlight?: number; checkResults?: boolean } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'dpvs-api-'));
  const endpoint = `ipc://${join(directory, 'run', 'node.sock')}`;
  const lines: LogLine[] = [];
  const log = createLog({ level: 'debug', stream: { write: (text) => void lines.push(JSON.parse(text) as LogLine) } });
  const added: string[] = [];
  const gate = makeGate();
  const handlers: Handlers<typeof methods> = {
    echo: async ({ text }) => ({ text }),
    async add({ port }) {
      added.push(`begin ${port}`);
      await new Promise((resolve) => setTimeout(resolve, port === 1 ? 20 : 0));
      added.push(`end ${port}`);
      if (port === 2) throw new DpvsError('already_exist', 'port 2', 'port');
      return {};
    },
    async wait() {
      await gate.promise;
      return {};
    },
    async broken({ how }) {
      if (how === 'throw') throw new TypeError('undefined is not a port');
      return (how === 'bigint' ? { value: 1n } : { surprise: true }) as unknown as Record<string, never>;
    },
  };
  const server = await ApiServer.listen({ endpoint, methods, handlers, log, maxRequestBytes: 1000, ...options });
  const client = new RequestChannel(endpoint, 2000);
  t.teardown(async () => {
    client.close();
    gate.resolve();
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return { directory, endpoint, lines, log, added, gate, server, client, handlers };
}

t.test('a request is answered; the socket is private', async (t) => {
  const { client, endpoint, server } = await setUp(t);
  t.same(await client.request('echo', { text: 'hello' }), { text: 'hello' });
  const texts = Array.from({ length: 50 }, (_, i) => `message ${i}`);
  const answers = await Promise.all(texts.map((text) => client.request('echo', { text })));
  t.same(
    answers,
    texts.map((text) => ({ text })),
    'each answer goes to its request',
  );
  const path = endpoint.slice('ipc://'.length);
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.equal(statSync(join(path, '..')).mode & 0o777, 0o700);
  t.match(server.counters, { requests: 51, refused: 0, malformed: 0 });
  t.equal(server.inFlight, 0);
});

t.test('refusals carry code, detail and field', async (t) => {
  const { client, lines } = await setUp(t);
  t.match(await refusal(client.request('add', { port: 2 })), {
    code: 'already_exist',
    detail: 'port 2',
    field: 'port',
  });
  t.match(await refusal(client.request('add', { port: 10 })), {
    code: 'invalid_parameter',
    field: 'port',
    detail: /^port: .*9/,
  });
  t.match(await refusal(client.request('add', {})), { code: 'invalid_parameter', field: 'port' });
  t.match(await refusal(client.request('add', { port: 1, prot: 2 })), { code: 'invalid_parameter', field: 'prot' });
  t.match(await refusal(client.request('add', null)), { code: 'invalid_parameter', field: '' });
  t.match(await refusal(client.request('nothing', {})), {
    code: 'not_support',
    detail: 'method nothing',
    field: 'method',
  });
  t.match(await refusal(client.request('constructor', {})), { code: 'not_support' });
  t.equal(lines.filter(({ event }) => event === 'api.refused').length, 7);
  t.notOk(
    lines.some(({ error }) => error !== undefined),
    "a user's mistake logs no stack",
  );
});

t.test('changes are handled one after another, in order; a refused one does not stop the next', async (t) => {
  const { client, added } = await setUp(t);
  await Promise.allSettled([1, 2, 3].map((port) => client.request('add', { port })));
  t.same(added, ['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
});

t.test('a bug is `internal` with a stack in the log, and the server goes on', async (t) => {
  const { client, lines, server } = await setUp(t, { checkResults: true });
  for (const how of ['throw', 'bigint', 'shape'])
    t.match(await refusal(client.request('broken', { how })), { code: 'internal' }, how);
  const defects = lines.filter(({ event }) => event === 'api.defect');
  t.equal(defects.length, 3);
  t.match(defects[0], { level: 'error', method: 'broken', error: { type: 'TypeError', stack: /api-server\.test/ } });
  t.equal(server.counters.defects, 3);
  t.same(await client.request('echo', { text: 'alive' }), { text: 'alive' });
});

t.test('a result that cannot be written is a defect too', async (t) => {
  const { client } = await setUp(t);
  t.match(await refusal(client.request('broken', { how: 'bigint' })), {
    code: 'internal',
    detail: /BigInt/,
  });
});

t.test('requests in flight are bounded', async (t) => {
  const { client, server, gate, lines } = await setUp(t, { maxInFlight: 3 });
  const waiting = [1, 2, 3].map(() => client.request('wait', {}));
  t.match(await refusal(client.request('echo', { text: 'x' })), {
    code: 'busy',
    detail: '3 requests are in flight',
  });
  t.equal(server.inFlight, 3);
  gate.resolve();
  await Promise.all(waiting);
  t.same(await client.request('echo', { text: 'x' }), { text: 'x' });
  t.equal(server.counters.overloaded, 1);
  t.ok(lines.some(({ event }) => event === 'api.overloaded'));
});

t.test('malformed frames: answered when the id can be read, counted always', async (t) => {
  const { endpoint, server, client } = await setUp(t);
  const raw = new Dealer({ linger: 0, receiveTimeout: 2000 });
  raw.connect(endpoint);
  const answered: [string, RegExp][] = [
    ['{"id": 1, "method": "echo", "params": {}, "extra": 1}', /extra/],
    ['{"id": 2}', /method/],
    ['{"id": 3, "method": 7, "params": {}}', /method/],
    ['{"id": 4, "method": ', /not JSON/],
    [`{"id":5,"method":"echo","params":{"text":"${'x'.repeat(1000)}"}}`, /1045 bytes; a request has at most 1000/],
  ];
  for (const [frame, detail] of answered) {
    await raw.send(frame);
    const [body] = await raw.receive();
    const response = responseFrame.parse(JSON.parse(String(body)));
    t.match(response, { ok: false, error: { code: 'invalid_parameter', detail } });
    t.equal(response.id, Number(/\d/.exec(frame)?.[0]));
  }
  const silent = [
    '',
    'x',
    '[]',
    'null',
    '{"id":"1"}',
    '{"id":1.5,"method":"echo"}',
    '{"id":1e300,"method":"echo"}',
    '\u0000',
  ];
  for (const frame of silent) await raw.send(frame);
  await raw.send(['{"id":9,"method":"echo","params":{"text":""}}', 'a second frame']);
  await raw.send(Buffer.from([0xff, 0xfe, 0x00, 0x80]));
  t.same(await client.request('echo', { text: 'after all that' }), { text: 'after all that' });
  await raw.send('{"id":10,"method":"echo","params":{"text":"same peer"}}');
  t.match(JSON.parse(String((await raw.receive())[0])), { id: 10, ok: true }, 'nothing was answered in between');
  t.equal(server.counters.malformed, answered.length + silent.length + 2);
  raw.close();
});

t.test('who ends with requests in hand: they fail at once, and the next owner is found', async (t) => {
  const { client, server, endpoint, log, handlers } = await setUp(t);
  const start = performance.now();
  const waiting = [client.request('wait', {}, 60_000), client.request('wait', {}, 60_000)].map(refusal);
  await client.request('echo', { text: 'both have arrived' });
  await server.close();
  for (const error of await Promise.all(waiting))
    t.match(error, { code: 'unreachable', detail: /ended before it answered/ });
  t.ok(performance.now() - start < 30_000, 'not when their time is up');
  const next = await ApiServer.listen({ endpoint, methods, handlers, log });
  t.same(await client.request('echo', { text: 'hello' }, 20_000), { text: 'hello' });
  await next.close();
});

t.test('a living owner keeps its socket, a stale file is replaced', async (t) => {
  const { directory, endpoint, log, handlers, client } = await setUp(t);
  await t.rejects(ApiServer.listen({ endpoint, methods, handlers, log }), {
    code: 'busy',
    detail: /another process listens/,
  });
  t.same(await client.request('echo', { text: 'still here' }), { text: 'still here' });

  const stale = join(directory, 'stale.sock');
  writeFileSync(stale, 'left over');
  const second = await ApiServer.listen({ endpoint: `ipc://${stale}`, methods, handlers, log });
  const other = new RequestChannel(`ipc://${stale}`, 2000);
  t.same(await other.request('echo', { text: 'new owner' }), { text: 'new owner' });
  other.close();
  await second.close();
  t.notOk(existsSync(stale), 'the socket goes with its process');

  const foreign = join(directory, 'foreign.sock');
  const listener = createServer().listen(foreign);
  await new Promise((resolve) => listener.once('listening', resolve));
  await t.rejects(ApiServer.listen({ endpoint: `ipc://${foreign}`, methods, handlers, log }), { code: 'busy' });
  listener.close();
});

t.test('paths that cannot be private are refused', async (t) => {
  const { directory, log, handlers } = await setUp(t);
  const shared = join(directory, 'shared');
  mkdirSync(shared);
  chmodSync(shared, 0o1777);
  t.throws(() => makePrivateDirectory(shared), { code: 'config', detail: /open to others/ });
  chmodSync(shared, 0o755);
  makePrivateDirectory(shared);
  t.equal(statSync(shared).mode & 0o777, 0o700);
  writeFileSync(join(directory, 'file'), '');
  t.throws(() => makePrivateDirectory(join(directory, 'file', 'sub')), { code: 'config' });
  const endpoint = `ipc://${join(directory, 'x'.repeat(120))}`;
  await t.rejects(ApiServer.listen({ endpoint, methods, handlers, log }), { code: 'config', detail: /107 bytes/ });
});

t.test('closing waits for what is in flight and refuses what comes', async (t) => {
  const { client, server, gate } = await setUp(t);
  const waiting = client.request('wait', {});
  while (server.inFlight === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const closed = server.close();
  t.match(await refusal(client.request('echo', { text: 'x' })), { code: 'busy', detail: /stopping/ });
  gate.resolve();
  t.same(await waiting, {});
  await closed;
  t.match(await refusal(client.request('echo', { text: 'x' })), { code: 'unreachable' }, 'the socket is gone');
});

t.test('events reach subscribers by topic', async (t) => {
  const { directory, log } = await setUp(t);
  const endpoint = `ipc://${join(directory, 'run', 'node.events.sock')}`;
  const events = await EventPublisher.listen({ endpoint, log });
  const subscriber = new Subscriber({ linger: 0, receiveTimeout: 2000 });
  subscriber.connect(endpoint);
  subscriber.subscribe('link');
  // A subscription takes a moment to reach the publisher; what is published before is not meant to arrive.
  const first = subscriber.receive();
  const ticker = setInterval(() => events.publish('link', { name: 'dpdk0', tick: true }), 5);
  await first;
  clearInterval(ticker);
  events.publish('route', { destination: '0.0.0.0/0' });
  events.publish('link', { name: 'dpdk1', up: true });
  for (;;) {
    const [topic, body] = await subscriber.receive();
    t.equal(String(topic), 'link');
    const event = JSON.parse(String(body)) as { tick?: boolean; at: string };
    if (event.tick === true) continue;
    t.match(event, { topic: 'link', name: 'dpdk1', up: true });
    t.ok(Math.abs(Date.parse(event.at) - Date.now()) < 60_000);
    break;
  }
  t.equal(statSync(endpoint.slice('ipc://'.length)).mode & 0o777, 0o600);
  subscriber.close();
  await events.close();
  events.publish('link', {});
});
