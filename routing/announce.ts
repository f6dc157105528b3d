// Announcing VIPs: routes in the dataplane, permission in the routing daemon, addresses on the kni's, then proof of all three
// (prove-announced.ts). All VIPs of a call or none, and each step for all of them at once, so that a thousand cost little more than one.
//
// The address comes last because it is what the daemon reacts to: a connected route that its route-map lets pass is announced in 0.1 s,
// while a route-map that changes after the address was there is looked at again only 5 s later.
import { hostRoute } from './address.js';
import { applyOnEach, type Change, merged, noChange } from './drivers/driver.js';
import { addAddresses, addRoutes, removeAddresses, removeRoutes } from './elements.js';
import type { Port } from './port.js';
import { StepError, type Steps } from './steps.js';
import { type OwnedTarget, oursOf, ownRoutes, placeOf } from './targets.js';
import { hostAddresses, kniHostRoutes, routesText, some, type Tools, withoutRoute } from './tools.js';

/**
 * Sets them up; `verifyVips` proves them.
 * @param targets of the same ports and one family, at least one
 * @returns the ports where nothing is in the way of it: it is set up on those
 * @throws {StepError} the step that failed. `steps.undo()` takes back what was done
 */
export async function setUpVips(
  tools: Tools,
  steps: Steps,
  targets: readonly OwnedTarget[],
  save: () => void,
): Promise<readonly Port[]> {
  const { kernel, pace } = tools;
  const { driver, vips, ports: all } = placeOf(tools, targets);
  const ports: Port[] = [];
  await steps.run(`${driver.daemon} form`, async () => {
    const obstacles: string[] = [];
    for (const port of all) {
      const obstacle = await driver.obstacle(port.kni);
      if (obstacle === null) ports.push(port);
      else obstacles.push(obstacle);
    }
    if (ports.length === 0) throw new StepError(`${driver.daemon} form`, 'routing_daemon', obstacles[0]);
    return { outcome: 'already', detail: [driver.form, ...obstacles].join('; ') };
  });
  const knis = ports.map(({ kni }) => kni);
  const routed = new Map<string, string[]>();
  await steps.run(
    'dataplane route',
    async () => {
      for (const { device } of ports) {
        const missing = withoutRoute(vips, await kniHostRoutes(tools.dataplane, device));
        if (missing.length === 0) continue;
        routed.set(device, missing);
        ownRoutes(targets, device, missing, true);
        save();
        await addRoutes(tools, device, missing);
      }
      if (routed.size === 0) return { outcome: 'already' };
      return { outcome: 'done', detail: [...routed].map(([device, some]) => routesText(some, device)).join('; ') };
    },
    async () => {
      for (const [device, added] of routed) {
        await removeRoutes(tools, device, added);
        ownRoutes(targets, device, added, false);
      }
      if (routed.size > 0) save();
    },
  );
  await pace.wait(vips);
  /** By interface. */
  const permissions = new Map<string, Change>();
  const newlyOurs: OwnedTarget[] = [];
  await steps.run(
    `${driver.daemon} permission`,
    async () => {
      const { lines } = await applyOnEach(driver, knis, async (kni) => {
        const change = await driver.permission(vips, kni, oursOf(targets));
        permissions.set(kni, change);
        const ours = targets.filter(({ vip, owned }) => change.vips.includes(vip) && !owned.policy);
        newlyOurs.push(...ours);
        ownPolicies(ours, true, save);
        return change;
      });
      return { outcome: lines.length === 0 ? 'already' : 'done', detail: driver.form };
    },
    async () => {
      for (const [kni, { vips: changed, allowedBefore = [] }] of permissions) {
        const fresh = changed.filter((vip) => !allowedBefore.includes(vip));
        await driver.apply(fresh.length === 0 ? noChange : await driver.prohibition(fresh, kni));
        await driver.apply((await driver.departure?.(allowedBefore, kni)) ?? noChange);
      }
      ownPolicies(newlyOurs, false, save);
    },
  );
  const added = new Map<string, string[]>();
  const taken = new Map<string, string[]>();
  await steps.run(
    'kernel address',
    async () => {
      const { vips: permitted, allowedBefore = [] } = merged([...permissions.values()]);
      // The daemon has seen those addresses and was not allowed to announce them then; it has to look again, or they to come anew.
      const news = permitted.filter((vip) => !allowedBefore.includes(vip));
      for (const kni of knis) {
        const there = await hostAddresses(kernel, kni);
        added.set(
          kni,
          vips.filter((vip) => !there.has(vip)),
        );
        taken.set(
          kni,
          news.filter((vip) => there.has(vip)),
        );
      }
      const anew = [...new Set([...taken.values()].flat())];
      const haste = anew.length === 0 ? noChange : ((await driver.hastening?.()) ?? noChange);
      const hastened = haste.lines.length > 0;
      await driver.apply(haste);
      // From all of them before it comes back on one.
      if (!hastened) for (const [kni, again] of taken) await removeAddresses(tools, kni, again);
      const said: string[] = [];
      for (const kni of knis) {
        const [missing, again] = [added.get(kni)!, taken.get(kni)!];
        await addAddresses(tools, kni, [...(hastened ? [] : again), ...missing]);
        pace.changed([...again, ...missing]);
        const what = [
          missing.length > 0 ? some(missing.map(hostRoute)) : '',
          again.length > 0 ? `${some(again)} ${hastened ? 'looked at again' : 'anew'}` : '',
        ].filter(Boolean);
        if (what.length > 0) said.push(`${what.join(', ')} on ${kni}`);
      }
      return said.length === 0 ? { outcome: 'already' } : { outcome: 'done', detail: said.join('; ') };
    },
    async () => {
      for (const kni of knis) {
        await removeAddresses(tools, kni, added.get(kni) ?? []);
        // Those that were to come anew were there before us.
        const left = await hostAddresses(kernel, kni);
        const lost = (taken.get(kni) ?? []).filter((vip) => !left.has(vip));
        await addAddresses(tools, kni, lost);
      }
    },
  );
  return ports;
}

function ownPolicies(targets: readonly OwnedTarget[], value: boolean, save: () => void): void {
  for (const { owned } of targets) owned.policy = value;
  if (targets.length > 0) save();
}
