// Health checks: the state machine, the engine on a clock that the test turns, pools with quorum and sorry server, and real sockets.
import { createSocket } from 'node:dgram';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import t, { type Test } from 'tap';
import { type Check, CheckEngine, type CheckView } from '../../keepalived/check-engine.js';
import { initialCheckState, stepCheck } from '../../keepalived/check-state.js';
import { type CheckResult, runCheck } from '../../keepalived/checkers/index.js';
import type { Clock } from '../../keepalived/clock.js';
import { parseKeepalived } from '../../keepalived/index.js';
import type { CheckSpec, HttpCheck, VirtualServer } from '../../keepalived/model.js';
import { Pool } from '../../keepalived/pool.js';

const times = {
  alpha: false,
  delayLoopMs: 10_000,
  warmupMs: 0,
  retry: 2,
  delayBeforeRetryMs: 1_000,
  logAllFailures: false,
};
const target = { address: '127.0.0.1', port: 9, bindAddress: null, bindPort: null };
const tcp: CheckSpec = { kind: 'TCP_CHECK', ...times, target, connectTimeoutMs: 2_000 };

/** Turned by hand; what is due runs in order, and promises settle in between. */
class HandClock implements Clock {
  #now = 0;
  #due: { at: number; run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): () => void {
    const entry = { at: this.#now + delayMs, run };
    this.#due.push(entry);
    return () => {
      this.#due = this.#due.filter((other) => other !== entry);
    };
  }

  async turn(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      this.#due.sort((a, b) => a.at - b.at);
      const next = this.#due[0];
      if (next === undefined || next.at > end) break;
      this.#due.shift();
      this.#now = next.at;
      next.run();
      for (let i = 0; i < 10; i++) await Promise.resolve();
    }
    this.#now = end;
  }
}

t.test('the state of a check, step by step', (t) => {
  // Results, and what each makes of the state: `u` up, `d` down; `+` told as up, `-` told as down; the delay in seconds.
  for (const [alpha, results, wanted] of [
    [false, 'gg', 'u+10 u10'],
    [false, 'gbbbb', 'u+10 u1 u1 d-10 d10'],
    [false, 'bg', 'u1 u+10'],
    [false, 'gbbgbbb', 'u+10 u1 u1 u10 u1 u1 d-10'],
    [false, 'bbbg', 'u1 u1 d-10 u+10'],
    [true, 'bbg', 'd-10 d10 u+10'],
    [true, 'gb', 'u+10 u1'],
  ] as const) {
    let state = initialCheckState({ alpha });
    const seen = [...results].map((result) => {
      const step = stepCheck(state, result === 'g', times);
      state = step.state;
      return `${state.up ? 'u' : 'd'}${step.change === null ? '' : { up: '+', down: '-' }[step.change]}${step.delayMs / 1000}`;
    });
    t.equal(seen.join(' '), wanted, `${alpha ? 'alpha ' : ''}${results}`);
  }
  t.end();
});

t.test('the engine runs checks at their times', async (t) => {
  const clock = new HandClock();
  const heard: string[] = [];
  let result: CheckResult = { ok: true, reason: 'fine' };
  const engine = new CheckEngine({
    clock,
    random: () => 0.5,
    run: async () => result,
    heard: ({ check, state }: CheckView, change) => heard.push(`${clock.now()} ${check.id} ${state.up} ${change}`),
  });
  const check = (id: string, more: Partial<CheckSpec> = {}): Check => ({
    id,
    spec: { ...tcp, warmupMs: 4_000, ...more } as CheckSpec,
  });
  engine.set([check('a')]);
  await clock.turn(13_000);
  t.same(heard.splice(0), ['2000 a true up', '12000 a true null'], 'half the warm-up, then every ten seconds');
  result = { ok: false, reason: 'refused' };
  await clock.turn(11_000);
  t.same(
    heard.splice(0),
    ['22000 a true null', '23000 a true null', '24000 a false down'],
    'tried again after a second',
  );
  t.match(engine.view('a'), { state: { up: false }, last: { ok: false, reason: 'refused', at: 24_000 } });

  engine.set([check('a', { delayLoopMs: 3_000 }), check('b')]);
  t.equal(engine.view('a')?.state.up, false, 'what stayed is as it was');
  await clock.turn(3_000);
  t.same(heard.splice(0), ['26000 b true null', '27000 a false null', '27000 b true null'], 'at its new times');
  engine.set([check('b')]);
  await clock.turn(1_000);
  t.same(heard.splice(0), ['28000 b false down']);
  t.equal(engine.view('a'), undefined);
  engine.stop();
  await clock.turn(100_000);
  t.same(heard, []);
});

