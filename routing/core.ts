// What commands and the watch of the bridge share: the view of the node, and the procedures, one change at a time.
import type { DataplaneApi } from '../api/index.js';
import type { Rtnetlink } from '../kni/index.js';
import { type Log, RepeatedCondition } from '../log/index.js';
import { type AddressFamily, familyOf } from './address.js';
import { setUpVips } from './announce.js';
import { Claims } from './claims.js';
import { assess, type Condition, firstFailure } from './conditions.js';
import type { DataplaneWatch } from './dataplane-watch.js';
import { improveVips, notYetWorse, proveWorse, worsenVips } from './drain.js';
import type { Announcement, Driver } from './drivers/driver.js';
import { GracefulRestart } from './graceful-restart.js';
import type { NeighbourWatch } from './neighbour-watch.js';
import { byPlace, onPorts, usablePorts } from './places.js';
import { type Port, portsBeside, portsText } from './port.js';
import { verifyVips } from './prove-announced.js';
import { explain, StepError, Steps } from './steps.js';
import { proveTakers } from './takers.js';
import type { OwnedTarget } from './targets.js';
import { Pace, type Tools } from './tools.js';
import type { NodeView } from './view.js';
import type { Vip, VipBook } from './vip-book.js';
import { isHeld, type Reason } from './vip-state.js';
import { leavePorts, withdrawVips } from './withdraw.js';
import type { WithdrawalGuard } from './withdrawal-guard.js';
import type { ZebraWatch } from './zebra-watch.js';

/** A routing daemon and the watch of its neighbours. */
export interface Speaker {
  readonly driver: Driver;
  readonly watch: NeighbourWatch;
}

export interface BridgeParts {
  readonly log: Log;
  readonly api: DataplaneApi;
  readonly dataplane: DataplaneWatch;
  readonly kernel: Rtnetlink;
  readonly speakers: Readonly<Record<AddressFamily, Speaker | null>>;
  readonly zebra: Pick<ZebraWatch, 'trouble' | 'answers' | 'start' | 'close'>;
  readonly guard: WithdrawalGuard;
  readonly book: VipBook;
}

export interface Outcome {
  readonly steps: Steps;
  /** null when all of it succeeded. */
  readonly error: StepError | null;
}

export const reasonOf = ({ step, code, detail }: StepError): Reason => ({ at: step, code, detail });

export const conditionReason = (condition: Condition | null): Reason | null =>
  condition === null || condition.failure === null ? null : { at: condition.name, ...condition.failure };

export class BridgeCore {
  readonly tools: Tools;
  readonly graceful: GracefulRestart;
  readonly claims = new Claims();
  /** Those that somebody is changing and that cannot be served any more. */
  readonly hopeless = new Set<string>();
  /** Drains that a command proves: the watch has no part in them. As the journal entry has them; another command makes another. */
  readonly provedDrains = new WeakSet<object>();
  /** Nothing new is begun, and whoever waits for a proof gives up. */
  stopping = false;
  #last: Promise<unknown> = Promise.resolve();
  /** Tried every few seconds. */
  readonly #mendFailed: RepeatedCondition;

  constructor(readonly parts: BridgeParts) {
    const { api, kernel, speakers, zebra } = parts;
    const pace = new Pace();
    for (const { watch } of this.speakers) watch.onFull = () => pace.changedAll();
    const driver = (family: AddressFamily): Driver | null => speakers[family]?.driver ?? null;
    this.tools = {
      dataplane: api,
      kernel,
      driver,
      zebraAnswers: () => zebra.answers(),
      deaf: (daemon) => zebra.trouble(daemon) !== null,
      pace,
      stopping: () => this.stopping,
      hopeless: (vip) => this.hopeless.has(vip),
    };
    this.#mendFailed = new RepeatedCondition(parts.log, 'vip.mend_failed', { everySeconds: 60 });
    this.graceful = new GracefulRestart(this);
  }

  get speakers(): Speaker[] {
    return Object.values(this.parts.speakers).filter((speaker) => speaker !== null);
  }

  async lookAtNeighbours(): Promise<void> {
    await Promise.all(this.speakers.map(({ watch }) => watch.look()));
  }

  /** Runs after every change that was asked for before. It changes no VIP that somebody else has claimed. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#last.then(work);
    this.#last = run.catch(() => {});
    return run;
  }

  /** Kernel links are read now; the dataplane and the daemons as of their last look. */
  async view(): Promise<NodeView> {
    const { kernel, speakers, dataplane, zebra } = this.parts;
    const throughZebra = (family: AddressFamily): string | null => {
      const daemon = speakers[family]?.driver.daemon;
      return daemon === undefined ? null : zebra.trouble(daemon);
    };
    const [links, addresses] = await Promise.all([kernel.links(), kernel.addresses()]);
    return {
      dataplane: dataplane.view(),
      kernel: new Map(links.map((link) => [link.name, link])),
      carried: new Set(addresses.map(({ device, address }) => `${device} ${address}`)),
      routing: { inet: speakers.inet?.watch.view ?? null, inet6: speakers.inet6?.watch.view ?? null },
      zebra: { inet: throughZebra('inet'), inet6: throughZebra('inet6') },
    };
  }

