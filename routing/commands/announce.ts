// The command `announce`: refuses unless everything is there, waits for what may still come, then does all of it or nothing.
import { DpvsError } from '../../api/index.js';
import { canonicalAddress, familyOf } from '../address.js';
import { assess, type Condition, firstFailure, kniOf, ofThePort } from '../conditions.js';
import type { BridgeCore } from '../core.js';
import { chooseDevice } from '../device.js';
import type { JournalEntry } from '../journal.js';
import { planAnnounce, planWithdraw } from '../plan.js';
import { changedPolicy, defaultPolicy } from '../policy.js';
import { checkedStep, outcomeReport, refusal, stepsReport, worstOf } from '../report.js';
import type { BridgeParams, Report, Step } from '../schema.js';
import { some } from '../tools.js';
import type { NodeView } from '../view.js';
import { isParked, isUp } from '../vip-state.js';
import { WishChange } from '../wish-change.js';
import { type Commander, claimed, planEntries, planOf, refuseDuringRestart } from './common.js';

const waitStepMs = 300;

/** A journal entry whose port is not known yet. */
type Unplaced = Omit<JournalEntry, 'device' | 'kni'>;

type Possible =
  | { readonly device: string; readonly kni: string; readonly conditions: readonly Condition[] }
  | { readonly refused: Report };

export async function announce(commander: Commander, params: BridgeParams<'announce'>): Promise<Report> {
  const { core } = commander;
  const vips = [...new Set(params.vips.map(canonicalAddress))];
  refuseDrained(core, vips);
  core.parts.book.refuseTooMany(vips);
  const wanted = () => vips.map((vip) => wantedEntry(core, vip, params));
  const first = await untilPossible(commander, wanted(), params);
  if ('refused' in first) return first.refused;
  const waits = vips.some((vip) => core.claims.has(vip));
  return claimed(commander, vips, async () => {
    // Whom this waited for may have moved them, or it may be too late.
    const found = waits ? await untilPossible(commander, wanted(), { ...params, waitSeconds: 0 }) : first;
    if ('refused' in found) return found.refused;
    const { device, kni, conditions } = found;
    const about = { action: 'announce', vips, device, dryRun: params.dryRun === true } as const;
    const checked = conditions.map(checkedStep);
    refuseDuringRestart(core);
    // A drain may have come while this waited.
    refuseDrained(core, vips);
    const entries = vips.map((vip) => ({ ...wantedEntry(core, vip, params), device, kni }));
    core.parts.book.refuseTooMany(vips);
    if (about.dryRun) return stepsReport(about, [...checked, ...(await planChange(core, entries))]);
    const change = new WishChange(core, entries);
    const away = await core.exclusive(() => change.make());
    if (away !== null) return outcomeReport(about, away, checked);
    const outcome = await core.announce(change.vips, true).catch(async (error: unknown) => {
      await core.exclusive(() => change.takeBack());
      throw error;
    });
    if (outcome.error !== null) await core.exclusive(() => change.takeBack());
    core.parts.book.save();
    commander.nudge();
    return outcomeReport(about, outcome, checked);
  });
}

/** Moving to another port takes it off the first one. */
async function planChange(core: BridgeCore, entries: readonly JournalEntry[]): Promise<Step[]> {
  const moved = entries.flatMap(({ vip, device }) => {
    const known = core.parts.book.get(vip);
    return known === undefined || known.entry.device === device ? [] : [known];
  });
  return [...(await planOf(core, moved, planWithdraw)), ...(await planEntries(core, entries, planAnnounce))];
}

/** A journal entry as it will be, but for its port. */
function wantedEntry(core: BridgeCore, vip: string, { force, policy = {} }: BridgeParams<'announce'>): Unplaced {
  const known = core.parts.book.get(vip)?.entry;
  return {
    vip,
    force: force ?? known?.force ?? false,
    policy: changedPolicy(known?.policy ?? defaultPolicy, policy),
    drain: null,
    wanted: true,
    owned: known?.owned ?? { route: false, policy: false },
  };
}

/** Waits for what may still come, an adjacency; anything else that is missing refuses at once. */
async function untilPossible(
  commander: Commander,
  wanted: readonly Unplaced[],
  params: BridgeParams<'announce'>,
): Promise<Possible> {
  const { core } = commander;
  const { dataplane, book } = core.parts;
  const { waitSeconds = 0, dryRun = false } = params;
  const deadline = performance.now() + waitSeconds * 1000;
  const about = { action: 'announce', vips: wanted.map(({ vip }) => vip), dryRun } as const;
  for (;;) {
    commander.refuseWhenStopping();
    await Promise.all([dataplane.look(), core.lookAtNeighbours()]);
    const view = await core.view();
    const late = performance.now() >= deadline;
    const on = (device: string): Condition[][] =>
      wanted.map((entry) => {
        const known = book.get(entry.vip);
        const up = known !== undefined && isUp(known.state);
        const conditions = assess(view, { ...entry, device, suppressedMs: 0 }, up);
        // Its policy may be changed just because it fails: the watch decides by the new one. Whether somebody hears of it is told after.
        return up ? conditions.filter(({ kind }) => kind !== 'health' && kind !== 'hear') : conditions;
      });
    const nowhere = on('').map((conditions) => conditions.filter(({ name }) => !ofThePort.includes(name)));
    const basics = worstOf(nowhere);
    const basic = firstFailure(basics, 'serve', 'health');
    if (basic !== null) return { refused: refusal({ ...about, device: params.device ?? null }, basics, basic) };
    const device = params.device ?? placeOf(core, wanted) ?? (await choose(core, view, wanted[0].vip, late));
    if (device !== null) {
      const conditions = worstOf(on(device));
      const failure = firstFailure(conditions);
      if (failure === null) return { device, kni: kniOf(view.dataplane, device)!, conditions };
      if (failure.kind !== 'begin' || late) return { refused: refusal({ ...about, device }, conditions, failure) };
    }
    await new Promise((resolve) => setTimeout(resolve, waitStepMs));
  }
}

/** The port that they are on; null: none of them is on one. @throws {DpvsError} they are on several: nothing moves unasked */
function placeOf(core: BridgeCore, wanted: readonly Unplaced[]): string | null {
  const devices = new Set(wanted.flatMap(({ vip }) => core.parts.book.get(vip)?.entry.device ?? []));
  if (devices.size > 1)
    throw new DpvsError(
      'invalid_parameter',
      `they are on ${[...devices].sort().join(', ')}: name those of one port, or say with --dev where all of them are to be`,
      'device',
    );
  const [device = null] = devices;
  return device;
}

/** null: not clear yet, and there is time. */
async function choose(core: BridgeCore, view: NodeView, vip: string, late: boolean): Promise<string | null> {
  const speaker = core.parts.speakers[familyOf(vip)];
  const runsOn = async (kni: string): Promise<boolean> =>
    (await speaker?.driver.runsOn(kni).catch(() => false)) ?? false;
  try {
    return await chooseDevice(view.dataplane.links, view.routing[familyOf(vip)]?.neighbours ?? [], runsOn);
  } catch (error) {
    if (late || !(error instanceof DpvsError)) throw error;
    return null;
  }
}

/** @throws {DpvsError} drained */
function refuseDrained({ parts: { book } }: BridgeCore, vips: readonly string[]): void {
  const drained = vips.filter((vip) => {
    const state = book.get(vip)?.state;
    return state !== undefined && book.get(vip)?.entry.wanted && (state.kind === 'draining' || isParked(state));
  });
  if (drained.length > 0) throw new DpvsError('drained', some(drained), 'vips');
}
