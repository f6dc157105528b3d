// The command `announce`: refuses unless everything is there, waits for what may still come, then does all of it or nothing.
import { DpvsError } from '../../api/index.js';
import { canonicalAddress, familyOf } from '../address.js';
import { assess, type Condition, firstFailure, ofThePorts } from '../conditions.js';
import type { BridgeCore } from '../core.js';
import { chooseDevice } from '../device.js';
import type { JournalEntry } from '../journal.js';
import { usablePorts } from '../places.js';
import { planAnnounce, planLeave, planWithdraw } from '../plan.js';
import { changedPolicy, defaultPolicy, type Policy } from '../policy.js';
import { type Port, portsBeside, portsText } from '../port.js';
import { kniOf } from '../port-conditions.js';
import { checkedStep, outcomeReport, refusal, stepsReport, worstOf } from '../report.js';
import type { BridgeParams, Report, Step } from '../schema.js';
import { some } from '../tools.js';
import type { NodeView } from '../view.js';
import { isParked, isUp } from '../vip-state.js';
import { WishChange } from '../wish-change.js';
import { type Commander, claimed, planEntries, planOf, refuseDuringRestart } from './common.js';

const waitStepMs = 300;

/** A journal entry whose ports are not known yet. */
type Unplaced = Omit<JournalEntry, 'ports'>;

type Possible =
  | { readonly ports: readonly Port[]; readonly conditions: readonly Condition[] }
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
    const { ports, conditions } = found;
    const about = { action: 'announce', vips, device: portsText(ports), dryRun: params.dryRun === true } as const;
    const checked = conditions.map(checkedStep);
    refuseDuringRestart(core);
    // A drain may have come while this waited.
    refuseDrained(core, vips);
    const entries = vips.map((vip) => ({ ...wantedEntry(core, vip, params), ports: [...ports] }));
    core.parts.book.refuseTooMany(vips);
    if (about.dryRun) return stepsReport(about, [...checked, ...(await planChange(core, entries))]);
    const change = new WishChange(core, entries);
    const away = await core.exclusive(() => change.make());
    if (away !== null) return outcomeReport(about, away, checked);
    const outcome = await core.announce(change.vips, true).catch(async (error: unknown) => {
      await core.exclusive(() => change.takeBack());
      throw error;
    });
    const end =
      outcome.error === null
        ? await core.exclusive(() => change.leaveOthers(outcome.steps))
        : await core.exclusive(() => change.takeBack().then(() => outcome));
    core.parts.book.save();
    commander.nudge();
    return outcomeReport(about, end, checked);
  });
}

/** Moving to other ports takes it off those it is on: first where it has none of them in common, else at the end. */
async function planChange(core: BridgeCore, entries: readonly JournalEntry[]): Promise<Step[]> {
  const view = await core.view();
  const moved = entries.flatMap(({ vip, ports }) => {
    const known = core.parts.book.get(vip);
    return known === undefined || portsBeside(known.entry.ports, ports).length === 0 ? [] : [{ known, ports }];
  });
  const [away, partly] = [true, false].map((all) =>
    moved.filter(
      ({ known, ports }) => (portsBeside(known.entry.ports, ports).length === known.entry.ports.length) === all,
    ),
  );
  const left = partly.map(({ known: { entry }, ports }) => ({ ...entry, ports: portsBeside(entry.ports, ports) }));
  const placed = entries.map((entry) => ({ ...entry, ports: [...usablePorts(view, { entry })] }));
  return [
    ...(await planOf(
      core,
      away.map(({ known }) => known),
      planWithdraw,
    )),
    ...(await planEntries(core, placed, planAnnounce)),
    ...(await planEntries(core, left, planLeave)),
  ];
}

/** A journal entry as it will be, but for its ports. */
function wantedEntry(core: BridgeCore, vip: string, { force, policy = {} }: BridgeParams<'announce'>): Unplaced {
  const known = core.parts.book.get(vip)?.entry;
  return {
    vip,
    force: force ?? known?.force ?? false,
    policy: changedPolicy(known?.policy ?? defaultPolicy, policy),
    drain: null,
    wanted: true,
    owned: known?.owned ?? { routes: [], policy: false },
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
    const on = (ports: readonly Port[]): Condition[][] =>
      wanted.map((entry) => {
        const known = book.get(entry.vip);
        const up = known !== undefined && isUp(known.state);
        const by = (policy: Policy): Condition[] => assess(view, { ...entry, policy, ports, suppressedMs: 0 }, up);
        const conditions = by(entry.policy);
        if (!up) return conditions;
        // Its policy may be changed just because it fails, but not so that it fails: the watch would take it back at once.
        const excused = by(known.entry.policy).filter(({ kind, failure }) => kind === 'health' && failure !== null);
        // Whether somebody hears of it is told after.
        return conditions.filter(({ name, kind }) => kind !== 'hear' && !excused.some((each) => each.name === name));
      });
    const devices = params.device?.split(',') ?? [];
    const named = devices.length > 0 ? portsOf(view, devices) : placeOf(core, wanted);
    const anywhere = on(named ?? portsOf(view, [''])).map((each) =>
      each.filter(({ name }) => !ofThePorts.includes(name)),
    );
    const basics = worstOf(anywhere);
    const basic = firstFailure(basics, 'serve', 'health');
    if (basic !== null) return { refused: refusal({ ...about, device: params.device ?? null }, basics, basic) };
    const ports = named ?? (await choose(core, view, wanted[0].vip, late));
    if (ports !== null) {
      // One that is named by mistake is refused, whatever the others can do.
      const unknown = devices.find((device) => kniOf(view.dataplane, device) === null);
      const conditions = worstOf(on(unknown === undefined ? ports : portsOf(view, [unknown])));
      const failure = firstFailure(conditions);
      if (failure === null) return { ports, conditions };
      if (failure.kind !== 'begin' || late)
        return { refused: refusal({ ...about, device: portsText(ports) }, conditions, failure) };
    }
    await new Promise((resolve) => setTimeout(resolve, waitStepMs));
  }
}

/** Each once. A device without a kni, or that is not there, gets a name that no interface has. */
const portsOf = (view: NodeView, devices: readonly string[]): Port[] =>
  [...new Set(devices)].map((device) => ({ device, kni: kniOf(view.dataplane, device) ?? '' }));

/** The ports that they are on; null: none of them is on any. @throws {DpvsError} not all on the same: nothing moves unasked */
function placeOf(core: BridgeCore, wanted: readonly Unplaced[]): readonly Port[] | null {
  const places = wanted.flatMap(({ vip }) => {
    const ports = core.parts.book.get(vip)?.entry.ports;
    return ports === undefined ? [] : [ports];
  });
  const names = new Set(places.map(portsText));
  if (names.size > 1)
    throw new DpvsError(
      'invalid_parameter',
      `they are on ${[...names].sort().join(', ')}: name those of one port, or say with --dev where all of them are to be`,
      'device',
    );
  const [ports = null] = places;
  return ports;
}

/** null: not clear yet, and there is time. */
async function choose(core: BridgeCore, view: NodeView, vip: string, late: boolean): Promise<readonly Port[] | null> {
  const speaker = core.parts.speakers[familyOf(vip)];
  const runsOn = async (kni: string): Promise<boolean> =>
    (await speaker?.driver.runsOn(kni).catch(() => false)) ?? false;
  try {
    const neighbours = view.routing[familyOf(vip)]?.neighbours ?? [];
    return portsOf(view, [await chooseDevice(view.dataplane.links, neighbours, runsOn)]);
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
