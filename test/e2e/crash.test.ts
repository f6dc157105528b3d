// SIGKILL: of ospfd alone, of a whole node under a steady stream of requests, and its return.
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { openAround, outage, plan, spread } from '../../lab/index.js';
import { allFull, announcedCluster, nextHopsBecome, skip } from './support.js';

const { deadSeconds } = plan.ospfTimers;

t.test('ospfd and a node are killed', { skip }, async (t) => {
  const lab = await announcedCluster(t);
  const [one] = lab.nodes as [(typeof lab.nodes)[number]];

  await t.test('SIGKILL of ospfd: missed after the dead interval, its flows are served meanwhile', async (t) => {
    const stream = await lab.client.stream(20, 1000);
    const start = Date.now();
    await one.frr.kill('ospfd', 'SIGKILL');
    await nextHopsBecome(lab, ['node2'], { timeoutMs: (deadSeconds + 3) * 1000 });
    const missedAt = Date.now();
    t.ok(missedAt - start < (deadSeconds + 2) * 1000, `missed after ${missedAt - start} ms`);
    await sleep(500);
    const samples = await stream.stop();
    const since = samples.filter(({ at }) => at >= start);
    // The dataplane is alive: what the switch still sends to node1 is served. Only a connection that is open in the very
    // moment when the switch moves its flow to node2 is lost (FullNAT state is local to a node).
    t.same(
      since.filter((sample) => !sample.ok && !openAround(sample, missedAt)),
      [],
    );
    t.ok(since.length > 50);
  });

  await t.test('ospfd starts again and the VIP is announced again', async (t) => {
    await one.frr.startDaemon('ospfd');
    await allFull(lab);
    await nextHopsBecome(lab, ['node1', 'node2'], { timeoutMs: 20_000 });
    t.equal((await lab.client.curl()).status, 200);
  });

  await t.test('SIGKILL of the whole node: node2 takes over within the dead interval', async (t) => {
    const stream = await lab.client.stream(20, 800);
    await sleep(500);
    const killedAt = Date.now();
    await one.crash();
    t.same(one.running, []);
    await nextHopsBecome(lab, ['node2'], { timeoutMs: (deadSeconds + 3) * 1000 });
    const noticedAt = Date.now();
    await sleep(2000);
    const samples = await stream.stop();
    t.equal(samples.filter(({ at, ms, ok }) => !ok && at + ms < killedAt).length, 0, 'nothing failed before');
    const whole = outage(samples, killedAt);
    t.comment(`${whole.failed} of ${whole.requests} requests failed, the last ${whole.durationMs} ms after the kill`);
    t.ok(whole.failed > 0, 'the dead node was really missed');
    t.ok(whole.durationMs < (deadSeconds + 2) * 1000, `${whole.durationMs} ms`);
    const after = outage(samples, noticedAt + 100);
    t.ok(after.requests > 50);
    t.equal(after.failed, 0, 'node2 serves everything');
  });

  await t.test('the node returns with what its journal holds, and serves', async (t) => {
    await one.restart();
    await nextHopsBecome(lab, ['node1', 'node2'], { timeoutMs: 30_000 });
    const { byNode, trueClient } = await spread(lab, 40, ['node1', 'node2']);
    t.ok(trueClient);
    t.ok((byNode.get('node1') ?? 0) > 0);
    t.ok((byNode.get('node2') ?? 0) > 0);
  });
});
