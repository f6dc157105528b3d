// Watches the VIPs that are draining: first until the area prefers other nodes (after a restart of the bridge; the command has seen to
// it otherwise), then until their flows have ended or the deadline has come.
import { type BridgeCore, reasonOf } from './core.js';
import { drainLeftMs } from './drain-deadline.js';
import { byPlace } from './places.js';
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

/** Longer than any routing daemon takes to follow. */
const patienceMs = 15_000;

export class DrainWatch {
  readonly #core: BridgeCore;
  readonly #told = new WeakSet<VipState>();

  constructor(core: BridgeCore) {
    this.#core = core;
  }

  /** @param thorough also whether they are still announced worse. @returns those that are to be withdrawn now */
  async round(thorough: boolean): Promise<Vip[]> {
    const { claims, parts } = this.#core;
    const { book, dataplane } = parts;
    const draining = book.all.filter(({ state, entry }) => state.kind === 'draining' && !claims.has(entry.vip));
    await this.#leave(draining.filter((vip) => thorough || stageOf(vip) === 'leaving'));
    const view = dataplane.view();
    const done: Vip[] = [];
    for (const vip of draining) {
      const ended = endOf(vip, view.reachable ? flowsOf(view.vips.get(vip.entry.vip)) : null);
      if (ended === null) continue;
      if (book.advance(vip, { kind: 'emptied', reason: ended }) === 'withdraw') done.push(vip);
    }
    return done;
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
