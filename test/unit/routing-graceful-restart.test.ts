// A planned restart of the routing daemon, round by round: what begins it, what ends it, and what does not.
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { BridgeCore } from '../../routing/core.js';
import { Journal } from '../../routing/journal.js';
import { NeighbourWatch } from '../../routing/neighbour-watch.js';
import { partsOf } from '../support/routing-bridge.js';
import { fullNeighbour, ModelNode } from '../support/routing-node.js';

function restarting(t: Test, { until = null as string | null, restartable = true } = {}) {
  const node = new ModelNode();
  const journal = new Journal(join(t.testdir({}), 'n.route.json'));
  journal.restartUntil = until;
  journal.write([]);
  const parts = partsOf(node, journal);
  const restart = {
    gracePeriod: async () => 60,
    quietSeconds: async () => 60,
    prepare: async () => {},
    prepared: async () => true,
  };
  const driver = restartable ? { ...node.driver, restart } : node.driver;
  const watch = new NeighbourWatch(driver, parts.log);
  const core = new BridgeCore({ ...parts, speakers: { inet: { driver, watch }, inet6: null } });
  const { graceful } = core;
  const round = async (): Promise<string> => {
    await core.lookAtNeighbours();
    await graceful.round();
    return graceful.status?.phase ?? 'over';
  };
  return { node, graceful, round, journal };
}

const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toISOString();

function setClock(t: Test, bySeconds: number): void {
  const { now } = Date;
  Date.now = () => now() + bySeconds * 1_000;
  t.teardown(() => {
    Date.now = now;
  });
}

t.test('prepared, away, returning, over', async (t) => {
  const { node, graceful, round, journal } = restarting(t);
  t.equal(await round(), 'over');
  graceful.prepared(60);
  t.not(journal.restartUntil, null);
  t.equal(await round(), 'prepared');
  node.ospfdRuns = false;
  t.equal(await round(), 'away');
  node.ospfdRuns = true;
  node.neighbours = [{ ...fullNeighbour(), state: 'ExStart/DR', full: false }];
  t.equal(await round(), 'returning');
  node.neighbours = [fullNeighbour()];
  t.equal(await round(), 'over');
  t.equal(journal.restartUntil, null);
});

t.test('on a broadcast link routers that are neither DR nor Backup stay 2-Way: it ends all the same', async (t) => {
  const of = (routerId: string, state: string) => ({
    ...fullNeighbour(),
    ...{ routerId, state, full: state.startsWith('Full') },
  });
  const link = [of('10.0.0.1', 'Full/DR'), of('10.0.0.2', 'Full/Backup'), of('10.0.0.3', '2-Way/DROther')];
  const { node, graceful, round } = restarting(t);
  node.neighbours = link;
  await round();
  graceful.prepared(60);
  node.ospfdRuns = false;
  t.equal(await round(), 'away');
  node.ospfdRuns = true;
  node.neighbours = [of('10.0.0.1', 'Full/DR'), of('10.0.0.2', '2-Way/Backup'), of('10.0.0.3', '2-Way/DROther')];
  t.equal(await round(), 'returning', 'the Backup was Full, and is to be so again');
  node.neighbours = [link[0]!, link[1]!, of('10.0.0.3', 'Init/DROther')];
  t.equal(await round(), 'returning', 'not even 2-Way');
  node.neighbours = link;
  t.equal(await round(), 'over');
});

t.test('a bridge that does not know who was Full takes 2-Way for settled', async (t) => {
  const { node, round } = restarting(t, { until: inSeconds(30) });
  node.ospfdRuns = false;
  t.equal(await round(), 'away');
  node.ospfdRuns = true;
  node.neighbours = [
    fullNeighbour(),
    { ...fullNeighbour(), routerId: '10.0.0.3', state: '2-Way/DROther', full: false },
  ];
  t.equal(await round(), 'over');
});

t.test('a clock that is set neither ends the grace period nor prolongs it', async (t) => {
  for (const step of [86_400, -86_400])
    await t.test(`by ${step} s`, async (t) => {
      const { graceful, round } = restarting(t);
      graceful.prepared(600);
      setClock(t, step);
      t.equal(await round(), 'prepared');
      const { secondsLeft } = graceful.status!;
      t.ok(secondsLeft > 500 && secondsLeft <= 600, `${secondsLeft}`);
      graceful.prepared(0);
      t.equal(await round(), 'over');
    });
});

t.test('a bridge without a daemon that can be restarted so ends what another has begun', async (t) => {
  const going = restarting(t, { until: inSeconds(30), restartable: false });
  t.equal(await going.round(), 'prepared');
  const late = restarting(t, { until: inSeconds(-1), restartable: false });
  t.ok(late.graceful.active);
  t.equal(await late.round(), 'over');
  t.notOk(late.graceful.active);
  t.equal(late.journal.restartUntil, null);
});

t.test('a bridge that is started in the grace period takes the rest of it from the journal', async (t) => {
  const { graceful, round } = restarting(t, { until: inSeconds(30) });
  t.equal(await round(), 'prepared');
  const { secondsLeft } = graceful.status!;
  t.ok(secondsLeft > 20 && secondsLeft <= 30, `${secondsLeft}`);
  const late = restarting(t, { until: inSeconds(-1) });
  t.equal(await late.round(), 'over');
  const clockSetBack = restarting(t, { until: inSeconds(86_400) });
  t.ok(clockSetBack.graceful.status!.secondsLeft <= 1_800, 'no period is as long as that');
});
