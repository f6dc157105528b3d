// The health gate between the watch and the guard: what it tells the guard of a VIP, and how often it reads the area's database.
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { BridgeCore } from '../../routing/core.js';
import { HealthGate } from '../../routing/health-gate.js';
import { Journal, type JournalEntry } from '../../routing/journal.js';
import { defaultPolicy } from '../../routing/policy.js';
import type { Vip } from '../../routing/vip-book.js';
import { partsOf } from '../support/routing-bridge.js';
import { ModelNode } from '../support/routing-node.js';

const [first, second, third] = ['123.1.2.1', '123.1.2.2', '123.1.2.3'];

/** Two seconds to go in, the model's 60 ms to be heard of, half a second by which clocks may differ. */
const turnMs = 2_560;

function gated(t: Test, floors: readonly number[], perMinute = 0) {
  const node = new ModelNode();
  // First in the order of router ids: its turn is the first, and the clock stands in it.
  node.defaultOthers = ['10.0.0.2'];
  const journal = new Journal(join(t.testdir({}), 'n.route.json'));
  journal.write(
    floors.map(
      (floor, i): JournalEntry => ({
        ...{
          vip: [first, second, third][i],
          ports: [{ device: 'dpdk1', kni: 'dpdk1.kni' }],
          force: false,
          wanted: true,
          drain: null,
        },
        ...{ policy: { ...defaultPolicy, floor }, owned: { routes: ['dpdk1'], policy: true } },
      }),
    ),
  );
  const core = new BridgeCore(partsOf(node, journal, perMinute));
  for (const { entry } of core.parts.book.all) node.lsas.add(entry.vip);
  const clock = { now: 0 };
  const gate = new HealthGate(core, () => clock.now);
  const ask = async (vip: Vip): Promise<string> => (await gate.heldBack(vip))?.at ?? 'goes';
  const round = async (): Promise<string[]> => {
    gate.open();
    const answers: string[] = [];
    for (const vip of core.parts.book.all) answers.push(await ask(vip));
    return answers;
  };
  const reads = (): number => node.calls.filter((call) => call === 'announcers').length;
  return { node, round, reads, clock };
}

t.test('the database is read once a round, and only where a floor asks for it', async (t) => {
  const { round, reads, node } = gated(t, [1, 1, 2]);
  t.same(await round(), ['goes', 'goes', 'floor']);
  t.equal(reads(), 1);
  node.others.set(first, []);
  node.others.set(third, ['10.0.0.2', '10.0.0.3']);
  t.same(await round(), ['floor', 'goes', 'goes'], 'a new round sees what has changed');
  t.equal(reads(), 2);
  const without = gated(t, [0, 0]);
  t.same(await without.round(), ['goes', 'goes']);
  t.equal(without.reads(), 0);
});

t.test('it goes in its turn, by a look at the database in that turn', async (t) => {
  const { round, node, clock } = gated(t, [1]);
  node.defaultOthers = ['10.0.0.0'];
  t.same(await round(), ['floor'], 'the turn of the lower router id');
  clock.now = turnMs;
  t.same(await round(), ['goes']);
  const slow = gated(t, [1]);
  slow.clock.now = 2 * turnMs - 100;
  slow.node.interfere = (call) => {
    if (call === 'announcers') slow.clock.now = 2 * turnMs;
  };
  t.same(await slow.round(), ['floor'], 'read before the turn began');
  t.same(await slow.round(), ['goes']);
});

t.test('a database that cannot be read is not an empty one, and is not asked again in the round', async (t) => {
  const { round, reads, node } = gated(t, [1, 1, 0]);
  node.ospfdRuns = false;
  t.same(await round(), ['floor', 'floor', 'goes']);
  t.equal(reads(), 1);
});

t.test('the limit counts over all VIPs, with and without a floor', async (t) => {
  const { round } = gated(t, [1, 0, 0], 2);
  t.same(await round(), ['goes', 'goes', 'withdraw limit']);
});
