// Drain and undrain through the whole bridge over a model node: until the flows have ended or the deadline has come, and not back before.
import t from 'tap';
import type { JournalEntry } from '../../routing/journal.js';
import { defaultPolicy } from '../../routing/policy.js';
import { VtyshError } from '../../routing/vtysh.js';
import { TestBridge } from '../support/routing-bridge.js';
import { fullNeighbour, ModelNode } from '../support/routing-node.js';

// Most of their time they wait for an LSA to rest (MinLSArrival).
t.jobs = 16;

const [first, second] = ['123.1.2.1', '123.1.2.2'];

function serving(...vips: string[]): ModelNode {
  const node = new ModelNode();
  for (const vip of vips) node.services.set(vip, { healthy: 2, flows: 5 });
  return node;
}

const drain = { deadlineSeconds: null } as const;

t.test('until its flows have ended; undrain brings it back', async (t) => {
  const { node, ask, vip, until, journal } = await TestBridge.start(t, serving(first, second));
  await ask('announce', { vips: [first, second] });
  const report = await ask('drain', { vips: [first], ...drain });
  t.match(report, { done: true, action: 'drain', vips: [first], device: 'dpdk1', flows: { live: 5, newPerSecond: 0 } });
  t.same(node.state.worse, [first]);
  t.match(await vip(first), { state: 'draining', stage: 'emptying', deadlineSeconds: null, reason: null });
  await t.rejects(ask('announce', { vips: [second, first] }), { code: 'drained', message: /123\.1\.2\.1/ });
  node.services.set(first, { healthy: 2, flows: 0 });
  const ended = await until(first, ({ held }) => !held);
  t.match(ended, { state: 'withdrawn', reason: { at: 'drain', code: 'drained', detail: 'no flow was left' } });
  t.same(node.state, {
    addresses: [`dpdk1.kni ${second}`],
    routes: [`dpdk1 ${first}/32`, `dpdk1 ${second}/32`],
    permitted: [second],
    worse: [],
    lsas: [second],
  });
  t.same(journal.read()[0].drain, { deadline: null, ended: true });
  await t.rejects(ask('announce', { vips: [first] }), { code: 'drained' });
  t.match(await ask('undrain', { vips: 'all' }), { done: true });
  t.same(journal.read()[0].drain, null);
  await until(first, ({ state }) => state === 'announced');
  t.same(node.state.lsas, [first, second]);
  t.same(node.state.worse, []);
});

t.test('at the deadline, whatever is left', async (t) => {
  const { ask, until } = await TestBridge.start(t, serving(first));
  await ask('announce', { vips: [first] });
  await ask('drain', { vips: [first], deadlineSeconds: 1 });
  const ended = await until(first, ({ held }) => !held);
  t.match(ended, { state: 'withdrawn', reason: { code: 'drained', detail: 'at the deadline, 5 flows were left' } });
});

t.test('refused where nobody else announces it, unless forced', async (t) => {
  const { node, ask, vip, journal } = await TestBridge.start(t, serving(first));
  node.others.set(first, []);
  await ask('announce', { vips: [first] });
  t.match(await ask('drain', { vips: [first], ...drain }), { done: false, error: { code: 'sole_announcer' } });
  t.match(await vip(first), { state: 'announced', stage: null });
  t.same(node.state.worse, []);
  t.equal(journal.read()[0].drain, null);
  t.match(await ask('drain', { vips: [first], ...drain, force: true }), { done: true });
  t.match(await vip(first), { state: 'draining' });
});

t.test('the others do not take over: as good as before, and it says what was missing', async (t) => {
  const { node, ask, vip, journal } = await TestBridge.start(t, serving(first, second));
  await ask('announce', { vips: [first, second] });
  await ask('drain', { vips: [second], ...drain });
  node.ospfdObeys = false;
  const report = await ask('drain', { vips: [first, second], ...drain });
  t.match(report, { done: false, error: { code: 'not_verified', detail: /123\.1\.2\.1: still among the best/ } });
  t.match(report.steps.at(-1), { name: 'undo ospfd preference', outcome: 'done' });
  t.same(node.state.worse, [second], 'what was worse before stays so');
  t.match(await vip(first), { state: 'announced', stage: null });
  t.match(await vip(second), { state: 'draining' });
  t.same(
    journal.read().map(({ drain }) => drain === null),
    [true, false],
  );
});

