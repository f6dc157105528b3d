// Withdrawing VIPs: out of the routing daemon first, then off the kni, proved; the dataplane goes on serving what is still under way.
// Several at once, so that a node that stops, or lost its dataplane, is out of the switch after one round and not after one a VIP.
import { type AddressFamily, familyOf, hostRoute } from './address.js';
import { applyOnEach, type Driver } from './drivers/driver.js';
import { removeAddresses, removeRoutes } from './elements.js';
import { portsText } from './port.js';
import { perVipMs, StepError, type Steps } from './steps.js';
import { driverOf, type OwnedTarget, ownRoutes, placeOf, type Target } from './targets.js';
import { hostAddresses, some, type Tools } from './tools.js';
import { VtyshError } from './vtysh.js';

/**
 * Goes on where a step fails: the most of it that can be withdrawn is.
 * @param forGood also removes the dataplane's routes; false when the VIPs are still wanted
 * @throws {StepError} the first proof that failed: something may still be announced
 */
export async function withdrawVips(
  tools: Tools,
  steps: Steps,
  held: readonly OwnedTarget[],
  forGood: boolean,
  save: () => void,
): Promise<void> {
  if (held.length === 0) return;
  const vips = held.map(({ vip }) => vip);
  await tools.pace.wait(vips);
  const families = byFamily(tools, held);
  const foreign = families.map(({ driver, members }) => ({
    driver,
    members: members.filter(({ owned }) => !owned.policy),
  }));
  for (const { driver, members } of families)
    await steps.try(`${driver.daemon} permission`, async () => {
      const ours = members.filter(({ owned }) => owned.policy);
      if (ours.length === 0) return { outcome: 'already', detail: 'nothing in it is ours' };
      await eachKni(ours, async (kni, here) => driver.apply(await driver.prohibition(here, kni)));
      // The address that goes is no news to it, and to what it may announce it looks only seconds later.
      if (tools.deaf(driver.daemon) && driver.hastening !== undefined) await driver.apply(await driver.hastening());
      for (const { owned } of ours) owned.policy = false;
      save();
      return { outcome: 'done' };
    });
  await steps.try('kernel address', async () => {
    await eachKni(held, (kni, here) => removeAddresses(tools, kni, here));
    return { outcome: 'done' };
  });
  // A permission that is not ours stays, but not what a drain has added to it: the VIP would come back worse than it was.
  for (const { driver, members } of foreign)
    if (members.length > 0)
      await steps.try(`${driver.daemon} preference`, async () => {
        let outcome: 'done' | 'already' = 'already';
        await eachKni(members, async (kni, here) => {
          const change = await driver.improvement(here, kni);
          if (change.lines.length > 0) outcome = 'done';
          await driver.apply(change);
        });
        return { outcome };
      });
  const failed: StepError[] = [];
  const attempt = async (step: Promise<unknown>): Promise<void> => {
    try {
      await step;
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      failed.push(error);
    }
  };
  for (const { driver, members } of families) {
    const theirs = members.map(({ vip }) => vip);
    const look = async () => {
      const left = await stillOriginated(driver, theirs);
      return { missing: left.length === 0 ? null : `${driver.daemon} still announces ${some(left)}` };
    };
    await attempt(steps.prove(`verify ${driver.daemon}`, look, driver.followMs + members.length * perVipMs));
  }
  await attempt(
    steps.run('verify address', async () => {
      await eachKni(held, async (kni, here) => {
        const there = await hostAddresses(tools.kernel, kni).catch(() => new Set<string>());
        const left = here.filter((vip) => there.has(vip));
        if (left.length > 0) throw new StepError('verify address', 'not_verified', `${some(left)}: still on ${kni}`);
      });
      return { outcome: 'done' };
    }),
  );
  if (forGood) await releaseRoutes(tools, steps, held, save);
  if (failed.length > 0) throw failed[0];
}

interface Family {
  readonly driver: Driver;
  readonly members: OwnedTarget[];
}

/** A family that this bridge does not announce any more is left to who does. */
function byFamily(tools: Tools, held: readonly OwnedTarget[]): Family[] {
  const found = new Map<AddressFamily, Family>();
  for (const each of held) {
    const family = familyOf(each.vip);
    if (tools.driver(family) === null) continue;
    const known = found.get(family) ?? { driver: driverOf(tools, each.vip), members: [] };
    known.members.push(each);
    found.set(family, known);
  }
  return [...found.values()];
}

/** Of several ports, on each of them. */
async function eachKni(held: readonly Target[], work: (kni: string, vips: string[]) => Promise<void>): Promise<void> {
  const on = (kni: string): Target[] => held.filter(({ ports }) => ports.some((port) => port.kni === kni));
  const knis = new Set(held.flatMap(({ ports }) => ports.map(({ kni }) => kni)));
  for (const kni of knis)
    await work(
      kni,
      on(kni).map(({ vip }) => vip),
    );
}

async function stillOriginated(driver: Driver, vips: readonly string[]): Promise<string[]> {
  try {
    const now = await driver.originated();
    return vips.filter((vip) => now.get(vip) === 'live');
  } catch (error) {
    // A daemon that does not run announces nothing any more; its neighbours notice by their dead interval. One that hangs may go on.
    if (error instanceof VtyshError && error.kind === 'down') return [];
    throw error;
  }
}

/** All of ours, also where the VIP is not wished any more. */
async function releaseRoutes(
  tools: Tools,
  steps: Steps,
  held: readonly OwnedTarget[],
  save: () => void,
): Promise<void> {
  await steps.try('dataplane route', async () => {
    const devices = new Set(held.flatMap(({ owned }) => owned.routes));
    if (devices.size === 0) return { outcome: 'already', detail: 'it was there before, or is gone' };
    for (const device of devices) await removeOwnRoutes(tools, held, device);
    save();
    return { outcome: 'done' };
  });
}

async function removeOwnRoutes(tools: Tools, held: readonly OwnedTarget[], device: string): Promise<void> {
  const ours = held.filter(({ owned }) => owned.routes.includes(device)).map(({ vip }) => vip);
  await removeRoutes(tools, device, ours);
  ownRoutes(held, device, ours, false);
}

/**
 * Takes VIPs off some ports that are announced on others: nothing of it reaches a neighbour.
 * @param targets with the ports that they leave
 * @throws {StepError} the step that failed
 */
export async function leavePorts(
  tools: Tools,
  steps: Steps,
  targets: readonly OwnedTarget[],
  save: () => void,
): Promise<void> {
  const { driver, vips, ports, knis } = placeOf(tools, targets);
  const where = knis.join(', ');
  await steps.run('kernel address', async () => {
    for (const kni of knis) await removeAddresses(tools, kni, vips);
    return { outcome: 'done', detail: `${some(vips.map(hostRoute))} off ${where}` };
  });
  if (driver.departure !== undefined)
    await steps.run(`${driver.daemon} interface`, async () => {
      const { lines } = await applyOnEach(driver, knis, (kni) => driver.departure!(vips, kni));
      return { outcome: lines.length === 0 ? 'already' : 'done', detail: where };
    });
  await steps.run('dataplane route', async () => {
    for (const { device } of ports) await removeOwnRoutes(tools, targets, device);
    save();
    return { outcome: 'done', detail: `off ${portsText(ports)}` };
  });
}
