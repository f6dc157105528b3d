// The demo's scenes about failure: a node is killed under a steady stream of requests, and comes back.
import type { DpvsNode } from './dpvs-node.js';
import { eventually, sleep } from './eventually.js';
import type { Lab } from './lab.js';
import { outage } from './outage.js';
import { ospfTimers, vip } from './plan.js';
import { countsText, spread } from './spread.js';
import type { Story } from './story.js';

const streamEveryMs = 20;
const requestTimeoutMs = 800;
/** The dead interval, plus what SPF and the kernel's route take on a busy machine. */
const expectedOutageMs = (ospfTimers.deadSeconds + 2) * 1000;

const pair = (lab: Lab): readonly [DpvsNode, DpvsNode] => lab.nodes as readonly [DpvsNode, DpvsNode];

export async function crashScene(story: Story, lab: Lab): Promise<void> {
  const [victim, survivor] = pair(lab);
  story.chapter(`SIGKILL: ${victim.name} dies whole (dpvs, zebra, ospfd, the bridge)`);
  const stream = await lab.client.stream(streamEveryMs, requestTimeoutMs);
  story.progress(`a new connection every ${streamEveryMs} ms, given up after ${requestTimeoutMs} ms`);
  await sleep(1000);
  const killedAt = Date.now();
  await victim.crash();
  story.claim(`nothing of ${victim.name} is alive`, victim.running.length === 0, victim.running.join(', '));
  await story.comes(`the switch has only ${survivor.name} left as next hop`, () =>
    eventually(
      'one next hop',
      () => lab.switch.nextHops(vip),
      (hops) => hops.join() === survivor.plan.wanAddress,
      { timeoutMs: expectedOutageMs + 10_000 },
    ),
  );
  const noticedAt = Date.now();
  story.progress(`the switch took ${((noticedAt - killedAt) / 1000).toFixed(1)} s to miss it`);
  await sleep(3000);
  const samples = await stream.stop();

  const before = samples.filter(({ at, ms }) => at + ms < killedAt);
  story.claim(`before: all ${before.length} requests answered`, before.length > 0 && before.every(({ ok }) => ok));
  const during = outage(samples, killedAt);
  story.plain(
    [
      `since the kill: ${during.requests} requests, ${during.failed} failed: those whose flows the switch still sent to ${victim.name}`,
      `the last that failed was sent ${(during.durationMs / 1000).toFixed(2)} s after the kill; ` +
        `the longest time without any answer was ${(during.longestSilenceMs / 1000).toFixed(2)} s`,
    ].join('\n'),
  );
  const after = outage(samples, noticedAt + 100);
  story.claim(
    `traffic continues through ${survivor.name}: all ${after.requests} requests after that were answered`,
    after.requests > 0 && after.failed === 0,
    `${after.failed} of ${after.requests} failed`,
  );
  story.claim(
    `${victim.name} was missed for ${(during.durationMs / 1000).toFixed(1)} s, within the dead interval and two seconds`,
    during.durationMs <= expectedOutageMs,
  );
  const seen = await spread(lab, 10, [survivor.name]);
  story.claim(
    `ten more requests: ${countsText(seen.byNode)}`,
    seen.trueClient && seen.byNode.get(survivor.name) === 10,
  );
}

export async function returnScene(story: Story, lab: Lab): Promise<void> {
  const [victim, survivor] = pair(lab);
  story.chapter(`${victim.name} returns`);
  await story.comes(`${victim.name} runs again`, () => victim.restart());
  const services = await victim.services();
  story.claim(
    'its journal brought back the service with its real servers',
    services.some(({ service, servers }) => 'address' in service && service.address === vip && servers.length === 2),
    JSON.stringify(services),
  );
  await story.comes(`the switch has two next hops to ${vip} again`, () =>
    eventually(
      'two next hops',
      () => lab.switch.nextHops(vip),
      (hops) => hops.length === 2,
      { timeoutMs: 30_000 },
    ),
  );
  story.shown('switch', `ip route show ${vip}`, await lab.switch.routeText(vip));
  const seen = await spread(lab, 40, [victim.name, survivor.name]);
  const text = countsText(seen.byNode);
  story.claim(`forty more requests: ${text}`, seen.trueClient && [...seen.byNode.values()].every((n) => n > 0), text);
}
