// What the bridge's commands share: the VIPs a request names, and what a dry run says.
import { DpvsError } from '../../api/index.js';
import { canonicalAddress } from '../address.js';
import { type BridgeCore, byPlace } from '../core.js';
import type { JournalEntry } from '../journal.js';
import type { planAnnounce } from '../plan.js';
import type { Report, Step } from '../schema.js';
import { explain } from '../steps.js';
import { some } from '../tools.js';
import type { Vip } from '../vip-book.js';

export interface Commander {
  readonly core: BridgeCore;
  /** A round of the watch soon. */
  nudge(): void;
  /** @throws {DpvsError} busy */
  refuseWhenStopping(): void;
}

/** What would be proved in the daemon's database cannot be there yet. @throws {DpvsError} busy */
export function refuseDuringRestart({ graceful }: BridgeCore): void {
  if (graceful.underWay)
    throw new DpvsError('busy', `a graceful restart is under way, for at most ${graceful.status?.secondsLeft} s more`);
}

type Plan = typeof planAnnounce;

export function findVips(core: BridgeCore, vips: 'all' | readonly string[]): { known: Vip[]; unknown: string[] } {
  const { book } = core.parts;
  if (vips === 'all') return { known: book.all, unknown: [] };
  const asked = [...new Set(vips.map(canonicalAddress))];
  return {
    known: asked.flatMap((vip) => book.get(vip) ?? []),
    unknown: asked.filter((vip) => book.get(vip) === undefined),
  };
}

/** @throws {DpvsError} not_exist */
export function findAllVips(core: BridgeCore, vips: 'all' | readonly string[]): Vip[] {
  const { known, unknown } = findVips(core, vips);
  if (unknown.length > 0)
    throw new DpvsError('not_exist', `${some(unknown)}: not announced by this bridge (dpvs-route status)`, 'vips');
  return known;
}

export function planOf(core: BridgeCore, vips: readonly Vip[], plan: Plan): Promise<Step[]> {
  return planEntries(
    core,
    vips.map(({ entry }) => entry),
    plan,
  );
}

/** @throws {DpvsError} where the daemons cannot be asked */
export async function planEntries(core: BridgeCore, entries: readonly JournalEntry[], plan: Plan): Promise<Step[]> {
  const groups = byPlace(entries.map((entry) => ({ entry })));
  try {
    return (
      await Promise.all(
        groups.map((group) =>
          plan(
            core.tools,
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

export function aboutOf(action: Report['action'], known: readonly Vip[], unknown: readonly string[]) {
  const devices = new Set(known.map(({ entry }) => entry.device));
  const [device = null] = devices.size === 1 ? devices : [];
  return { action, vips: [...known.map(({ entry }) => entry.vip), ...unknown], device };
}