  conditions(view: NodeView, vip: Vip, held = isHeld(vip.state)): Condition[] {
    const suppressedMs = this.parts.book.suppressedMs(vip);
    return assess(view, { ...vip.entry, suppressedMs }, held);
  }

  /** Who announces which VIP in the area; null where the protocol does not tell, or the daemon does not answer. */
  async announcers(family: AddressFamily): Promise<ReadonlyMap<string, readonly Announcement[]> | null> {
    const speaker = this.parts.speakers[family];
    if (speaker === null || speaker.watch.silent) return null;
    try {
      return await speaker.driver.announcers();
    } catch {
      return null;
    }
  }

  /**
   * One attempt to announce VIPs that the caller has claimed; its result is in their states. Not within `exclusive`: what happens to other
   * VIPs does not wait for the proof.
   * @param together all of them or none; else each that is proved, and the others are taken back
   */
  async announce(vips: readonly Vip[], together: boolean): Promise<Outcome> {
    const start = performance.now();
    const wasHeld = vips.map(({ state }) => isHeld(state));
    await this.tools.pace.wait(addressesOf(vips));
    const places: OwnedTarget[][] = [];
    const { steps, error } = await this.exclusive(() => this.#setUp(vips, places));
    if (error !== null) return { steps, error };
    const failures = await this.#proveAnnounced(places, steps);
    return this.exclusive(async () => {
      const [first = null] = failures.values();
      const fresh = vips.filter((_, i) => !wasHeld[i]);
      // Not VIPs that were announced before, whose neighbours may go on using them.
      const undone = first !== null && together && fresh.length > 0;
      if (undone) await steps.undo();
      const lost = fresh.filter(({ entry }) => failures.has(entry.vip));
      if (!undone && lost.length > 0)
        await this.#attempt((own) => withdrawVips(this.tools, own, entriesOf(lost), true, this.parts.book.save));
      const view = await this.#viewOrNull();
      for (const vip of vips) {
        const failure = failures.get(vip.entry.vip) ?? (undone && fresh.includes(vip) ? first : null);
        if (failure === null) this.#announced(vip, view, start);
        else this.parts.book.advance(vip, { kind: 'failed', reason: reasonOf(failure) });
      }
      return { steps, error: first };
    });
  }

  /** All of them or, as far as it can be undone, nothing. @param places those that are set up, with the ports that they are on now */
  #setUp(vips: readonly Vip[], places: OwnedTarget[][]): Promise<Outcome> {
    const { book } = this.parts;
    const wasUp = vips.every(({ state }) => isHeld(state));
    return this.#attempt(async (steps) => {
      const several = vips.some(({ entry }) => entry.ports.length > 1);
      const view = several ? await this.#viewOrNull() : null;
      try {
        for (const group of byPlace(vips)) {
          const targets = onPorts(group, usablePorts(view, group[0]));
          const ports = await setUpVips(this.tools, steps, targets, book.save);
          places.push(onPorts(group, ports));
        }
      } catch (error) {
        if (!wasUp) await steps.undo();
        if (error instanceof StepError)
          for (const vip of vips) book.advance(vip, { kind: 'failed', reason: reasonOf(error), setUp: true });
        throw error;
      }
    });
  }

  async #proveAnnounced(
    places: readonly (readonly OwnedTarget[])[],
    steps: Steps,
  ): Promise<ReadonlyMap<string, StepError>> {
    const failures = new Map<string, StepError>();
    for (const targets of places)
      for (const [vip, error] of await verifyVips(this.tools, steps, targets)) failures.set(vip, error);
    return failures;
  }

  /**
   * Sets VIPs up on more of their ports, that are announced on others: their states do not change, and nobody is told. What fails is tried
   * again when it is seen to be missing the next time.
   * @param vips of the same ports, claimed by the caller
   */
  async mend(vips: readonly Vip[], ports: readonly Port[]): Promise<Outcome> {
    await this.tools.pace.wait(addressesOf(vips));
    const { log, book } = this.parts;
    const outcome = await this.exclusive(() =>
      this.#attempt(async (steps) => {
        await setUpVips(this.tools, steps, onPorts(vips, ports), book.save);
      }),
    );
    const about = { vips: addressesOf(vips), device: portsText(ports) };
    if (outcome.error === null) log.event('vip.mended', about);
    else this.#mendFailed.hit({ ...about, ...reasonOf(outcome.error) });
    return outcome;
  }

  /** Takes VIPs off the ports beside these. Within `exclusive`. @param keep at least one of those that a VIP is on, by VIP */
  leave(vips: readonly Vip[], keep: (vip: Vip) => readonly Port[], steps: Steps): Promise<Outcome> {
    const { book } = this.parts;
    const leaving = new Map(vips.map((vip) => [vip, portsBeside(vip.entry.ports, keep(vip))]));
    return this.#attempt(async () => {
      const going = vips.filter((vip) => leaving.get(vip)!.length > 0);
      for (const group of byPlace(
        going.map((vip) => ({ vip, entry: { vip: vip.entry.vip, ports: leaving.get(vip)! } })),
      )) {
        const members = group.map(({ vip }) => vip);
        await leavePorts(this.tools, steps, onPorts(members, group[0].entry.ports), book.save);
        for (const vip of members) vip.entry.ports = [...keep(vip)];
      }
      for (const vip of vips) vip.entry.ports = [...keep(vip)];
      book.save();
    }, steps);
  }

  /** null: the kernel does not answer now; the next round looks again. */
  async #viewOrNull(): Promise<NodeView | null> {
    try {
      return await this.view();
    } catch (error) {
      explain(error);
      return null;
    }
  }

  #announced(vip: Vip, view: NodeView | null, start: number): void {
    vip.took.announce = elapsed(start);
    // An attempt that was no more than a look, or came before the adjacency: it may be set up with nobody to hear of it.
    const hear = view === null ? null : conditionReason(firstFailure(this.conditions(view, vip, true), 'hear'));
    this.parts.book.advance(vip, { kind: 'announced', hear });
  }

  /** Takes the VIPs back. Within `exclusive`. @param forGood they are not wanted any more */
  async withdraw(vips: readonly Vip[], forGood: boolean): Promise<Outcome> {
    const { book, log } = this.parts;
    // An adjacency that has just come up sets the pace.
    await this.lookAtNeighbours();
    const outcome = await this.#attempt(async (steps) => {
      const start = performance.now();
      await withdrawVips(this.tools, steps, entriesOf(vips), forGood, book.save);
      for (const vip of vips) {
        vip.took.withdraw = elapsed(start);
        book.advance(vip, { kind: 'released' });
      }
    });
    if (forGood) this.#noteDeparted(vips);
    if (outcome.error !== null)
      log.event('vip.withdraw_failed', { vips: vips.map(({ entry }) => entry.vip), ...reasonOf(outcome.error) });
    return outcome;
  }

  /** Makes them worse than other nodes' announcements. Within `exclusive`. */
  worsen(vips: readonly Vip[], force: boolean): Promise<Outcome> {
    return this.#attempt(async (steps) => {
      for (const group of byPlace(vips)) await worsenVips(this.tools, steps, entriesOf(group), force);
    });
  }

  /**
   * Waits until others are preferred, and others are left, which takes seconds: not within `exclusive`.
   * @param steps those of `worsen`. @param force also where nobody is left
   */
  proveWorse(vips: readonly Vip[], steps: Steps, force: boolean): Promise<Outcome> {
    return this.#attempt(async () => {
      for (const group of byPlace(vips)) await proveWorse(this.tools, steps, entriesOf(group));
      if (force) return;
      for (const family of ['inet', 'inet6'] as const) {
        const members = entriesOf(vips).filter(({ vip }) => familyOf(vip) === family);
        if (members.length > 0) await proveTakers(this.tools, steps, members);
      }
    }, steps);
  }

  /** One look. @param vips of one place. @returns what is missing until others are preferred; null: nothing */
  async notYetWorse(vips: readonly Vip[]): Promise<string | null> {
    try {
      return await notYetWorse(this.tools, entriesOf(vips));
    } catch (error) {
      return explain(error).detail;
    }
  }

  /** As good as before. Within `exclusive`. */
  improve(vips: readonly Vip[]): Promise<Outcome> {
    return this.#attempt(async (steps) => {
      for (const group of byPlace(vips)) await improveVips(this.tools, steps, entriesOf(group));
    });
  }

  /** With nobody to hear of it, the area may go on believing in them. */
  #noteDeparted(vips: readonly Vip[]): void {
    const { book } = this.parts;
    const heard = this.speakers.some(({ watch }) => watch.view.neighbours.some(({ full }) => full));
    if (heard && !this.graceful.underWay) return;
    const gone = vips.map(({ entry: { vip, ports } }) => ({ vip, kni: ports[0].kni, curing: false }));
    book.setDeparted([...book.departed.filter(({ vip }) => !gone.some((each) => each.vip === vip)), ...gone]);
  }

  async #attempt(work: (steps: Steps) => Promise<void>, steps = new Steps()): Promise<Outcome> {
    try {
      await work(steps);
      return { steps, error: null };
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      return { steps, error };
    }
  }
}

const entriesOf = (vips: readonly Vip[]) => vips.map(({ entry }) => entry);
export const addressesOf = (vips: readonly Vip[]): string[] => vips.map(({ entry }) => entry.vip);
const elapsed = (start: number): number => Math.round(performance.now() - start);
