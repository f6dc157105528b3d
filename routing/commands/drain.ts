// The commands `drain` and `undrain`: other nodes take over first, or not any more.
import { familyOf } from '../address.js';
import type { BridgeCore } from '../core.js';
import { flowsOf } from '../drain-watch.js';
import { cutByDeadline } from '../flows-left.js';
import { planPreference } from '../plan.js';
import { outcomeReport, stepsReport } from '../report.js';
import type { BridgeParams, Flows, Report, Step } from '../schema.js';
import type { Vip } from '../vip-book.js';
import { aboutOf, type Commander, findAllVips, planOf, refuseDuringRestart } from './common.js';

export function drain(
  commander: Commander,
  { vips, deadlineSeconds, force = false, dryRun = false }: BridgeParams<'drain'>,
): Promise<Report> {
  const { core } = commander;
  const { book, dataplane } = core.parts;
  return core.exclusive(async () => {
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
      return stepsReport(about, [...idle, ...(await standings(core, up)), ...plan]);
    }
    const outcome = await core.worsen(up, force);
    if (outcome.error !== null) return outcomeReport(about, outcome, idle);
    const deadline = deadlineSeconds === null ? null : new Date(Date.now() + deadlineSeconds * 1000).toISOString();
    const withdraw: Vip[] = [];
    for (const vip of known) {
      vip.entry.drain = { deadline, ended: false };
      if (book.advance(vip, { kind: 'drain' }) === 'withdraw') withdraw.push(vip);
      // One that was draining before is not proved by this command; the watch sees to it.
      if (up.includes(vip)) book.advance(vip, { kind: 'left' });
    }
    book.save();
    if (withdraw.length > 0) await core.withdraw(withdraw, false);
    commander.nudge();
    return outcomeReport(about, outcome, idle);
  });
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
