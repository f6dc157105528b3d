// Draining VIPs: announced worse than by the other nodes, and proof, in the area's database, that they have left the best set and that
// the neighbours know. The flows that are still here are watched by the reconciler.
import type { Target } from './announce.js';
import { driverOf } from './announce.js';
import { othersOf, standing } from './drivers/driver.js';
import { StepError, type Steps, verify } from './steps.js';
import { some, type Tools } from './tools.js';

/** @param force also where no other node announces it. @throws {StepError}; then it is as good as before */
export async function worsenVips(
  tools: Tools,
  steps: Steps,
  targets: readonly Target[],
  force: boolean,
): Promise<void> {
  const { vip: first, kni } = targets[0];
  const driver = driverOf(tools, first);
  const vips = targets.map(({ vip }) => vip);
  try {
    if (!force)
      await steps.run('other announcers', async () => {
        const announcers = await driver.announcers();
        if (announcers === null) return { outcome: 'skipped', detail: `${driver.protocol} does not tell` };
        const others = (vip: string): number => othersOf(announcers.get(vip) ?? [], driver).length;
        const alone = vips.filter((vip) => others(vip) === 0);
        if (alone.length > 0) throw new StepError('other announcers', 'sole_announcer', some(alone));
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
        const change = await driver.worsening(vips, kni);
        worsened = change.vips;
        await driver.apply(change);
        return { outcome: change.lines.length > 0 ? 'done' : 'already', detail: some(change.vips) };
      },
      async () => driver.apply(await driver.improvement(worsened, kni)),
    );
    const best = 'verify best set';
    await steps.run(best, async () => {
      let unknown = false;
      await verify(
        best,
        async () => {
          const left = await preferred(tools, vips);
          unknown = left === null;
          return { missing: left === null || left.length === 0 ? null : `${some(left)}: still among the best` };
        },
        driver.preferenceMs,
      );
      return unknown ? { outcome: 'skipped', detail: `${driver.protocol} does not tell` } : { outcome: 'done' };
    });
    const acknowledged = 'verify neighbours';
    await steps.run(acknowledged, async () => {
      let known: boolean | null = null;
      await verify(
        acknowledged,
        async () => {
          known = await driver.acknowledged();
          return { missing: known === false ? 'a neighbour has not acknowledged it' : null };
        },
        driver.preferenceMs,
      );
      return known === null ? { outcome: 'skipped', detail: `${driver.protocol} does not tell` } : { outcome: 'done' };
    });
  } catch (error) {
    await steps.undo();
    throw error;
  }
}

export async function improveVips(tools: Tools, steps: Steps, targets: readonly Target[]): Promise<void> {
  const { vip: first, kni } = targets[0];
  const driver = driverOf(tools, first);
  const vips = targets.map(({ vip }) => vip);
  await steps.run(`${driver.daemon} preference`, async () => {
    const change = await driver.improvement(vips, kni);
    await driver.apply(change);
    return { outcome: change.lines.length > 0 ? 'done' : 'already', detail: some(change.vips) };
  });
}

/** Those that this node still announces as well as the best of the others; null: the protocol does not tell. */
async function preferred(tools: Tools, vips: readonly string[]): Promise<string[] | null> {
  const driver = driverOf(tools, vips[0]);
  const announcers = await driver.announcers();
  if (announcers === null) return null;
  return vips.filter((vip) => standing(announcers.get(vip) ?? [], driver) === 'best');
}
