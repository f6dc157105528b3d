// The watch of draining VIPs, round by round: what ends a drain, and what is not yet its end.
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { eventually } from '../../lab/index.js';
import { BridgeCore } from '../../routing/core.js';
import { drainLeftMs } from '../../routing/drain-deadline.js';
import { DrainWatch, flowsOf } from '../../routing/drain-watch.js';
import { Journal, type JournalEntry } from '../../routing/journal.js';
import { defaultPolicy } from '../../routing/policy.js';
import { VtyshError } from '../../routing/vtysh.js';
import { partsOf } from '../support/routing-bridge.js';
import { ModelNode } from '../support/routing-node.js';

const [first, second] = ['123.1.2.1', '123.1.2.2'];
const entry = (vip: string, deadline: string | null, ended = false): JournalEntry => ({
  ...{
    vip,
    ports: [{ device: 'dpdk1', kni: 'dpdk1.kni' }],
    force: false,
    policy: defaultPolicy,
    wanted: true,
    drain: { deadline, ended },
  },
  owned: { routes: ['dpdk1'], policy: true },
});

function watching(t: Test, entries: readonly JournalEntry[]) {
  const node = new ModelNode();
  for (const { vip } of entries) {
    node.services.set(vip, { healthy: 1, flows: 2 });
    node.addresses.add(`dpdk1.kni ${vip}`);
    node.permitted.add(vip);
    node.lsas.add(vip);
  }
  const journal = new Journal(join(t.testdir({}), 'n.route.json'));
  journal.write(entries);
  const core = new BridgeCore(partsOf(node, journal));
  const { book, dataplane } = core.parts;
  const watch = new DrainWatch(core);
  const round = async (thorough = false): Promise<string[]> => {
    await dataplane.look();
    return (await watch.round(thorough)).map(({ entry: { vip } }) => vip);
  };
  const states = (): string[] =>
    book.all.map(({ state }) =>
      state.kind === 'draining' ? state.stage : isTold(state) ? state.reason.detail : state.kind,
    );
  return { node, round, states, book, watch };
}

const isTold = (state: object): state is { reason: { detail: string } } => 'reason' in state && state.reason !== null;
const ago = (seconds: number): string => new Date(Date.now() - seconds * 1_000).toISOString();

t.test('it leaves the best set first, then its flows end', async (t) => {
  const { node, round, states } = watching(t, [entry(first, null), entry(second, null)]);
  t.same(await round(), []);
  t.same(node.state.worse, [first, second]);
  t.same(states(), ['emptying', 'emptying']);
  node.services.set(first, { healthy: 1, flows: 0, newPerSecond: 1 });
  t.same(await round(), [], 'new flows still come');
  node.services.set(first, { healthy: 1, flows: 1, newPerSecond: 0 });
  t.same(await round(), []);
  node.services.set(first, { healthy: 1, flows: 0 });
  t.same(await round(), [first]);
  t.same(states(), ['no flow was left', 'emptying']);
  t.same(await round(), [], 'once');
  node.services.delete(second);
  t.same(await round(), [second], 'a service that is gone has no flows');
});

t.test('flows that are gone end nothing as long as it has not left', async (t) => {
  const { node, round, states } = watching(t, [entry(first, null)]);
  node.services.set(first, { healthy: 1, flows: 0 });
  node.ospfdObeys = false;
  t.same(await round(), []);
  t.same(states(), ['leaving']);
  t.same(await round(), []);
  t.same(states(), ['leaving']);
  node.ospfdObeys = true;
  t.same(await round(), [first]);
});

t.test('the deadline ends it, in whatever stage', async (t) => {
  const { node, round, states } = watching(t, [entry(first, ago(1)), entry(second, ago(-3600))]);
  node.ospfdObeys = false;
  t.same(await round(), [first]);
  t.same(states(), ['at the deadline, 2 flows were left', 'leaving']);
});

/** As if somebody, or NTP, had set the clock. */
function setClock(t: Test, bySeconds: number): void {
  const { now } = Date;
  Date.now = () => now() + bySeconds * 1_000;
  t.teardown(() => {
    Date.now = now;
  });
}

