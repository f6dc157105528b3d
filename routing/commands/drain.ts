// The commands `drain` and `undrain`: other nodes take over first, or not any more.
import { familyOf } from '../address.js';
import { firstFailure } from '../conditions.js';
import { addressesOf, type BridgeCore, conditionReason, reasonOf } from '../core.js';
import { flowsOf } from '../drain-watch.js';
import { cutByDeadline } from '../flows-left.js';
import type { JournalEntry } from '../journal.js';
import { planPreference } from '../plan.js';
import { outcomeReport, stepsReport } from '../report.js';
import type { BridgeParams, Flows, Report, Step } from '../schema.js';
import type { Steps } from '../steps.js';
import type { Vip } from '../vip-book.js';
import { isParked, mayBeInUse } from '../vip-state.js';
import { aboutOf, type Commander, claimed, findWanted, planOf, refuseDuringRestart } from './common.js';

export async function drain(commander: Commander, params: BridgeParams<'drain'>): Promise<Report> {
  const { core } = commander;
  const begun = await claimed(commander, params.vips, async (asked) => {
    const known = findWanted(core, asked);
    refuseDuringRestart(core);
    // Before the queue: counting the flows that would be cut goes through all that the dataplane has.
    const told = await aboutDrain(core, known, params);
    if (params.dryRun === true) return planDrain(core, known, told);
    return core.exclusive(() => beginDrain(core, known, told, params));
  });
  if ('report' in begun) return begun.report;
  const { leaving } = begun;
  try {
    return await proveDrain(commander, begun, params);
  } finally {
    for (const intent of leaving.values()) core.provedDrains.delete(intent);
  }
}

/** Not claimed any more: what else happens to other VIPs, or to these, does not wait for the area. */
async function proveDrain(
  commander: Commander,
  { about, before, leaving, steps }: Under,
  params: DrainParams,
): Promise<Report> {
  const { core } = commander;
  const { book } = core.parts;
  const proved = await core.proveWorse([...leaving.keys()], steps, params.force ?? false);
  await core.exclusive(async () => {
    if (proved.error !== null) await steps.undo();
    for (const [vip, intent] of leaving) {
      // Another command has spoken since.
      if (book.get(vip.entry.vip) !== vip || vip.entry.drain !== intent) continue;
      if (proved.error === null) {
        // The time for what is left begins when nothing new comes.
        vip.entry.drain = { ...intent, deadline: deadlineIn(params.deadlineSeconds) };
        book.advance(vip, { kind: 'left' });
      } else if (steps.undone) {
        vip.entry.drain = null;
        book.advance(vip, { kind: 'undrain', reason: reasonOf(proved.error) });
      }
      // Else it is worse than it was, and goes on draining: undrain takes it back.
    }
    book.save();
  });
  commander.nudge();
  return outcomeReport(about, proved, before);
}

/** Of a bridge that is killed before it was proved, too. */
const longestProofSeconds = 60;

const deadlineIn = (seconds: number | null, more = 0): string | null =>
  seconds === null ? null : new Date(Date.now() + (seconds + more) * 1000).toISOString();

type About = Parameters<typeof outcomeReport>[0];
interface Under {
  readonly about: About;
  readonly before: Step[];
  readonly leaving: ReadonlyMap<Vip, Intent>;
  readonly steps: Steps;
}
type Begun = { readonly report: Report } | Under;
/** Of one command; another one makes another. */
type Intent = NonNullable<JournalEntry['drain']>;
type DrainParams = BridgeParams<'drain'>;

/** What is only told of the others, which are not announced, or drain already. */
const isIdle = ({ state }: Vip): boolean => !mayBeInUse(state);
const leaves = ({ state }: Vip): boolean => mayBeInUse(state) && state.kind !== 'draining';

async function aboutDrain(core: BridgeCore, known: readonly Vip[], { deadlineSeconds, dryRun = false }: DrainParams) {
  await core.parts.dataplane.look();
  const cutFlows = await cutByDeadline(core.tools.dataplane, addressesOf(known), deadlineSeconds);
  const about = { ...aboutOf('drain', known, []), dryRun, flows: flowsNow(core, known), cutFlows };
  return { about, idle: known.filter(isIdle).map(({ entry, state }) => parkedStep(entry.vip, state.kind)) };
}

type Told = Awaited<ReturnType<typeof aboutDrain>>;

async function planDrain(core: BridgeCore, known: readonly Vip[], { about, idle }: Told): Promise<Begun> {
  const up = known.filter(leaves);
  const plan = await planOf(core, up, (tools, entries) => planPreference(tools, entries, 'worsening'));
  return { report: stepsReport(about, [...idle, ...(await standings(core, up)), ...plan]) };
}

