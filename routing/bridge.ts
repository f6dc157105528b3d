// The routing bridge: keeps the dataplane, the kernel interfaces and the routing daemons agreed about every VIP that is wanted. This file
// has its commands; the watch is in reconciler.ts, and both go through the same conditions and procedures.
import { DpvsError } from '../api/index.js';
import { canonicalAddress, familyOf } from './address.js';
import { assess, type Condition, firstFailure, kniOf, ofThePort } from './conditions.js';
import { BridgeCore, type BridgeParts, byPlace } from './core.js';
import { chooseDevice } from './device.js';
import { flowsOf } from './drain-watch.js';
import type { JournalEntry } from './journal.js';
import { planAnnounce, planPreference, planWithdraw } from './plan.js';
import { changedPolicy, defaultPolicy } from './policy.js';
import { Reconciler } from './reconciler.js';
import { type RenderRequest, renderRequested } from './render-request.js';
import { checkedStep, outcomeReport, refusal, stepsReport, worstOf } from './report.js';
import type { BridgeParams, BridgeResult, Flows, Report, Step } from './schema.js';
import { type BridgeIdentity, detailsOf, statusOf } from './status.js';
import { explain } from './steps.js';
import { some } from './tools.js';
import type { NodeView } from './view.js';
import type { Vip } from './vip-book.js';
import { isUp } from './vip-state.js';

const waitStepMs = 300;

export class Bridge {
  readonly #core: BridgeCore;
  readonly #reconciler: Reconciler;
  readonly #identity: BridgeIdentity;
  #stopping = false;

  constructor(parts: BridgeParts, identity: BridgeIdentity) {
    this.#core = new BridgeCore(parts);
    this.#reconciler = new Reconciler(this.#core);
    this.#identity = identity;
  }

