// What a command would do: the same questions as the procedures ask, and nothing changed.
import { hostRoute } from './address.js';
import { driverOf, type OwnedTarget, type Target } from './announce.js';
import { type Change, noChange } from './drivers/driver.js';
import { wouldStep } from './report.js';
import type { Step } from './schema.js';
import { hostAddresses, kniHostRoutes, some, type Tools, withoutRoute } from './tools.js';

const already = (name: string): Step => ({ name, outcome: 'already', ms: 0, detail: '' });

/** @param targets of one port and one family, as of all of these. @throws what the daemons, the kernel and the dataplane throw */
export async function planAnnounce(tools: Tools, targets: readonly Target[]): Promise<Step[]> {
  const { driver, vips, kni, device } = about(tools, targets);
  const routes = withoutRoute(vips, await kniHostRoutes(tools.dataplane, device));
  const there = await hostAddresses(tools.kernel, kni);
  const change = await driver.permission(vips, kni);
  const missing = vips.filter((vip) => !there.has(vip));
  // As in announcing: the daemon has seen those when it was not allowed to announce them.
  const news = change.vips.filter((vip) => !change.allowedBefore?.includes(vip));
  const anew = news.filter((vip) => there.has(vip)).map((vip) => `${hostRoute(vip)} anew`);
  const addresses = [...missing.map(hostRoute), ...anew];
  return [
    routes.length === 0
      ? already('dataplane route')
      : wouldStep('dataplane route', `${some(routes.map(hostRoute))} dev ${device} scope kni_host`),
    ...configured(`${driver.daemon} permission`, change),
    addresses.length === 0 ? already('kernel address') : wouldStep('kernel address', `${some(addresses)} on ${kni}`),
  ];
}

/** What is not the bridge's stays. */
export async function planWithdraw(tools: Tools, targets: readonly OwnedTarget[]): Promise<Step[]> {
  const { driver, vips, kni, device } = about(tools, targets);
  const [ours, foreign] = [true, false].map((policy) => vipsOf(targets.filter(({ owned }) => owned.policy === policy)));
  const routes = vipsOf(targets.filter(({ owned }) => owned.route)).map(hostRoute);
  const preference = foreign.length === 0 ? noChange : await driver.improvement(foreign, kni);
  return [
    ...configured(`${driver.daemon} permission`, ours.length === 0 ? noChange : await driver.prohibition(ours, kni)),
    wouldStep('kernel address', `${some(vips.map(hostRoute))} off ${kni}`),
    ...(preference.lines.length === 0 ? [] : configured(`${driver.daemon} preference`, preference)),
    routes.length === 0 ? already('dataplane route') : wouldStep('dataplane route', `${some(routes)} dev ${device}`),
  ];
}

const vipsOf = (targets: readonly Target[]): string[] => targets.map(({ vip }) => vip);

export async function planPreference(
  tools: Tools,
  targets: readonly Target[],
  which: 'worsening' | 'improvement',
): Promise<Step[]> {
  const { driver, vips, kni } = about(tools, targets);
  return configured(`${driver.daemon} preference`, await driver[which](vips, kni));
}

function about(tools: Tools, targets: readonly Target[]) {
  const { vip, kni, device } = targets[0];
  return { driver: driverOf(tools, vip), vips: vipsOf(targets), kni, device };
}

const configured = (name: string, { lines }: Change): Step[] =>
  lines.length === 0 ? [already(name)] : lines.map((line) => wouldStep(name, line));