t.test('a clock that is set moves no deadline', async (t) => {
  for (const step of [86_400, -86_400])
    await t.test(`by ${step} s`, async (t) => {
      const { round, states, book } = watching(t, [entry(first, ago(-3600))]);
      t.same(await round(), []);
      setClock(t, step);
      t.same(await round(), []);
      t.same(states(), ['emptying']);
      const left = drainLeftMs(book.get(first)!)!;
      t.ok(left > 3_500_000 && left < 3_600_000, `${left} ms left of the hour`);
      // What is asked for now counts from now.
      book.get(first)!.entry.drain = { deadline: new Date(Date.now() + 10_000).toISOString(), ended: false };
      t.ok(Math.abs(drainLeftMs(book.get(first)!)! - 10_000) < 1_000);
    });
});

t.test('a dataplane that is silent does not say that no flow is left', async (t) => {
  const { node, round, states, book } = watching(t, [entry(first, null)]);
  await round();
  node.dataplane = null;
  t.same(await round(), []);
  t.same(states(), ['emptying']);
  book.get(first)!.entry.drain = { deadline: ago(1), ended: false };
  t.same(await round(), [first]);
  t.same(states(), ['at the deadline']);
});

t.test('nothing is withdrawn while nobody else serves it, or nobody knows, unless forced', async (t) => {
  const forced = entry(second, ago(1));
  const { node, round, states, watch, book } = watching(t, [
    entry(first, ago(1)),
    { ...forced, drain: { ...forced.drain!, force: true } },
  ]);
  node.defaultOthers = [];
  t.same(await round(), [second]);
  t.equal(states()[0], 'emptying');
  const kept = { at: 'drain', code: 'sole_announcer', detail: '0 other announcers, 1 have to stay' };
  t.same(watch.heldBack(book.get(first)!), kept);
  node.services.set(first, { healthy: 1, flows: 0 });
  t.same(await round(), [], 'nor without flows');
  node.defaultOthers = ['10.0.0.2'];
  node.interfere = (call) => {
    if (call === 'announcers') throw new VtyshError('ospfd', 'silent', 'no answer');
  };
  t.same(await round(), []);
  t.match(watch.heldBack(book.get(first)!), { at: 'drain', code: 'routing_daemon' });
  node.interfere = () => {};
  t.same(await round(), [first]);
  t.equal(watch.heldBack(book.get(first)!), null);
});

t.test('that the takers are gone is said before the deadline, at the next thorough round', async (t) => {
  const { node, round, watch, book } = watching(t, [entry(first, ago(-3600))]);
  await round(true);
  t.equal(watch.heldBack(book.get(first)!), null);
  node.defaultOthers = [];
  await round();
  t.equal(watch.heldBack(book.get(first)!), null);
  await round(true);
  t.match(watch.heldBack(book.get(first)!), { code: 'sole_announcer' });
  node.defaultOthers = ['10.0.0.2'];
  await round(true);
  t.equal(watch.heldBack(book.get(first)!), null);
});

t.test('it is not withdrawn before what others did meanwhile is known here', async (t) => {
  const { node, round } = watching(t, [entry(first, null)]);
  Object.assign(node.driver, { floodMs: 500 });
  node.services.set(first, { healthy: 1, flows: 0 });
  const start = performance.now();
  t.same(await round(), []);
  await eventually(
    'it goes',
    async () => (await round()).length,
    (done) => done === 1,
  );
  t.ok(performance.now() - start >= 500);
});

t.test('a mark that somebody took away is put back in a thorough round', async (t) => {
  const { node, round } = watching(t, [entry(first, null)]);
  await round();
  node.worse.clear();
  await round(false);
  t.same(node.state.worse, []);
  await round(true);
  t.same(node.state.worse, [first]);
});

t.test('flows of several services are one sum', async (t) => {
  const service = { protocol: 'tcp', port: 80, servers: 1, healthy: 1, ports: null };
  t.same(
    flowsOf([
      { ...service, flows: 3, newPerSecond: 1 },
      { ...service, flows: 4, newPerSecond: 0.5 },
    ]),
    { live: 7, newPerSecond: 1.5 },
  );
  t.same(flowsOf(), { live: 0, newPerSecond: 0 });
});
