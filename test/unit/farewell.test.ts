// How long a node that is told to stop goes on: for a bridge that is there, until it is done, told again, or out of time.
import t from 'tap';
import { BRIDGE_LEASE_MS, Farewell } from '../../dataplane/node/index.js';
import { silentLog } from '../../log/index.js';

function setUp(lingerMs = 60_000) {
  let now = 0;
  const stopping: number[] = [];
  const farewell = new Farewell({
    lingerMs,
    log: silentLog(),
    onStopping: (withinMs) => stopping.push(withinMs),
    now: () => now,
  });
  const pass = (ms: number) => {
    now += ms;
  };
  return { farewell, stopping, pass };
}

t.test('without a bridge it ends at once', async (t) => {
  const { farewell, stopping } = setUp();
  await farewell.begin(new AbortController().signal);
  t.same(stopping, [0]);
  t.ok(farewell.stopping);
});

t.test('a lease that ran out, or was given back, is no bridge', async (t) => {
  for (const leave of ['run out', 'given back']) {
    const { farewell, stopping, pass } = setUp();
    t.same(farewell.attach(), { leaseMs: BRIDGE_LEASE_MS });
    if (leave === 'run out') pass(BRIDGE_LEASE_MS);
    else farewell.release();
    await farewell.begin(new AbortController().signal);
    t.same(stopping, [0], leave);
  }
});

t.test('with a bridge it waits for its word', async (t) => {
  const { farewell, stopping, pass } = setUp();
  farewell.attach();
  pass(BRIDGE_LEASE_MS - 1);
  let ended = false;
  const end = farewell.begin(new AbortController().signal).then(() => {
    ended = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.same([stopping, ended], [[60_000], false]);
  farewell.release();
  await end;
});

t.test('told a second time it ends', async (t) => {
  const { farewell } = setUp();
  farewell.attach();
  const hurry = new AbortController();
  const end = farewell.begin(hurry.signal);
  hurry.abort();
  await end;
  t.pass('at once');
});

t.test('it never waits longer than configured', async (t) => {
  const { farewell, stopping } = setUp(20);
  farewell.attach();
  await farewell.begin(new AbortController().signal);
  t.same(stopping, [20]);
  const { farewell: hasty, stopping: told } = setUp(0);
  hasty.attach();
  await hasty.begin(new AbortController().signal);
  t.same(told, [0], 'stop_linger 0');
});