t.test('while the area takes its time, other VIPs are looked after, and this one can be undrained', async (t) => {
  const { node, ask, vip, until } = await TestBridge.start(t, serving(first, second));
  await ask('announce', { vips: [first, second] });
  node.ospfdObeys = false;
  Object.assign(node.driver, { preferenceMs: 8_000 });
  const draining = ask('drain', { vips: [first], ...drain });
  await until(first, ({ stage }) => stage === 'leaving');
  node.services.delete(second);
  await until(second, ({ state, held }) => state === 'withdrawn' && !held);
  t.match(await ask('undrain', { vips: [first] }), { done: true });
  t.match(await vip(first), { state: 'announced' });
  Object.assign(node.driver, { preferenceMs: 60 });
  node.ospfdObeys = true;
  node.worse.add(first);
  t.match(await draining, { done: true }, 'it was proved');
  t.match(await vip(first), { state: 'announced', stage: null }, 'but not wanted any more');
});

t.test('a drain that can be neither proved nor undone goes on, and undrain takes it back', async (t) => {
  const { node, ask, vip, journal } = await TestBridge.start(t, serving(first));
  await ask('announce', { vips: [first] });
  node.ospfdObeys = false;
  node.interfere = (call) => {
    if (call.startsWith('improve')) throw new VtyshError('ospfd', 'silent', 'no answer');
  };
  const report = await ask('drain', { vips: [first], ...drain });
  t.match(report, { done: false, error: { code: 'not_verified' } });
  t.match(report.steps.at(-1), { name: 'undo ospfd preference', outcome: 'failed' });
  t.match(await vip(first), { state: 'draining' });
  t.ok(journal.read()[0].drain !== null);
  node.interfere = () => {};
  node.ospfdObeys = true;
  t.match(await ask('undrain', { vips: [first] }), { done: true });
  t.same(node.state.worse, [], 'as good as before');
  t.match(await vip(first), { state: 'announced' });
});

t.test('of two drains the last word counts', async (t) => {
  const { node, ask, vip, until } = await TestBridge.start(t, serving(first));
  await ask('announce', { vips: [first] });
  node.ospfdObeys = false;
  Object.assign(node.driver, { preferenceMs: 8_000 });
  const long = ask('drain', { vips: [first], deadlineSeconds: 3_600 });
  await until(first, ({ stage }) => stage === 'leaving');
  t.match(await ask('drain', { vips: [first], deadlineSeconds: 500 }), { done: true });
  node.ospfdObeys = true;
  t.match(await long, { done: true });
  const { deadlineSeconds } = (await vip(first))!;
  t.ok(deadlineSeconds !== null && deadlineSeconds <= 500, String(deadlineSeconds));
  await until(first, ({ stage }) => stage === 'emptying');
});

t.test('announced again after a withdrawal that was not proved, it does not drain any more', async (t) => {
  const { node, ask, vip, journal } = await TestBridge.start(t, serving(first));
  await ask('announce', { vips: [first] });
  await ask('drain', { vips: [first], ...drain });
  node.interfere = (call) => {
    if (call === 'originated') node.lsas.add(first);
  };
  t.match(await ask('withdraw', { vips: [first] }), { done: false });
  node.interfere = () => {};
  t.match(await ask('announce', { vips: [first] }), { done: true });
  t.match(await vip(first), { state: 'announced', stage: null });
  t.same(journal.read()[0].drain, null);
  t.same(node.state.worse, []);
});

t.test('one that cannot serve while it leaves is taken back, and stays drained', async (t) => {
  const { node, ask, vip, until } = await TestBridge.start(t, serving(first));
  await ask('announce', { vips: [first] });
  node.ospfdObeys = false;
  Object.assign(node.driver, { preferenceMs: 8_000 });
  const draining = ask('drain', { vips: [first], ...drain });
  await until(first, ({ stage }) => stage === 'leaving');
  node.services.delete(first);
  t.match(await draining, { done: true }, 'who is not there is not preferred');
  await until(first, ({ held }) => !held);
  t.match(await vip(first), { state: 'withdrawn', reason: { at: 'service' } });
  t.match(await ask('undrain', { vips: [first] }), { done: true });
  t.match(await vip(first), { state: 'configured' });
});