async function beginDrain(
  core: BridgeCore,
  known: readonly Vip[],
  { about, idle }: Told,
  params: DrainParams,
): Promise<Begun> {
  const { book } = core.parts;
  refuseDuringRestart(core);
  const leaving = known.filter(leaves);
  const { error, steps } = await core.worsen(leaving, params.force ?? false);
  if (error !== null && steps.undone) return { report: outcomeReport(about, { error, steps }, idle) };
  const intents = new Map<Vip, Intent>();
  const withdraw: Vip[] = [];
  // What could be neither done nor undone drains, so that undrain can take it back.
  for (const vip of error === null ? known : leaving) {
    const proves = leaving.includes(vip);
    const intent = {
      deadline: deadlineIn(params.deadlineSeconds, proves ? longestProofSeconds : 0),
      ended: false,
      ...(params.force === true ? { force: true } : {}),
    };
    vip.entry.drain = intent;
    // One that was draining before is not proved by this command; the watch sees to it.
    if (proves) intents.set(vip, intent);
    if (book.advance(vip, { kind: 'drain' }) === 'withdraw') withdraw.push(vip);
  }
  book.save();
  if (error !== null) return { report: outcomeReport(about, { error, steps }, idle) };
  // They are on their way out already, and the watch goes on with it.
  const away = withdraw.length === 0 ? [] : (await core.withdraw(withdraw, false)).steps.list;
  for (const intent of intents.values()) core.provedDrains.add(intent);
  return { about, before: [...idle, ...away], leaving: intents, steps };
}

export function undrain(commander: Commander, { vips, dryRun = false }: BridgeParams<'undrain'>): Promise<Report> {
  const { core } = commander;
  const { book } = core.parts;
  return claimed(commander, vips, (asked) =>
    core.exclusive(async () => {
      refuseDuringRestart(core);
      const known = findWanted(core, asked);
      const draining = known.filter(({ state }) => state.kind === 'draining');
      const about = { ...aboutOf('undrain', known, []), dryRun };
      const others = await notDraining(core, known, dryRun);
      if (dryRun) {
        const plan = await planOf(core, draining, (tools, entries) => planPreference(tools, entries, 'improvement'));
        return stepsReport(about, [...others, ...plan]);
      }
      const outcome = await core.improve(draining);
      if (outcome.error !== null) return outcomeReport(about, outcome);
      for (const vip of known) {
        vip.entry.drain = null;
        book.advance(vip, { kind: 'undrain' });
        book.forgive(vip);
      }
      book.save();
      commander.nudge();
      return outcomeReport(about, outcome, others);
    }),
  );
}

/** Of the VIPs that an undrain makes no better at once: those that it brings back, with what they wait for, and those that never drained. */
async function notDraining(core: BridgeCore, known: readonly Vip[], dryRun: boolean): Promise<Step[]> {
  const others = known.filter(({ state }) => state.kind !== 'draining');
  if (others.length === 0) return [];
  await core.parts.dataplane.look();
  const view = await core.view();
  return others.map((vip): Step => {
    const { entry, state } = vip;
    if (!isParked(state))
      return { name: 'undrain', outcome: 'already', ms: 0, detail: `${entry.vip} is ${state.kind}: it did not drain` };
    const missing = conditionReason(firstFailure(core.conditions(view, vip)));
    const when =
      missing === null ? 'is announced next' : `is announced when this holds: ${missing.at}: ${missing.detail}`;
    return { name: 'undrain', outcome: dryRun ? 'would' : 'done', ms: 0, detail: `${entry.vip} ${when}` };
  });
}

function flowsNow(core: BridgeCore, vips: readonly Vip[]): Flows | null {
  const view = core.parts.dataplane.view();
  if (!view.reachable) return null;
  return flowsOf(vips.flatMap(({ entry }) => view.vips.get(entry.vip) ?? []));
}

/** How many others announce each of them, or that nobody does. */
async function standings(core: BridgeCore, vips: readonly Vip[]): Promise<Step[]> {
  const families = [...new Set(vips.map(({ entry }) => familyOf(entry.vip)))];
  const known = new Map(await Promise.all(families.map(async (each) => [each, await core.announcers(each)] as const)));
  return vips.map(({ entry: { vip } }) => {
    const announcers = known.get(familyOf(vip));
    const others = (announcers?.get(vip) ?? []).filter(({ self }) => !self);
    const told = others.map(({ router, metric }) => `${router} metric ${metric}`).join(', ');
    const detail = announcers == null ? 'unknown' : told || 'none: nobody would serve it';
    return { name: 'other announcers', outcome: 'holds', ms: 0, detail: `${vip}: ${detail}` };
  });
}

const parkedStep = (vip: string, state: string): Step => ({
  name: 'drain',
  outcome: 'already',
  ms: 0,
  detail: `${vip} is ${state}: it is not announced before undrain`,
});