t.test('the engine runs so many at once, and hears nothing of what was taken away', async (t) => {
  const clock = new HandClock();
  const open: { id: string; end: () => void }[] = [];
  const heard: string[] = [];
  const engine = new CheckEngine({
    ...{ clock, atOnce: 2, random: () => 0 },
    run: (spec) =>
      new Promise((resolve) => {
        const id = spec.kind === 'MISC_CHECK' ? spec.script.command : '';
        open.push({ id, end: () => resolve({ ok: true, reason: '' }) });
      }),
    heard: ({ check }) => heard.push(check.id),
  });
  const checks = ['a', 'b', 'c', 'd'].map((id): Check => {
    const script = { command: id, user: null, group: null };
    return { id, spec: { kind: 'MISC_CHECK', ...times, script, timeoutMs: 1, dynamic: false } };
  });
  engine.set(checks);
  await clock.turn(0);
  t.same(
    open.map(({ id }) => id),
    ['a', 'b'],
  );
  engine.set(checks.filter(({ id }) => id !== 'a' && id !== 'c'));
  for (const { end } of open.splice(0)) end();
  await new Promise(setImmediate);
  t.same(
    open.map(({ id }) => id),
    ['d'],
    'c was taken away while it waited',
  );
  t.same(heard, ['b'], 'a was taken away while it ran');
  engine.stop();
});

function poolOf(keys: string, servers = 3): Pool {
  const real = Array.from({ length: servers }, (_, i) => `real_server 10.1.0.${i + 1} 80 {\n weight ${i + 1}\n }`);
  const text = `virtual_server 10.0.0.1 80 {\n lb_algo rr\n lb_kind FNAT\n protocol TCP\n ${keys}\n ${real.join('\n')}\n}`;
  const { config } = parseKeepalived('f', { read: () => text, list: () => [] });
  return new Pool(config?.virtualServers[0] as VirtualServer);
}

/** `alive`: a letter a server. @returns events and the servers that the dataplane should have */
function settle(pool: Pool, alive: string): string {
  const { realServers } = pool.virtualServer;
  const events = pool.settle((server) => ({
    alive: alive[realServers.indexOf(server)] === 'u',
    weight: server.weight,
  }));
  const told = events.map((event) => ('server' in event ? `${event.kind} ${event.server.address.at(-1)}` : event.kind));
  const servers = [...(pool.desired()[0]?.servers.values() ?? [])];
  return `${told.join(', ')} | ${servers.map(({ server, weight }) => `${server.address.at(-1)}:${weight}`).join(' ')}`;
}

t.test('a pool: a failed server goes, or stays with weight 0', (t) => {
  const plain = poolOf('');
  t.equal(settle(plain, 'uuu'), 'quorum_gained | 1:1 2:2 3:3');
  t.equal(settle(plain, 'udu'), 'server_down 2 | 1:1 3:3');
  t.equal(settle(plain, 'udu'), ' | 1:1 3:3');
  t.equal(settle(plain, 'uuu'), 'server_up 2 | 1:1 2:2 3:3');
  t.equal(settle(plain, 'ddd'), 'server_down 1, server_down 2, server_down 3, quorum_lost | ');
  t.equal(settle(poolOf('inhibit_on_failure'), 'udu'), 'quorum_gained | 1:1 2:0 3:3');
  t.end();
});

t.test('a pool: quorum by weight, with hysteresis', (t) => {
  const pool = poolOf('quorum 3\n hysteresis 2');
  t.equal(settle(pool, 'ddu'), ' | 3:3', '3 is not 3 + 2: no quorum yet, and nobody is told');
  t.equal(settle(pool, 'duu'), 'server_up 2, quorum_gained | 2:2 3:3');
  t.equal(settle(pool, 'udd'), 'server_up 1, server_down 2, server_down 3 | 1:1', '1 is 3 - 2: still there');
  t.equal(settle(pool, 'ddd'), 'server_down 1, quorum_lost | ');
  t.end();
});

t.test('a pool: the sorry server stands in while there is no quorum', (t) => {
  const pool = poolOf('quorum 3\n sorry_server 10.1.0.9 80');
  t.equal(settle(pool, 'udd'), 'quorum_lost | 9:1', 'also at the start; the others go');
  t.equal(settle(pool, 'ddu'), 'server_down 1, server_up 3, quorum_gained | 3:3');
  const inhibited = poolOf('quorum 3\n inhibit_on_failure\n sorry_server 10.1.0.9 80\n sorry_server_inhibit');
  t.equal(settle(inhibited, 'uuu'), 'quorum_gained | 1:1 2:2 3:3 9:0');
  t.equal(settle(inhibited, 'udd'), 'server_down 2, server_down 3, quorum_lost | 1:0 2:0 3:0 9:1');
  t.end();
});

const never = new AbortController().signal;
const reasonOf = async (spec: CheckSpec, signal = never): Promise<string> => {
  const { ok, reason } = await runCheck(spec, signal);
  return `${ok ? 'good' : 'bad'}: ${reason}`;
};

