// What a command would do: the same questions as the procedures ask, and nothing changed.
import { hostRoute } from './address.js';
import { type Change, merged, noChange } from './drivers/driver.js';
import { wouldStep } from './report.js';
import type { Step } from './schema.js';
import { type OwnedTarget, oursOf, placeOf, type Target } from './targets.js';
import { hostAddresses, kniHostRoutes, routesText, some, type Tools, withoutRoute } from './tools.js';

const already = (name: string): Step => ({ name, outcome: 'already', ms: 0, detail: '' });
const wouldIf = (name: string, details: readonly string[]): Step =>
  details.length === 0 ? already(name) : wouldStep(name, details.join('; '));

/** @param targets of the same ports and one family, as of all of these. @throws what the daemons, the kernel and the dataplane throw */
export async function planAnnounce(tools: Tools, targets: readonly OwnedTarget[]): Promise<Step[]> {
  const { driver, vips, ports, knis } = placeOf(tools, targets);
  const changes = await Promise.all(knis.map((kni) => driver.permission(vips, kni, oursOf(targets))));
  const { vips: permitted, allowedBefore = [] } = merged(changes);
  // As in announcing: the daemon has seen those when it was not allowed to announce them.
  const news = permitted.filter((vip) => !allowedBefore.includes(vip));
  const routes: string[] = [];
  const addresses: string[] = [];
  for (const { device, kni } of ports) {
    const unrouted = withoutRoute(vips, await kniHostRoutes(tools.dataplane, device));
    if (unrouted.length > 0) routes.push(routesText(unrouted, device));
    const there = await hostAddresses(tools.kernel, kni);
    const missing = vips.filter((vip) => !there.has(vip)).map(hostRoute);
    const anew = news.filter((vip) => there.has(vip)).map((vip) => `${hostRoute(vip)} anew`);
    if (missing.length + anew.length > 0) addresses.push(`${some([...missing, ...anew])} on ${kni}`);
  }
  return [
    wouldIf('dataplane route', routes),
    ...configured(`${driver.daemon} permission`, changes),
    wouldIf('kernel address', addresses),
  ];
}

/** What is not the bridge's stays. */
export async function planWithdraw(tools: Tools, targets: readonly OwnedTarget[]): Promise<Step[]> {
  const { driver, vips, knis } = placeOf(tools, targets);
  const ours = oursOf(targets);
  const foreign = vips.filter((vip) => !ours.includes(vip));
  const onEach = (of: readonly string[], which: 'prohibition' | 'improvement'): Promise<Change[]> =>
    Promise.all(of.length === 0 ? [] : knis.map((kni) => driver[which](of, kni)));
  const preferences = (await onEach(foreign, 'improvement')).filter(({ lines }) => lines.length > 0);
  return [
    ...configured(`${driver.daemon} permission`, await onEach(ours, 'prohibition')),
    wouldStep('kernel address', knis.map((kni) => `${some(vips.map(hostRoute))} off ${kni}`).join('; ')),
    ...(preferences.length === 0 ? [] : configured(`${driver.daemon} preference`, preferences)),
    routesStep(targets, [...new Set(targets.flatMap(({ owned }) => owned.routes))]),
  ];
}

/** @param targets with the ports that they leave, on others they stay */
export async function planLeave(tools: Tools, targets: readonly OwnedTarget[]): Promise<Step[]> {
  const { driver, vips, ports, knis } = placeOf(tools, targets);
  const changes = await Promise.all(knis.map((kni) => driver.departure?.(vips, kni) ?? noChange));
  return [
    wouldStep('kernel address', `${some(vips.map(hostRoute))} off ${knis.join(', ')}`),
    ...(driver.departure === undefined ? [] : configured(`${driver.daemon} interface`, changes)),
    routesStep(
      targets,
      ports.map(({ device }) => device),
    ),
  ];
}

/** Of ours on these devices. */
function routesStep(targets: readonly OwnedTarget[], devices: readonly string[]): Step {
  const on = (device: string): string[] =>
    targets.filter(({ owned }) => owned.routes.includes(device)).map(({ vip }) => hostRoute(vip));
  const there = devices.filter((device) => on(device).length > 0);
  return wouldIf(
    'dataplane route',
    there.map((device) => `${some(on(device))} dev ${device}`),
  );
}

export async function planPreference(
  tools: Tools,
  targets: readonly Target[],
  which: 'worsening' | 'improvement',
): Promise<Step[]> {
  const { driver, vips, knis } = placeOf(tools, targets);
  return configured(`${driver.daemon} preference`, await Promise.all(knis.map((kni) => driver[which](vips, kni))));
}

/** What is the same on all interfaces is said once: it is not about one of them. */
function configured(name: string, changes: readonly Change[]): Step[] {
  const texts = new Map(changes.map(({ lines }) => [lines.join('\n'), lines]));
  const lines = [...texts.values()].flat();
  return lines.length === 0 ? [already(name)] : lines.map((line) => wouldStep(name, line));
}