t.test('undrain says what it brings back, what that waits for, and what never drained', async (t) => {
  const { node, ask, until } = await TestBridge.start(t, serving(first, second));
  await ask('announce', { vips: [first, second] });
  const asAbout = { done: true, steps: [{ outcome: 'already', detail: `${first} is announced: it did not drain` }] };
  t.match(await ask('undrain', { vips: [first] }), asAbout);
  await ask('drain', { vips: [first], deadlineSeconds: 0 });
  await until(first, ({ state, held }) => state === 'withdrawn' && !held);
  node.services.set(first, { healthy: 0, servers: 2 });
  const dry = await ask('undrain', { vips: [first], dryRun: true });
  t.match(dry.steps, [{ name: 'undrain', outcome: 'would' }]);
  const { steps } = await ask('undrain', { vips: [first, second] });
  t.match(steps, [
    { name: 'undrain', outcome: 'done', detail: /^123\.1\.2\.1 is announced when this holds: servers: / },
    { name: 'undrain', outcome: 'already', detail: `${second} is announced: it did not drain` },
  ]);
});

t.test('undrained while its flows end: as good as before, and announced all the time', async (t) => {
  const { node, ask, vip } = await TestBridge.start(t, serving(first));
  await ask('announce', { vips: [first] });
  await ask('drain', { vips: [first], ...drain });
  const before = node.changes.length;
  t.match(await ask('undrain', { vips: [first] }), {
    done: true,
    steps: [{ name: 'ospfd preference', outcome: 'done' }],
  });
  t.same(node.changes.slice(before), [`improve ${first}`]);
  t.match(await vip(first), { state: 'announced', stage: null });
  t.match(await ask('announce', { vips: [first], policy: { floor: 1 } }), { done: true });
});

t.test('one that is not announced is parked, and does not come when it could', async (t) => {
  const { node, ask, vip, until } = await TestBridge.start(t, serving(first, second));
  await ask('announce', { vips: [first, second] });
  node.services.delete(first);
  await until(first, ({ held }) => !held);
  const report = await ask('drain', { vips: [first], ...drain });
  t.match(report, { done: true, steps: [{ name: 'drain', outcome: 'already', detail: /before undrain/ }] });
  node.services.set(first, { healthy: 2 });
  // The other one makes rounds: when it is put right, the round has been over this one, too.
  node.addresses.delete(`dpdk1.kni ${second}`);
  node.lsas.delete(second);
  const announcing = node.changes.length;
  await until(second, () => node.lsas.has(second));
  t.notOk(node.changes.slice(announcing).some((call) => call.includes(first)));
  t.match(await vip(first), { state: 'withdrawn', held: false, reason: { code: 'drained' } });
});

t.test('of what is not proved yet, too, others take over first', async (t) => {
  const entry = (vip: string): JournalEntry => ({
    ...{
      vip,
      ports: [{ device: 'dpdk1', kni: 'dpdk1.kni' }],
      force: false,
      policy: defaultPolicy,
      wanted: true,
      drain: null,
    },
    owned: { routes: ['dpdk1'], policy: true },
  });
  const node = serving(first, second);
  for (const vip of [first, second]) {
    node.addresses.add(`dpdk1.kni ${vip}`);
    node.routes.add(`dpdk1 ${vip}/32`);
    node.permitted.add(vip);
    node.lsas.add(vip);
    node.others.set(vip, []);
  }
  // The neighbour is not seen yet by the next bridge: nothing is called announced.
  node.neighbours = [];
  const { ask, vip } = await TestBridge.start(t, node, [entry(first), entry(second)]);
  t.match(await vip(first), { held: true });
  const refused = await ask('drain', { vips: 'all', ...drain });
  t.match(refused, { done: false, error: { code: 'sole_announcer' } });
  t.same(node.state.lsas, [first, second], 'nobody else would have served it');
  node.others.clear();
  t.match(await ask('drain', { vips: 'all', ...drain }), { done: true });
  t.match(await vip(first), { state: 'draining' });
  t.same(node.state.lsas, [first, second], 'until its flows have ended');
});

t.test('a dry run of many asks the area once', async (t) => {
  const many = Array.from({ length: 40 }, (_, i) => `123.1.3.${i + 1}`);
  const { node, ask } = await TestBridge.start(t, serving(...many));
  await ask('announce', { vips: many });
  const asked = (): number => node.calls.filter((call) => call === 'announcers').length;
  const before = asked();
  const { steps } = await ask('drain', { vips: 'all', ...drain, dryRun: true });
  t.equal(steps.filter(({ name }) => name === 'other announcers').length, 40);
  t.ok(asked() - before <= 2, `${asked() - before} times`);
});