t.test('TCP_CHECK against real sockets', async (t) => {
  const server = createTcp().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const spec: CheckSpec = { ...tcp, kind: 'TCP_CHECK', target: { ...target, port }, connectTimeoutMs: 5_000 };
  t.equal(await reasonOf(spec), 'good: connected');
  t.equal(
    await reasonOf({ ...spec, target: { ...target, port, bindAddress: '192.0.2.1' } }),
    'bad: bindto is no address of this host',
  );
  await new Promise((resolve) => server.close(resolve));
  t.equal(await reasonOf(spec), 'bad: refused');
});

async function webServer(t: Test): Promise<number> {
  const server = createHttp((request, response) => {
    if (request.url === '/slow') return;
    response.statusCode = request.url === '/gone' ? 404 : 200;
    response.end(`hello ${request.headers.host}`);
  }).listen(0, '127.0.0.1');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return (server.address() as AddressInfo).port;
}

t.test('HTTP_GET against a real server', async (t) => {
  const port = await webServer(t);
  const url = { path: '/', digest: null, statusCodes: [[200, 299]] as [number, number][], virtualHost: 'www' };
  const http = (...urls: HttpCheck['urls']): CheckSpec => ({
    ...{ kind: 'HTTP_GET', ...times, target: { ...target, port }, connectTimeoutMs: 5_000, urls, sni: false },
  });
  t.equal(await reasonOf(http(url)), 'good: status 200');
  t.equal(await reasonOf(http({ ...url, path: '/gone' })), 'bad: status 404, not 200-299');
  t.equal(await reasonOf(http(url, { ...url, path: '/gone' })), 'bad: /gone: status 404, not 200-299');
  // printf 'hello www' | md5sum
  const digest = '56b97916f6eaba0a564c43489c48d4ad';
  t.equal(await reasonOf(http({ ...url, digest })), 'good: status 200, digest matches');
  t.equal(await reasonOf(http({ ...url, digest: digest.replace(/^./, 'x') })), `bad: the digest is ${digest}`);
  const slow = { ...http({ ...url, path: '/slow' }), connectTimeoutMs: 100 } as CheckSpec;
  t.equal(await reasonOf(slow), 'bad: no answer within 0.1 s');
  const given = new AbortController();
  const pending = reasonOf(http({ ...url, path: '/slow' }), given.signal);
  given.abort();
  t.equal(await pending, 'bad: given up');
  t.equal(await reasonOf({ ...http(url), kind: 'SSL_GET' } as CheckSpec).then((text) => text.slice(0, 4)), 'bad:');
});

t.test('UDP_CHECK against real sockets', async (t) => {
  const server = createSocket('udp4');
  server.on('message', (message, { port, address }) => {
    if (message.toString() === 'are you there') server.send('yes, I am', port, address);
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  const { port } = server.address();
  const reply = { begins: 'yes', minLength: 1, maxLength: 255 };
  const udp = {
    kind: 'UDP_CHECK',
    ...times,
    target: { ...target, port },
    connectTimeoutMs: 5_000,
    payload: 'are you there',
    reply,
  } as const;
  t.equal(await reasonOf(udp), 'good: replied');
  t.equal(await reasonOf({ ...udp, reply: { ...reply, begins: 'no' } }), 'bad: another reply');
  t.equal(await reasonOf({ ...udp, reply: { ...reply, maxLength: 3 } }), 'bad: the reply has 9 bytes, not 1 to 3');
  t.equal(await reasonOf({ ...udp, payload: null, connectTimeoutMs: 50 }), 'bad: no answer within 0.05 s');
  t.equal(await reasonOf({ ...udp, payload: null, reply: null, connectTimeoutMs: 50 }), 'good: no error came back');
  await new Promise<void>((resolve) => server.close(resolve));
  t.equal(await reasonOf({ ...udp, reply: null }), 'bad: refused');
});

t.test('MISC_CHECK runs commands', async (t) => {
  const misc = (command: string, more = {}): CheckSpec => ({
    ...{
      kind: 'MISC_CHECK',
      ...times,
      script: { command, user: null, group: null },
      timeoutMs: 10_000,
      dynamic: false,
    },
    ...more,
  });
  t.equal(await reasonOf(misc('true')), 'good: exit code 0');
  t.equal(await reasonOf(misc('echo first >&2; echo why >&2; exit 3')), 'bad: exit code 3: why');
  t.equal(await reasonOf(misc('kill -9 $$')), 'bad: ended by SIGKILL');
  t.equal(await reasonOf(misc('sleep 60', { timeoutMs: 100 })), 'bad: not done within 0.1 s');
  t.equal(await reasonOf(misc('exit 1', { dynamic: true })), 'bad: exit code 1');
  t.match(await runCheck(misc('true\0x'), never), { ok: false, reason: /null bytes/ });
  t.match(await runCheck(misc('exit 52', { dynamic: true }), never), { ok: true, weight: 50 });
});
