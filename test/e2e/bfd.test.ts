// BFD between the switch and the nodes, through the dataplane's kni: a node that loses power is missed in about a second, not after
// OSPF's dead interval.
// Runs alone: the switch must miss a node within 1.5 s, and a session of 3 x 300 ms must not go down by itself.
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { eventually, type Lab, outage, plan } from '../../lab/index.js';
import { announcedCluster, nextHopsBecome, skip } from './support.js';

/**
 * From SIGKILL to the switch's kernel: 3 x 300 ms of BFD, then the switch's ospfd. A stub link of the dead node's router-LSA goes
 * with the next SPF; external routes FRR's ospfd computes a second after that, by a timer that is not configurable (8.4.4).
 */
const limits = { network: 1500, redistribute: 2500 } as const;
t.setTimeout(470_000);
type Test = Pick<typeof t, 'comment' | 'test'>;
type Form = keyof typeof limits;

const scene = (lab: Lab, form: Form) => async (t: Test) => {
  const [one] = lab.nodes as [(typeof lab.nodes)[number]];
  const peers = async () =>
    (
      (await lab.switch.frr.json('bfdd', 'show bfd peers')) as {
        peer: string;
        status: string;
        uptime?: number;
        'detect-multiplier'?: number;
        'receive-interval'?: number;
      }[]
    ).sort((a, b) => a.peer.localeCompare(b.peer));
  const sessionDowns = async (): Promise<number[]> =>
    ((await lab.switch.frr.json('bfdd', 'show bfd peers counters')) as { peer: string; 'session-down': number }[]).map(
      (each) => each['session-down'],
    );

  await t.test('both sessions are up at the switch, and stay so', async (t) => {
    const seen = await eventually(
      'both BFD sessions are up',
      peers,
      (all) => all.every(({ status }) => status === 'up'),
      {
        timeoutMs: 15_000,
      },
    );
    t.same(
      seen.map(({ peer }) => peer),
      plan.nodes.map(({ wanAddress }) => wanAddress),
    );
    t.equal(one.running.includes('bfdd'), true);
    const before = await sessionDowns();
    const stream = await lab.client.stream(20, 500);
    await sleep(5000);
    const { failed, requests } = outage(await stream.stop(), 0);
    t.comment(`${failed} of ${requests} requests failed with both nodes up`);
    t.ok(requests > 30);
    t.same(await sessionDowns(), before, 'no session went down under traffic');
  });

  await t.test(`SIGKILL of a node: the switch drops it within ${limits[form]} ms`, async (t) => {
    const stream = await lab.client.stream(20, 500);
    await sleep(500);
    const killedAt = Date.now();
    const killed = one.crash();
    const took = await nextHopsBecome(lab, ['node2'], { timeoutMs: 6000 });
    await killed;
    await sleep(1000);
    const { failed, requests, durationMs } = outage(await stream.stop(), killedAt);
    t.comment(
      `${form}: the next hop is gone after ${Math.round(took)} ms (OSPF alone: ${plan.ospfTimers.deadSeconds} s); ` +
        `${failed} of ${requests} requests failed, the last ${durationMs} ms after`,
    );
    t.ok(took < limits[form], `next hop: ${Math.round(took)} ms`);
  });

  if (form === 'network') return;
  await t.test('it returns, and its session with it', async (t) => {
    await one.restart();
    await nextHopsBecome(lab, ['node1', 'node2'], { timeoutMs: 60_000 });
    const all = await eventually(
      'both BFD sessions are up',
      peers,
      (list) => list.every(({ status }) => status === 'up'),
      {
        timeoutMs: 15_000,
      },
    );
    t.equal(all.length, 2);
  });
};

t.test('BFD', { skip }, async (t) => {
  // Side by side, as that is mostly waiting; what follows is not.
  const build = (form: Form): Promise<Lab> => announcedCluster(t, { bfd: true, form });
  const [external, stub] = await Promise.all([build('redistribute'), build('network')]);
  await t.test('VIPs as type-5 LSAs', scene(external, 'redistribute'));
  await t.test('VIPs as stub links', scene(stub, 'network'));
});
