// The slow path is killed and started again: an established connection must not lose a packet, new ones must come back.
// Runs alone: not one segment may be sent again, and TCP sends again after 200 ms.
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { outage } from '../../lab/index.js';
import { announcedCluster, skip } from './support.js';

t.test('slow path restart', { skip }, async (t) => {
  const lab = await announcedCluster(t);

  await t.test('an established connection loses nothing', async (t) => {
    const generations = await Promise.all(lab.nodes.map(async (node) => (await node.status()).slowPath.generation));
    const before = await lab.client.retransmissions();
    const stream = await lab.client.keptConnection(5);
    await sleep(500);
    const restartedAt = Date.now();
    // Whichever node the connection crosses: both are restarted.
    for (const node of lab.nodes) await node.cliOrThrow('dpip', ['slowpath', 'restart']);
    await sleep(1000);
    const samples = await stream.stop();
    t.equal(new Set(samples.map(({ port }) => port)).size, 1, 'it was one connection all the time');
    t.ok(samples.filter(({ at }) => at > restartedAt).length > 50);
    t.equal(samples.filter(({ ok }) => !ok).length, 0);
    t.equal((await lab.client.retransmissions()) - before, 0, 'no segment had to be sent again');
    for (const [i, node] of lab.nodes.entries()) {
      const { slowPath } = await node.status();
      t.equal(slowPath.generation, generations[i]! + 1, `${node.name} has a new slow path`);
      t.equal(slowPath.state, 'running');
    }
  });

  await t.test('new connections during restarts are served, if late', async (t) => {
    const stream = await lab.client.stream(20, 3000);
    const start = Date.now();
    for (let i = 0; i < 3; i++)
      for (const node of lab.nodes) {
        await node.cliOrThrow('dpip', ['slowpath', 'restart']);
        await sleep(300);
      }
    const samples = await stream.stop();
    const { requests, failed } = outage(samples, start);
    t.ok(requests > 50, `${requests} requests`);
    t.equal(failed, 0, 'upcalls wait in their ring meanwhile');
  });

  await t.test('connections made before are listed and time out as if nothing had happened', async (t) => {
    const [node] = lab.nodes as [(typeof lab.nodes)[number]];
    const [service] = await node.services();
    t.ok(service!.stats.conns > 0, 'the counters survived');
    t.equal((await lab.client.curl()).status, 200);
  });
});
