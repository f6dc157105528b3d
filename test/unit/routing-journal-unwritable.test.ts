// A bridge whose journal cannot be written: withdrawals go on, new wishes are refused and leave nothing, and what happened meanwhile is
// written as soon as the disk takes it.
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import t from 'tap';
import type { Journal } from '../../routing/journal.js';
import { defaultPolicy } from '../../routing/policy.js';
import { TestBridge } from '../support/routing-bridge.js';
import { fullNeighbour, ModelNode } from '../support/routing-node.js';

t.jobs = 8;

const [first, second] = ['123.1.2.1', '123.1.2.2'];

function serving(...vips: string[]): ModelNode {
  const node = new ModelNode();
  for (const vip of vips) node.services.set(vip, { healthy: 2, servers: 3, flows: 0, newPerSecond: 0 });
  return node;
}

/** What stands in the way of the temporary file: EISDIR, for root as well. */
const obstacle = ({ path }: Journal): string => `${path}.new`;
const fill = (journal: Journal): void => mkdirSync(obstacle(journal));
const clear = (journal: Journal): void => rmdirSync(obstacle(journal));
const wanted = (journal: Journal): string[] => journal.read().map(({ vip }) => vip);

async function untilTrue(what: string, look: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error(`still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

t.test('a node that stops withdraws everything', async (t) => {
  const { bridge, ask, journal, node } = await TestBridge.start(t, serving(first, second));
  await ask('announce', { vips: [first, second] });
  const before = readFileSync(journal.path, 'utf8');
  fill(journal);
  t.equal(await bridge.stop(), true, 'proved');
  t.match(node.state, { addresses: [], permitted: [], lsas: [] });
  t.equal(readFileSync(journal.path, 'utf8'), before, 'the good file stays');
});

t.test('what cannot be served goes, and that is written when there is room', async (t) => {
  const { bridge, ask, journal, node, until } = await TestBridge.start(t, serving(first));
  await ask('announce', { vips: [first] });
  fill(journal);
  node.services.delete(first);
  await until(first, ({ state, held }) => state === 'withdrawn' && !held);
  t.match(node.state, { addresses: [], permitted: [], lsas: [] });
  t.match(await bridge.status(), { journal: { trouble: /EISDIR/ } });
  t.equal(journal.read()[0].owned.policy, true, 'as it was');
  clear(journal);
  await untilTrue('written', async () => (await bridge.status()).journal.trouble === null);
  t.equal(journal.read()[0].owned.policy, false);
});

t.test('the operator can withdraw for good', async (t) => {
  const { ask, bridge, journal, node } = await TestBridge.start(t, serving(first));
  await ask('announce', { vips: [first] });
  fill(journal);
  t.match(await ask('withdraw', { vips: [first] }), { done: true });
  t.match(node.state, { addresses: [], routes: [], permitted: [], lsas: [] });
  clear(journal);
  await untilTrue('written', async () => (await bridge.status()).journal.trouble === null);
  t.same(wanted(journal), []);
});

t.test('a new wish is refused, and neither the node nor the watch knows of it', async (t) => {
  const { ask, bridge, journal, node, vip } = await TestBridge.start(t, serving(first, second));
  node.neighbours = [fullNeighbour('dpdk1'), fullNeighbour('dpdk0')];
  await ask('announce', { vips: [first], device: 'dpdk1' });
  const before = { state: node.state, changes: node.changes.length, file: readFileSync(journal.path, 'utf8') };
  fill(journal);
  const refusal = { code: 'journal', message: /EISDIR/ };
  await t.rejects(ask('announce', { vips: [first, second], device: 'dpdk1' }), refusal);
  await t.rejects(ask('announce', { vips: [first], policy: { quorum: 2 } }), refusal, 'a policy');
  await t.rejects(ask('announce', { vips: [first], device: 'dpdk0' }), refusal, 'a move: it is not taken off either');
  // As long as a round of the watch, and more.
  const rounds = node.calls.length;
  await untilTrue('the watch has looked', async () => node.calls.length > rounds + 20);
  t.equal(await vip(second), undefined);
  t.match(await vip(first), { state: 'announced', device: 'dpdk1', policy: defaultPolicy });
  t.same({ state: node.state, changes: node.changes.length, file: readFileSync(journal.path, 'utf8') }, before);
  t.match(await bridge.status(), { journal: { trouble: /EISDIR/ } });

  clear(journal);
  t.match(await ask('announce', { vips: [second], device: 'dpdk1' }), { done: true });
  t.same(wanted(journal), [first, second]);
  t.match(await bridge.status(), { journal: { trouble: null } });
});
