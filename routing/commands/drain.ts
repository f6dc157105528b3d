// The commands `drain` and `undrain`: other nodes take over first, or not any more.
import { familyOf } from '../address.js';
import type { BridgeCore } from '../core.js';
import { flowsOf } from '../drain-watch.js';
import { cutByDeadline } from '../flows-left.js';
import { planPreference } from '../plan.js';
import { outcomeReport, stepsReport } from '../report.js';
import type { BridgeParams, Flows, Report, Step } from '../schema.js';
import type { Steps } from '../steps.js';
import type { Vip } from '../vip-book.js';
import { aboutOf, type Commander, findAllVips, planOf, refuseDuringRestart } from './common.js';

export async function drain(commander: Commander, params: BridgeParams<'drain'>): Promise<Report> {
  const { core } = commander;
  const begun = await core.exclusive(() => beginDrain(commander, params));
  if ('report' in begun) return begun.report;
  const { about, idle, leaving, steps } = begun;
  // Outside: what else happens to other VIPs, or to these, does not wait for the area.
  const proved = await core.proveWorse(leaving, steps);
  await core.exclusive(async () => {
    if (proved.error !== null) await steps.undo();
    for (const vip of leaving) {
      if (core.parts.book.get(vip.entry.vip) !== vip) continue;
      if (proved.error === null) core.parts.book.advance(vip, { kind: 'left' });
      else takeBack(core, vip);
    }
    core.parts.book.save();
  });
  commander.nudge();
  return outcomeReport(about, proved, idle);
}

type About = Parameters<typeof outcomeReport>[0];
type Begun =
  | { readonly report: Report }
  | { readonly about: About; readonly idle: Step[]; readonly leaving: Vip[]; readonly steps: Steps };

async function beginDrain(
  commander: Commander,
  { vips, deadlineSeconds, force = false, dryRun = false }: BridgeParams<'drain'>,
): Promise<Begun> {
  const { core } = commander;
  const { book, dataplane } = core.parts;
  commander.refuseWhenStopping();
  refuseDuringRestart(core);
  await dataplane.look();
  const known = findAllVips(core, vips);
  const up = known.filter(({ state }) => state.kind === 'announced');
  const addresses = known.map(({ entry }) => entry.vip);
  const cutFlows = await cutByDeadline(core.tools.dataplane, addresses, deadlineSeconds);
  const about = { ...aboutOf('drain', known, []), dryRun, flows: flowsNow(core, known), cutFlows };
  const idle = known
    .filter(({ state }) => state.kind !== 'announced' && state.kind !== 'draining')
    .map(({ entry, state }) => parkedStep(entry.vip, state.kind));
  if (dryRun) {
    const plan = await planOf(core, up, (tools, entries) => planPreference(tools, entries, 'worsening'));
    return { report: stepsReport(about, [...idle, ...(await standings(core, up)), ...plan]) };
  }
  const { error, steps } = await core.worsen(up, force);
  if (error !== null) return { report: outcomeReport(about, { error, steps }, idle) };
  const deadline = deadlineSeconds === null ? null : new Date(Date.now() + deadlineSeconds * 1000).toISOString();
  const withdraw: Vip[] = [];
  for (const vip of known) {
    vip.entry.drain = { deadline, ended: false };
    // One that was draining before is not proved by this command; the watch sees to it.
    if (book.advance(vip, { kind: 'drain' }) === 'withdraw') withdraw.push(vip);
  }
  book.save();
  if (withdraw.length > 0) await core.withdraw(withdraw, false);
  return { about, idle, leaving: up, steps };
}

/** As it was before the drain, whatever has become of it meanwhile. */
function takeBack({ parts: { book } }: BridgeCore, vip: Vip): void {
  vip.entry.drain = null;
  book.advance(vip, { kind: 'undrain' });
}

export function undrain(commander: Commander, { vips, dryRun = false }: BridgeParams<'undrain'>): Promise<Report> {
  const { core } = commander;
  const { book } = core.parts;
  return core.exclusive(async () => {
    commander.refuseWhenStopping();
    refuseDuringRestart(core);
    const known = findAllVips(core, vips);
    const draining = known.filter(({ state }) => state.kind === 'draining');
    const about = { ...aboutOf('undrain', known, []), dryRun };
    if (dryRun)
      return stepsReport(
        about,
        await planOf(core, draining, (tools, entries) => planPreference(tools, entries, 'improvement')),
      );
    const outcome = await core.improve(draining);
    if (outcome.error !== null) return outcomeReport(about, outcome);
    for (const vip of known) {
      vip.entry.drain = null;
      book.advance(vip, { kind: 'undrain' });
      book.forgive(vip);
    }
    book.save();
    commander.nudge();
    return outcomeReport(about, outcome);
  });
}

function flowsNow(core: BridgeCore, vips: readonly Vip[]): Flows | null {
  const view = core.parts.dataplane.view();
  if (!view.reachable) return null;
  return flowsOf(vips.flatMap(({ entry }) => view.vips.get(entry.vip) ?? []));
}

/** How many others announce each of them, or that nobody does. */
async function standings(core: BridgeCore, vips: readonly Vip[]): Promise<Step[]> {
  const steps: Step[] = [];
  for (const { entry } of vips) {
    const announcers = (await core.announcers(familyOf(entry.vip)))?.get(entry.vip) ?? null;
    const others = announcers?.filter(({ self }) => !self).map(({ router, metric }) => `${router} metric ${metric}`);
    const detail = others === undefined ? 'unknown' : others.join(', ') || 'none: nobody would serve it';
    steps.push({ name: 'other announcers', outcome: 'holds', ms: 0, detail: `${entry.vip}: ${detail}` });
  }
  return steps;
}

const parkedStep = (vip: string, state: string): Step => ({
  name: 'drain',
  outcome: 'already',
  ms: 0,
  detail: `${vip} is ${state}: it is not announced before undrain`,
});
