// A planned restart of ospfd on a whole node: with `dpvs-route graceful-restart` before it nothing fails, without it requests do.
import { spawn } from 'node:child_process';
import t from 'tap';
import { eventually, isFull, type Lab, outage, plan } from '../../lab/index.js';
import { announcedCluster, nextHopsBecome, skip } from './support.js';

const deadMs = plan.ospfTimers.deadSeconds * 1000;
t.setTimeout(180_000);

t.test('graceful restart', { skip }, async (t) => {
  // One node: whatever the switch forgets is missed at once.
  const lab = await announcedCluster(t, { nodeCount: 1 });
  const node = lab.nodes[0]!;
  const backAndFull = () =>
    eventually(
      'ospfd is Full again',
      () => node.frr.neighbours(),
      (seen) => seen.some(isFull),
      { timeoutMs: 30_000 },
    );

  await t.test('prepared, away for longer than the dead interval: no request fails, no route changes', async (t) => {
    const prepared = await node.cliOrThrow('dpvs-route', ['graceful-restart', '--wait', '30']);
    t.match(prepared, /verify grace-LSA/, prepared);
    t.match(prepared, /within 60 s/, prepared);
    const routes = routeEvents(lab);
    const since = Date.now();
    const streams = await Promise.all([lab.client.stream(20, 3000), lab.client.keptConnection(20)]);
    await node.frr.kill('ospfd', 'SIGTERM');
    const gone = performance.now();
    await eventually(
      'the bridge knows',
      () => phaseOf(lab),
      (seen) => seen === 'away',
    );
    const status = await node.cliOrThrow('dpvs-route', ['status']);
    t.match(status, /graceful restart, away, [\dms]+ left/, status);
    const refused = await node.cli('dpvs-route', 'drain', plan.vip, '--force');
    t.match(
      refused.stderr,
      /a graceful restart is under way/,
      `a drain: ${refused.code} ${refused.stderr}${refused.stdout}`,
    );
    await eventually(
      'it is away for long',
      async () => performance.now() - gone,
      (ms) => ms > deadMs * 1.5,
    );
    await node.frr.startDaemon('ospfd');
    await backAndFull();
    await eventually(
      'the bridge is done with it',
      () => phaseOf(lab),
      (seen) => seen === null,
      { timeoutMs: 15_000 },
    );
    // The permission that was given again is in force, in ospfd's own view of it: its LSA is a new one.
    await eventually(
      'the LSA is a new one',
      () => node.frr.show('ospfd', `show ip ospf database external ${plan.vip} self-originate`),
      (lsas) => /LS Seq Number: 8000000[2-9a-f]/.test(lsas),
    );
    const { vips } = await node.routing();
    t.equal(vips[0]?.state, 'announced');
    const awayMs = performance.now() - gone;
    t.ok(vips[0]!.forSeconds * 1000 > awayMs, `announced all the time: ${vips[0]!.forSeconds} s, ${awayMs} ms`);
    for (const [i, stream] of streams.entries()) {
      const samples = await stream.stop();
      t.ok(outage(samples, since).requests > 200, 'enough requests');
      const failures = samples.filter(({ ok }) => !ok).map((sample) => ({ ...sample, at: sample.at - since }));
      const which = i === 0 ? 'new connections' : 'the kept connection';
      t.same(failures, [], `no failure of ${which}: ${JSON.stringify(failures.slice(0, 3))}`);
    }
    const events = await routes.stop();
    t.same(events, [], `no route event at the switch: ${events.join('; ')}`);
  });

  await t.test('not prepared, the same restart is an outage', async (t) => {
    const since = Date.now();
    const stream = await lab.client.stream();
    await node.frr.kill('ospfd', 'SIGTERM');
    await nextHopsBecome(lab, []);
    await node.frr.startDaemon('ospfd');
    await nextHopsBecome(lab, ['node1'], { timeoutMs: 40_000 });
    const { failed, durationMs } = outage(await stream.stop(), since);
    t.ok(failed > 0, `${failed} requests failed, within ${durationMs} ms`);
  });
});

const phaseOf = async (lab: Lab) => (await lab.nodes[0]!.routing()).routing[0]?.gracefulRestart?.phase ?? null;

/** Changes of the switch's route to the VIP, from now on. */
function routeEvents(lab: Lab): { stop(): Promise<string[]> } {
  const argv = [`--net=/run/netns/${lab.switch.namespace}`, '--', 'ip', 'monitor', 'route'];
  const monitor = spawn('nsenter', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  monitor.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const ended = new Promise((resolve) => monitor.once('close', resolve));
  return {
    async stop() {
      monitor.kill();
      await ended;
      return text.split('\n').filter((line) => line.includes(plan.vip));
    },
  };
}
