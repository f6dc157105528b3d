// Several nodes of one area that drain the same VIP, each with a bridge of its own: somebody always stays, and is told why.
import t, { type Test } from 'tap';
import { eventually } from '../../lab/index.js';
import type { BridgeParams, Report } from '../../routing/schema.js';
import { TestBridge } from '../support/routing-bridge.js';
import { ModelNode } from '../support/routing-node.js';

t.jobs = 8;

const vip = '123.1.2.1';
const lagMs = 150;

/** Of router ids 10.0.0.1, 10.0.0.2 and so on, which all announce the VIP. Each hears of the others a moment later. */
async function area(t: Test, count: number, policy = {}) {
  const nodes = Array.from({ length: count }, (_, i) => {
    const node = new ModelNode();
    node.routerId = `10.0.0.${i + 1}`;
    node.services.set(vip, { healthy: 2, flows: 3 });
    // Turns as long as a busy machine may need for what takes none.
    Object.assign(node.driver, { preferenceMs: 15_000, floodMs: 400, spreadMs: 1_500 });
    return node;
  });
  const there = { nodes: new Set(nodes), lagMs };
  for (const node of nodes) node.area = there;
  const bridges = await Promise.all(nodes.map((node) => TestBridge.start(t, node)));
  await Promise.all(bridges.map(({ ask }) => ask('announce', { vips: [vip], policy })));
  const known = async (): Promise<boolean> =>
    (await Promise.all(nodes.map(({ driver }) => driver.announcers()))).every((all) => all?.get(vip)?.length === count);
  await eventually('all know all', known, Boolean);
  const power = (i: number): void => void there.nodes.delete(nodes[i]);
  const back = (i: number): void => void there.nodes.add(nodes[i]);
  return { nodes, bridges, power, back };
}

type Asks = Omit<BridgeParams<'drain'>, 'vips'>;
const together = (bridges: readonly TestBridge[], asks: Asks = { deadlineSeconds: 600 }): Promise<Report[]> =>
  Promise.all(bridges.map(({ ask }) => ask('drain', { vips: 'all', ...asks })));

for (const [count, floor, staying] of [
  [2, 0, 1],
  [3, 0, 1],
  [3, 1, 1],
  [4, 2, 2],
] as const)
  t.test(`${count} nodes drain at the same moment, floor ${floor}`, { buffered: true }, async (t) => {
    const { nodes, bridges } = await area(t, count, { floor });
    const reports = await together(bridges);
    t.same(
      reports.map(({ done }) => done),
      reports.map((_, i) => i >= staying),
      'the lowest router ids stay',
    );
    for (const { error, steps } of reports.slice(0, staying)) {
      t.match(error, { detail: /^verify other announcers: 123\.1\.2\.1.*; 10\.0\.0\.\d.* drains? it, too$/ });
      t.match(steps.at(-1), { name: 'undo ospfd preference', outcome: 'done' });
    }
    t.match(reports[0].error, { code: 'sole_announcer' });
    const { history } = (await bridges[0].ask('show', { vips: [vip] })).vips[0];
    const reason = { at: 'verify other announcers', code: 'sole_announcer' };
    t.match(history.at(-1), { from: 'draining', to: 'announced', reason });
    for (const [i, { until, vip: seen }] of bridges.entries())
      if (i < staying) {
        t.match(await seen(vip), { state: 'announced', stage: null });
        t.same(nodes[i].state.worse, [], 'as good as before');
      } else {
        nodes[i].services.set(vip, { healthy: 2, flows: 0 });
        await until(vip, ({ state, held }) => state === 'withdrawn' && !held);
      }
    t.same(
      nodes.map((node) => node.lsas.has(vip)),
      nodes.map((_, i) => i < staying),
    );
  });

t.test('one that drains for long is no taker, and stays as it is', { buffered: true }, async (t) => {
  const { bridges } = await area(t, 3);
  t.match(await bridges[0].ask('drain', { vips: [vip], deadlineSeconds: null }), { done: true });
  const reports = await together(bridges.slice(1));
  t.same(
    reports.map(({ done }) => done),
    [false, true],
    'though the lowest of all drains',
  );
  t.match(await bridges[0].vip(vip), { state: 'draining' });
});

t.test('with --force nobody asks who is left', { buffered: true }, async (t) => {
  const { bridges } = await area(t, 2);
  const reports = await together(bridges, { deadlineSeconds: 600, force: true });
  t.same(
    reports.map(({ done, steps }) => [done, steps.some(({ name }) => name.includes('other announcers'))]),
    [
      [true, false],
      [true, false],
    ],
  );
});

t.test('a floor refuses a drain that leaves fewer', { buffered: true }, async (t) => {
  const { bridges, nodes } = await area(t, 2, { floor: 2 });
  const refused = await bridges[0].ask('drain', { vips: [vip], deadlineSeconds: null });
  t.match(refused, {
    ...{ done: false },
    error: { code: 'kept', detail: 'other announcers: 123.1.2.1: 1 other announcers, 2 have to stay' },
  });
  t.same(nodes[0].state.worse, []);
});

t.test('whose takers die is not withdrawn at its deadline; it goes when one is back', { buffered: true }, async (t) => {
  const { nodes, bridges, power, back } = await area(t, 3);
  const [{ ask, until, vip: seen }] = bridges;
  t.match(await ask('drain', { vips: [vip], deadlineSeconds: 2 }), { done: true });
  power(1);
  power(2);
  const kept = { at: 'drain', code: 'sole_announcer', detail: '0 other announcers, 1 have to stay' };
  t.same((await until(vip, (each) => each.kept !== null)).kept, kept);
  await until(vip, ({ deadlineSeconds }) => deadlineSeconds === 0);
  nodes[0].services.set(vip, { healthy: 2, flows: 0 });
  const looks = (): number => nodes[0].calls.filter((call) => call === 'announcers').length;
  const before = looks();
  await eventually('it has looked for takers again', async () => looks() >= before + 3, Boolean);
  t.match(await seen(vip), { state: 'draining', kept }, 'neither at the deadline nor without flows');
  t.ok(nodes[0].lsas.has(vip));
  back(2);
  const ended = await until(vip, ({ state, held }) => state === 'withdrawn' && !held);
  t.match(ended, { kept: null, reason: { code: 'drained' } });
});

t.test('drained with --force it goes, whoever is left; also when it is said later', { buffered: true }, async (t) => {
  const { bridges, power } = await area(t, 2);
  t.match(await bridges[0].ask('drain', { vips: [vip], deadlineSeconds: 0 }), { done: true });
  power(1);
  await bridges[0].until(vip, ({ kept }) => kept !== null);
  t.match(await bridges[0].ask('drain', { vips: [vip], deadlineSeconds: 0, force: true }), { done: true });
  await bridges[0].until(vip, ({ state, held }) => state === 'withdrawn' && !held);
});
