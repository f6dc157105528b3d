// Watches the VIPs that are draining: first until the area prefers other nodes (after a restart of the bridge; the command has seen to
// it otherwise), then until their flows have ended or the deadline has come. None is withdrawn while nobody is left who serves it.
import { type AddressFamily, familyOf } from './address.js';
import { type BridgeCore, reasonOf } from './core.js';
import { drainLeftMs } from './drain-deadline.js';
import { byPlace } from './places.js';
import { explain } from './steps.js';
import { shortOf, shortReason } from './takers.js';
import type { ServiceHealth } from './view.js';
import type { Vip } from './vip-book.js';
import type { Reason, VipState } from './vip-state.js';

export interface Flows {
  readonly live: number;
  readonly newPerSecond: number;
}

export function flowsOf(services: readonly ServiceHealth[] = []): Flows {
  return {
    live: services.reduce((sum, { flows }) => sum + flows, 0),
    newPerSecond: services.reduce((sum, { newPerSecond }) => sum + newPerSecond, 0),
  };
}

type Look = (vip: Vip) => Reason | null;

/** Longer than any routing daemon takes to follow. */
const patienceMs = 15_000;

export class DrainWatch {
  readonly #core: BridgeCore;
  readonly #told = new WeakSet<VipState>();
  /** When it was first seen to have left the best set. */
  readonly #leftAt = new WeakMap<VipState, number>();
  /** Why it is not to be withdrawn, as of the last look. */
  readonly #reasons = new WeakMap<VipState, Reason>();

  constructor(core: BridgeCore) {
    this.#core = core;
  }

  /** Why a drain does not end although it should, or will not when it should; null: it does. */
  heldBack({ state }: Vip): Reason | null {
    return this.#reasons.get(state) ?? null;
  }

  /** @param thorough also whether they are still announced worse. @returns those that are to be withdrawn now */
  async round(thorough: boolean): Promise<Vip[]> {
    const { claims, parts, provedDrains } = this.#core;
    const { book, dataplane } = parts;
    const draining = book.all.filter(
      ({ state, entry }) =>
        state.kind === 'draining' && !claims.has(entry.vip) && !(entry.drain !== null && provedDrains.has(entry.drain)),
    );
    await this.#leave(draining.filter((vip) => thorough || stageOf(vip) === 'leaving'));
    const view = dataplane.view();
    const ends = new Map<Vip, Reason>();
    for (const vip of draining) {
      const ended = endOf(vip, view.reachable ? flowsOf(view.vips.get(vip.entry.vip)) : null);
      if (ended !== null && this.#hasSettled(vip)) ends.set(vip, ended);
    }
    const reasons = await this.#lookForTakers(draining.filter((vip) => thorough || ends.has(vip)));
    const done: Vip[] = [];
    for (const [vip, reason] of ends)
      if (!reasons.has(vip) && book.advance(vip, { kind: 'emptied', reason }) === 'withdraw') done.push(vip);
    return done;
  }

  /** Other nodes may have left at the same moment: until that is in our database, too, they seem to be takers. */
  #hasSettled({ entry, state }: Vip): boolean {
    if (state.kind !== 'draining' || state.stage !== 'emptying') return true;
    const now = performance.now();
    const leftAt = this.#leftAt.get(state) ?? now;
    this.#leftAt.set(state, leftAt);
    return now - leftAt >= (this.#core.tools.driver(familyOf(entry.vip))?.floodMs ?? 0);
  }

  /** @returns why some of them are to stay: too few others announce them who do not drain them, too, or it cannot be known */
  async #lookForTakers(vips: readonly Vip[]): Promise<ReadonlyMap<Vip, Reason>> {
    const reasons = new Map<Vip, Reason>();
    const looks = new Map<AddressFamily, Look>();
    for (const vip of vips) {
      this.#reasons.delete(vip.state);
      if (vip.entry.drain?.force === true) continue;
      const family = familyOf(vip.entry.vip);
      const look = looks.get(family) ?? (await this.#look(family));
      looks.set(family, look);
      const reason = look(vip);
      if (reason === null) continue;
      reasons.set(vip, reason);
      this.#reasons.set(vip.state, reason);
    }
    return reasons;
  }

  async #look(family: AddressFamily): Promise<Look> {
    const driver = this.#core.tools.driver(family);
    if (driver === null) return () => null;
    try {
      const announcers = await driver.announcers();
      if (announcers === null) return () => null;
      return ({ entry }) => {
        const short = shortOf(entry, announcers, driver);
        return short === null ? null : shortReason('drain', short);
      };
    } catch (error) {
      const reason = { at: 'drain', ...explain(error) };
      return () => reason;
    }
  }

  async #leave(vips: readonly Vip[]): Promise<void> {
    const { book } = this.#core.parts;
    if (this.#core.graceful.underWay) return;
    for (const group of byPlace(vips)) {
      // Whether others announce them was asked when the drain began.
      const { error } = await this.#core.worsen(group, true);
      const missing = error?.detail ?? (await this.#core.notYetWorse(group));
      if (missing === null) for (const vip of group) book.advance(vip, { kind: 'left' });
      else
        this.#complain(
          group,
          error === null ? { at: 'drain', code: 'not_verified', detail: missing } : reasonOf(error),
        );
    }
  }

  /** Once a drain; nothing is wrong as long as the area may still take its time. */
  #complain(group: readonly Vip[], reason: Reason): void {
    const { log } = this.#core.parts;
    const late = group.filter((vip) => stageOf(vip) === 'leaving' && performance.now() - vip.state.since > patienceMs);
    const told = late.filter(({ state }) => !this.#told.has(state));
    for (const { state } of told) this.#told.add(state);
    if (told.length > 0) log.event('vip.drain_failed', { vips: told.map(({ entry }) => entry.vip), ...reason });
  }
}

const stageOf = ({ state }: Vip): string => (state.kind === 'draining' ? state.stage : '');

/** null: not yet. @param flows null: unknown */
function endOf(vip: Vip, flows: Flows | null): Reason | null {
  const { entry, state } = vip;
  if (state.kind !== 'draining' || entry.drain === null) return null;
  const leftMs = drainLeftMs(vip);
  const ended = (detail: string): Reason => ({ at: 'drain', code: 'drained', detail });
  if (leftMs !== null && leftMs <= 0)
    return ended(flows === null ? 'at the deadline' : `at the deadline, ${flows.live} flows were left`);
  if (state.stage === 'emptying' && flows !== null && flows.live === 0 && flows.newPerSecond === 0)
    return ended('no flow was left');
  return null;
}
