// Waiting until the lab is in its normal state: every node announces, the switch has them all, and nothing is being repeated.
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, type Lab, plan } from '../../lab/index.js';

const patience = { timeoutMs: 60_000, everyMs: 10 };
/** Longer than MinLSArrival and than the delayed second look of ospfd at its route-maps, so that no measurement waits for the one before. */
const restMs = 7_000;

export async function settled(lab: Lab): Promise<void> {
  for (const { name } of lab.nodes) await lab.heal(name);
  for (const node of lab.nodes) {
    const { vips } = await node.routing();
    if (!vips.some(({ vip }) => vip === plan.vip)) await node.announce();
  }
  await hopsBecome(
    lab,
    plan.vip,
    lab.nodes.map(({ name }) => name),
  );
  await sleep(restMs);
}

/** @returns milliseconds until the switch's kernel sends the VIP to exactly these nodes */
export async function hopsBecome(lab: Lab, vip: string, names: readonly string[]): Promise<number> {
  const start = performance.now();
  const wanted = names.map((name) => lab.node(name).plan.wanAddress).sort();
  await eventually(
    `${vip} by ${names.join(', ') || 'nobody'}`,
    () => lab.switch.nextHops(vip),
    (hops) => hops.join() === wanted.join(),
    patience,
  );
  return performance.now() - start;
}