  /** From now on the VIPs of the journal are announced as soon as they can be. */
  async start(): Promise<void> {
    const { kernel, dataplane } = this.#core.parts;
    await kernel.watch(this.#reconciler.onKernelEvent);
    await Promise.all([dataplane.look(), this.#core.lookAtNeighbours()]);
    dataplane.start();
    this.#reconciler.start();
  }

  /** Something of the dataplane changed. */
  nudge(): void {
    this.#reconciler.nudge(false);
  }

  /** Withdraws every VIP and keeps them in the journal. @returns whether all of them are proved to be withdrawn */
  async stop(): Promise<boolean> {
    const { book, dataplane, kernel } = this.#core.parts;
    this.#stopping = true;
    await this.#reconciler.close();
    dataplane.close();
    const { error } = await this.#core.exclusive(() => this.#core.withdraw(book.all, false));
    kernel.close();
    return error === null;
  }

  async announce(params: BridgeParams<'announce'>): Promise<Report> {
    const { book } = this.#core.parts;
    const vips = [...new Set(params.vips.map(canonicalAddress))];
    const parked = vips.filter((vip) => isDrained(book.get(vip)));
    if (parked.length > 0) throw new DpvsError('drained', some(parked), 'vips');
    const wanted = vips.map((vip) => this.#wanted(vip, params));
    const found = await this.#waitUntilPossible(wanted, params);
    if ('refused' in found) return found.refused;
    const { device, kni, conditions } = found;
    const entries = wanted.map((entry) => ({ ...entry, device, kni }));
    const about = { action: 'announce', vips, device, dryRun: params.dryRun === true } as const;
    const checked = conditions.map(checkedStep);
    return this.#core.exclusive(async () => {
      this.#refuseWhenStopping();
      if (about.dryRun) return stepsReport(about, [...checked, ...(await this.#plan(entries, planAnnounce))]);
      // Moving to another port takes it off the first one.
      const moved = vips.flatMap((vip) => book.get(vip) ?? []).filter(({ entry }) => entry.device !== device);
      if (moved.length > 0) {
        await this.#core.withdraw(moved, true);
        book.remove(moved);
      }
      const fresh = entries.filter(({ vip }) => book.get(vip) === undefined);
      const added = book.add(fresh);
      for (const { vip, policy, force } of entries) {
        const known = book.get(vip)!;
        Object.assign(known.entry, { policy, force });
        book.forgive(known);
      }
      const outcome = await this.#core.announce(vips.map((vip) => book.get(vip)!));
      // A first announcement that fails is refused as a whole; one that was wanted before stays wanted.
      if (outcome.error !== null) {
        const up = added.filter(({ state }) => isUp(state));
        if (up.length > 0) await this.#core.withdraw(up, true);
        book.remove(added);
      }
      book.save();
      this.#reconciler.nudge(false);
      return outcomeReport(about, outcome, checked);
    });
  }

  withdraw({ vips, dryRun = false }: BridgeParams<'withdraw'>): Promise<Report> {
    const { book } = this.#core.parts;
    return this.#core.exclusive(async () => {
      this.#refuseWhenStopping();
      const { known, unknown } = this.#find(vips);
      const about = { ...aboutOf('withdraw', known, unknown), dryRun };
      if (dryRun) return stepsReport(about, [...unknown.map(notOurs), ...(await this.#planOf(known, planWithdraw))]);
      if (known.length === 0) return stepsReport(about, unknown.map(notOurs));
      const outcome = await this.#core.withdraw(known, true);
      // What could not be withdrawn stays in the journal, or a restart would forget that it is ours.
      if (outcome.error === null) book.remove(known);
      return outcomeReport(about, outcome, unknown.map(notOurs));
    });
  }

  drain({ vips, deadlineSeconds, force = false, dryRun = false }: BridgeParams<'drain'>): Promise<Report> {
    const { book, dataplane } = this.#core.parts;
    return this.#core.exclusive(async () => {
      this.#refuseWhenStopping();
      await dataplane.look();
      const known = this.#findAll(vips);
      const up = known.filter(({ state }) => state.kind === 'announced');
      const about = { ...aboutOf('drain', known, []), dryRun, flows: this.#flows(known) };
      const idle = known
        .filter(({ state }) => !isUp(state))
        .map(({ entry, state }) => parkedStep(entry.vip, state.kind));
      if (dryRun) {
        const plan = await this.#planOf(up, (tools, entries) => planPreference(tools, entries, 'worsening'));
        return stepsReport(about, [...idle, ...(await this.#standings(up)), ...plan]);
      }
      const outcome = await this.#core.worsen(up, force);
      if (outcome.error !== null) return outcomeReport(about, outcome, idle);
      const deadline = deadlineSeconds === null ? null : new Date(Date.now() + deadlineSeconds * 1000).toISOString();
      const withdraw: Vip[] = [];
      for (const vip of known) {
        vip.entry.drain = { deadline, ended: false };
        if (book.advance(vip, { kind: 'drain' }) === 'withdraw') withdraw.push(vip);
        book.advance(vip, { kind: 'left' });
      }
      book.save();
      if (withdraw.length > 0) await this.#core.withdraw(withdraw, false);
      this.#reconciler.nudge(false);
      return outcomeReport(about, outcome, idle);
    });
  }

  undrain({ vips, dryRun = false }: BridgeParams<'undrain'>): Promise<Report> {
    const { book } = this.#core.parts;
    return this.#core.exclusive(async () => {
      this.#refuseWhenStopping();
      const known = this.#findAll(vips);
      const draining = known.filter(({ state }) => state.kind === 'draining');
      const about = { ...aboutOf('undrain', known, []), dryRun };
      if (dryRun)
        return stepsReport(
          about,
          await this.#planOf(draining, (tools, entries) => planPreference(tools, entries, 'improvement')),
        );
      const outcome = await this.#core.improve(draining);
      if (outcome.error !== null) return outcomeReport(about, outcome);
      for (const vip of known) {
        vip.entry.drain = null;
        book.advance(vip, { kind: 'undrain' });
        book.forgive(vip);
      }
      book.save();
      this.#reconciler.nudge(false);
      return outcomeReport(about, outcome);
    });
  }

  async status(): Promise<BridgeResult<'status'>> {
    await this.#core.lookAtNeighbours();
    return statusOf(this.#core, this.#identity);
  }

  async show({ vips }: BridgeParams<'show'>): Promise<BridgeResult<'show'>> {
    const known = this.#findAll(vips);
    const details = await detailsOf(this.#core, known);
    return { ...(await this.status()), vips: details };
  }

  async render(request: RenderRequest): Promise<BridgeResult<'config.render'>> {
    return renderRequested(request, await this.#core.parts.kernel.addresses());
  }

  /** A journal entry as it will be, but for its port. */
  #wanted(vip: string, { force, policy = {} }: BridgeParams<'announce'>): Omit<JournalEntry, 'device' | 'kni'> {
    const known = this.#core.parts.book.get(vip)?.entry;
    return {
      vip,
      force: force ?? known?.force ?? false,
      policy: changedPolicy(known?.policy ?? defaultPolicy, policy),
      drain: known?.drain ?? null,
      owned: known?.owned ?? { route: false, policy: false },
    };
  }

  /** Waits for what may still come, an adjacency; anything else that is missing refuses at once. */
  async #waitUntilPossible(
    wanted: readonly Omit<JournalEntry, 'device' | 'kni'>[],
    params: BridgeParams<'announce'>,
  ): Promise<Possible> {
    const { dataplane, book } = this.#core.parts;
    const { waitSeconds = 0, dryRun = false } = params;
    const deadline = performance.now() + waitSeconds * 1000;
    const about = { action: 'announce', vips: wanted.map(({ vip }) => vip), dryRun } as const;
    for (;;) {
      this.#refuseWhenStopping();
      await Promise.all([dataplane.look(), this.#core.lookAtNeighbours()]);
      const view = await this.#core.view();
      const late = performance.now() >= deadline;
      const on = (device: string): Condition[][] =>
        wanted.map((entry) => assess(view, { ...entry, device, suppressedMs: 0 }, false));
      const nowhere = on('').map((conditions) => conditions.filter(({ name }) => !ofThePort.includes(name)));
      const basics = worstOf(nowhere);
      const basic = firstFailure(basics, 'serve', 'health');
      if (basic !== null) return { refused: refusal({ ...about, device: params.device ?? null }, basics, basic) };
      const device =
        params.device ?? book.get(wanted[0].vip)?.entry.device ?? (await this.#choose(view, wanted[0].vip, late));
      if (device !== null) {
        const conditions = worstOf(on(device));
        const failure = firstFailure(conditions);
        if (failure === null) return { device, kni: kniOf(view.dataplane, device)!, conditions };
        if (failure.kind !== 'begin' || late) return { refused: refusal({ ...about, device }, conditions, failure) };
      }
      await new Promise((resolve) => setTimeout(resolve, waitStepMs));
    }
  }

  /** null: not clear yet, and there is time. */
  async #choose(view: NodeView, vip: string, late: boolean): Promise<string | null> {
    const speaker = this.#core.parts.speakers[familyOf(vip)];
    const runsOn = async (kni: string): Promise<boolean> =>
      (await speaker?.driver.runsOn(kni).catch(() => false)) ?? false;
    try {
      return await chooseDevice(view.dataplane.links, view.routing[familyOf(vip)]?.neighbours ?? [], runsOn);
    } catch (error) {
      if (late || !(error instanceof DpvsError)) throw error;
      return null;
    }
  }

  #find(vips: 'all' | readonly string[]): { known: Vip[]; unknown: string[] } {
    const { book } = this.#core.parts;
    if (vips === 'all') return { known: book.all, unknown: [] };
    const asked = [...new Set(vips.map(canonicalAddress))];
    return {
      known: asked.flatMap((vip) => book.get(vip) ?? []),
      unknown: asked.filter((vip) => book.get(vip) === undefined),
    };
  }

  /** @throws {DpvsError} not_exist */
  #findAll(vips: 'all' | readonly string[]): Vip[] {
    const { known, unknown } = this.#find(vips);
    if (unknown.length > 0)
      throw new DpvsError('not_exist', `${some(unknown)}: not announced by this bridge (dpvs-route status)`, 'vips');
    return known;
  }

  #flows(vips: readonly Vip[]): Flows | null {
    const view = this.#core.parts.dataplane.view();
    if (!view.reachable) return null;
    return flowsOf(vips.flatMap(({ entry }) => view.vips.get(entry.vip) ?? []));
  }

  /** How many others announce each of them, or that nobody does. */
  async #standings(vips: readonly Vip[]): Promise<Step[]> {
    const steps: Step[] = [];
    for (const { entry } of vips) {
      const announcers = (await this.#core.announcers(familyOf(entry.vip)))?.get(entry.vip) ?? null;
      const others = announcers?.filter(({ self }) => !self).map(({ router, metric }) => `${router} metric ${metric}`);
      const detail = others === undefined ? 'unknown' : others.join(', ') || 'none: nobody would serve it';
      steps.push({ name: 'other announcers', outcome: 'holds', ms: 0, detail: `${entry.vip}: ${detail}` });
    }
    return steps;
  }

  #planOf(vips: readonly Vip[], plan: typeof planAnnounce): Promise<Step[]> {
    return this.#plan(
      vips.map(({ entry }) => entry),
      plan,
    );
  }

  /** @throws {DpvsError} where the daemons cannot be asked */
  async #plan(entries: readonly JournalEntry[], plan: typeof planAnnounce): Promise<Step[]> {
    const groups = byPlace(entries.map((entry) => ({ entry })));
    try {
      return (
        await Promise.all(
          groups.map((group) =>
            plan(
              this.#core.tools,
              group.map(({ entry }) => entry),
            ),
          ),
        )
      ).flat();
    } catch (error) {
      const { code, detail } = explain(error);
      throw new DpvsError(code, detail);
    }
  }

  #refuseWhenStopping(): void {
    if (this.#stopping) throw new DpvsError('busy', 'the bridge is stopping');
  }
}

type Possible =
  | { readonly device: string; readonly kni: string; readonly conditions: readonly Condition[] }
  | { readonly refused: Report };

const isDrained = (vip: Vip | undefined): boolean =>
  vip !== undefined && (vip.state.kind === 'draining' || (vip.state.kind === 'withdrawn' && vip.state.parked));

function aboutOf(action: Report['action'], known: readonly Vip[], unknown: readonly string[]) {
  const devices = new Set(known.map(({ entry }) => entry.device));
  const [device = null] = devices.size === 1 ? devices : [];
  return { action, vips: [...known.map(({ entry }) => entry.vip), ...unknown], device };
}

const notOurs = (vip: string): Step => ({
  name: 'journal',
  outcome: 'already',
  ms: 0,
  detail: `${vip} is not announced by this bridge`,
});

const parkedStep = (vip: string, state: string): Step => ({
  name: 'drain',
  outcome: 'already',
  ms: 0,
  detail: `${vip} is ${state}: it is not announced before undrain`,
});
