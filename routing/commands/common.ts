// What the bridge's commands share: the VIPs a request names, and what a dry run says.
import { DpvsError } from '../../api/index.js';
import { canonicalAddress } from '../address.js';
import { addressesOf, type BridgeCore } from '../core.js';
import type { JournalEntry } from '../journal.js';
import { byPlace } from '../places.js';
import type { planWithdraw } from '../plan.js';
import { portsText } from '../port.js';
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

/**
 * The change of one command: nobody else changes these VIPs meanwhile. `work` gets them canonical, each once.
 * @param vips all: those that are wanted
 * @throws {DpvsError} busy: the bridge is stopping
 */
export async function claimed<T>(
  commander: Commander,
  vips: 'all' | readonly string[],
  work: (vips: string[]) => Promise<T>,
): Promise<T> {
  const { claims, parts } = commander.core;
  const all = parts.book.all.filter(({ entry }) => entry.wanted);
  const asked = vips === 'all' ? addressesOf(all) : [...new Set(vips.map(canonicalAddress))];
  commander.refuseWhenStopping();
  const release = await claims.take(asked);
  try {
    commander.refuseWhenStopping();
    // Some may have gone while this waited.
    const isWanted = (vip: string): boolean => parts.book.get(vip)?.entry.wanted === true;
    return await work(vips === 'all' ? asked.filter(isWanted) : asked);
  } finally {
    release();
  }
}

/** What would be proved in the daemon's database cannot be there yet. @throws {DpvsError} busy */
export function refuseDuringRestart({ graceful }: BridgeCore): void {
  if (graceful.underWay)
    throw new DpvsError('busy', `a graceful restart is under way, for at most ${graceful.status?.secondsLeft} s more`);
}

type Plan = typeof planWithdraw;

export function findVips(
  { parts: { book } }: BridgeCore,
  vips: readonly string[],
): { known: Vip[]; unknown: string[] } {
  return {
    known: vips.flatMap((vip) => book.get(vip) ?? []),
    unknown: vips.filter((vip) => book.get(vip) === undefined),
  };
}

/** @throws {DpvsError} not_exist */
export function findAllVips(core: BridgeCore, vips: readonly string[]): Vip[] {
  const { known, unknown } = findVips(core, vips);
  if (unknown.length > 0)
    throw new DpvsError('not_exist', `${some(unknown)}: not announced by this bridge (dpvs-route status)`, 'vips');
  return known;
}

/** The same, and none that is only waiting to be gone. @throws {DpvsError} not_exist */
export function findWanted(core: BridgeCore, vips: readonly string[]): Vip[] {
  const known = findAllVips(core, vips);
  const going = known.filter(({ entry }) => !entry.wanted);
  if (going.length > 0)
    throw new DpvsError('not_exist', `${some(addressesOf(going))}: being withdrawn; announce brings it back`, 'vips');
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
  const devices = new Set(known.map(({ entry }) => portsText(entry.ports)));
  const [device = null] = devices.size === 1 ? devices : [];
  return { action, vips: [...known.map(({ entry }) => entry.vip), ...unknown], device };
}
