// Draining VIPs: announced worse than by the other nodes, and proof, in the area's database, that they have left the best set and that
// the neighbours know. Whether others are left is asked here before and in takers.ts afterwards. The flows that are still here are watched
// by the reconciler.
import { applyOnEach, othersOf, standing, typeTwo } from './drivers/driver.js';
import type { Steps } from './steps.js';
import { type Drained, refusalOf, shortOf } from './takers.js';
import { driverOf, placeOf, type Target } from './targets.js';
import { some, type Tools } from './tools.js';

/**
 * Asks the routing daemon for it; `proveWorse` waits until it is so.
 * @param force also where no other node announces it
 * @throws {StepError}; then it is as good as before, as it is after `steps.undo()` later
 */
export async function worsenVips(
  tools: Tools,
  steps: Steps,
  targets: readonly Drained[],
  force: boolean,
): Promise<void> {
  const { driver, vips, knis } = placeOf(tools, targets);
  try {
    if (!force)
      await steps.run('other announcers', async () => {
        const announcers = await driver.announcers();
        if (announcers === null) return { outcome: 'skipped', detail: `${driver.protocol} does not tell` };
        const short = targets.flatMap((target) => shortOf(target, announcers, driver) ?? []);
        if (short.length > 0) throw refusalOf(short, 'other announcers');
        const others = (vip: string): number => othersOf(announcers.get(vip) ?? [], driver).length;
        const least = Math.min(...vips.map(others));
        return {
          outcome: 'already',
          detail: vips.length === 1 ? `${least} others` : `at least ${least} others of each`,
        };
      });
    let worsened: readonly string[] = [];
    await steps.run(
      `${driver.daemon} preference`,
      async () => {
        const change = await applyOnEach(driver, knis, async (kni) => {
          const next = await driver.worsening(vips, kni);
          worsened = [...new Set([...worsened, ...next.vips])];
          return next;
        });
        return { outcome: change.lines.length > 0 ? 'done' : 'already', detail: some(change.vips) };
      },
      async () => void (await applyOnEach(driver, knis, (kni) => driver.improvement(worsened, kni))),
    );
  } catch (error) {
    await steps.undo();
    throw error;
  }
}

/** Waits; changes nothing. @throws {StepError} */
export async function proveWorse(tools: Tools, steps: Steps, targets: readonly Target[]): Promise<void> {
  const { driver, vips } = placeOf(tools, targets);
  const proof = (name: string, look: () => Promise<string | null | undefined>): Promise<unknown> =>
    steps.prove(
      name,
      async () => {
        const missing = await look();
        if (missing !== undefined) return { missing };
        return { missing: null, result: { outcome: 'skipped', detail: `${driver.protocol} does not tell` } };
      },
      driver.preferenceMs,
    );
  await proof('verify best set', () => stillPreferred(tools, vips));
  await proof('verify neighbours', () => unacknowledged(tools, vips));
}

/** One look. @returns what is missing until others have taken over; null: nothing. @throws {VtyshError} */
export async function notYetWorse(tools: Tools, targets: readonly Target[]): Promise<string | null> {
  const { vips } = placeOf(tools, targets);
  return (await stillPreferred(tools, vips)) ?? (await unacknowledged(tools, vips)) ?? null;
}

export async function improveVips(tools: Tools, steps: Steps, targets: readonly Target[]): Promise<void> {
  const { driver, vips, knis } = placeOf(tools, targets);
  await steps.run(`${driver.daemon} preference`, async () => {
    const change = await applyOnEach(driver, knis, (kni) => driver.improvement(vips, kni));
    return { outcome: change.lines.length > 0 ? 'done' : 'already', detail: some(change.vips) };
  });
}

/**
 * Those that this node still announces as well as the best of the others, or, where there are none, as before; undefined: the protocol does
 * not tell.
 */
async function stillPreferred(tools: Tools, vips: readonly string[]): Promise<string | null | undefined> {
  const driver = driverOf(tools, vips[0]);
  const announcers = await driver.announcers();
  if (announcers === null) return undefined;
  const left = vips.filter((vip) => {
    const all = announcers.get(vip) ?? [];
    const own = all.find(({ self }) => self)?.metric ?? 0;
    const where = standing(all, driver);
    return where === 'best' || (where === 'only' && own % typeTwo < driver.drainMetric);
  });
  return left.length === 0 ? null : `${some(left)}: still among the best`;
}

async function unacknowledged(tools: Tools, vips: readonly string[]): Promise<string | null | undefined> {
  const known = await driverOf(tools, vips[0]).acknowledged();
  if (known === null) return undefined;
  return known ? null : 'a neighbour has not acknowledged it';
}