t.test('a drain that comes while announce waits for the neighbour: it stays drained', async (t) => {
  const { node, ask, vip } = await TestBridge.start(t, serving(first, second));
  await ask('announce', { vips: [first] });
  node.neighbours = [];
  const waiting = t.rejects(ask('announce', { vips: [first, second], waitSeconds: 20 }), { code: 'drained' });
  await ask('drain', { vips: [first], ...drain });
  node.neighbours = [fullNeighbour()];
  await waiting;
  t.match(await vip(first), { state: 'draining' });
  t.equal(await vip(second), undefined, 'all or nothing');
});

t.test('a drained VIP can be withdrawn for good, and announced anew then', async (t) => {
  const { node, ask, vip } = await TestBridge.start(t, serving(first));
  await ask('announce', { vips: [first] });
  await ask('drain', { vips: [first], ...drain });
  t.match(await ask('withdraw', { vips: [first] }), { done: true });
  t.same(node.state.worse, [], 'no mark stays');
  t.match(await ask('announce', { vips: [first] }), { done: true });
  t.match(await vip(first), { state: 'announced', stage: null });
});

t.test('a dry run counts the others and the flows', async (t) => {
  const { node, ask } = await TestBridge.start(t, serving(first, second));
  node.others.set(second, []);
  await ask('announce', { vips: [first, second] });
  const { flows, steps } = await ask('drain', { vips: 'all', ...drain, dryRun: true });
  t.same(flows, { live: 10, newPerSecond: 0 });
  t.same(
    steps.map(({ name, outcome, detail }) => `${name} ${outcome}: ${detail}`),
    [
      `other announcers holds: ${first}: 10.0.0.2 metric 20`,
      `other announcers holds: ${second}: none: nobody would serve it`,
      `ospfd preference would: worsen ${first}`,
      `ospfd preference would: worsen ${second}`,
    ],
  );
});

t.test('a drain that was under way goes on under the next bridge', async (t) => {
  const entry = (vip: string, drain: JournalEntry['drain']): JournalEntry => ({
    ...{
      vip,
      ports: [{ device: 'dpdk1', kni: 'dpdk1.kni' }],
      force: false,
      policy: defaultPolicy,
      wanted: true,
      drain,
    },
    owned: { routes: ['dpdk1'], policy: true },
  });
  const node = serving(first, second);
  for (const vip of [first, second]) {
    node.addresses.add(`dpdk1.kni ${vip}`);
    node.routes.add(`dpdk1 ${vip}/32`);
    node.permitted.add(vip);
    node.lsas.add(vip);
  }
  const { until } = await TestBridge.start(t, node, [
    entry(first, { deadline: null, ended: false }),
    entry(second, { deadline: null, ended: true }),
  ]);
  await until(second, ({ held }) => !held);
  t.notOk(node.lsas.has(second), 'what the end of the drain had left behind');
  await until(first, ({ stage }) => stage === 'emptying');
  t.ok(node.worse.has(first));
  t.ok(node.lsas.has(first));
  node.services.set(first, { healthy: 2, flows: 0 });
  await until(first, ({ held }) => !held);
  t.notOk(node.lsas.has(first));
});

t.test('drained again: the new deadline counts, and what has not left the best set has not', async (t) => {
  const node = serving(first);
  const { ask, vip, until } = await TestBridge.start(t, node);
  await ask('announce', { vips: [first] });
  await ask('drain', { vips: [first], ...drain });
  await ask('drain', { vips: [first], deadlineSeconds: 3_600 });
  const { stage, deadlineSeconds } = (await vip(first))!;
  t.equal(stage, 'emptying');
  t.ok(deadlineSeconds !== null && deadlineSeconds > 3_500 && deadlineSeconds <= 3_600, String(deadlineSeconds));

  const next = serving(second);
  next.ospfdObeys = false;
  next.lsas.add(second);
  const written: JournalEntry = {
    ...{
      vip: second,
      ports: [{ device: 'dpdk1', kni: 'dpdk1.kni' }],
      force: false,
      policy: defaultPolicy,
      wanted: true,
    },
    ...{ drain: { deadline: null, ended: false }, owned: { routes: ['dpdk1'], policy: true } },
  };
  const other = await TestBridge.start(t, next, [written]);
  await other.ask('drain', { vips: [second], deadlineSeconds: 3_600 });
  t.match(await other.vip(second), { state: 'draining', stage: 'leaving' }, 'no command has proved it');
  next.ospfdObeys = true;
  await other.until(second, (seen) => seen.stage === 'emptying');
  await until(first, (seen) => seen.stage === 'emptying');
});
