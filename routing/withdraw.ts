// Withdrawing VIPs: out of ospfd first, then off the kni, proved; the dataplane goes on serving what is still under way. Several at
// once, so that a node that stops, or lost its dataplane, is out of the switch after one round and not after one a VIP.
import type { Owned, Target } from './announce.js';
import { removeAddress, removeRoute } from './announce.js';
import { StepError, type Steps, verify } from './steps.js';
import { hasAddress, type Tools } from './tools.js';
import { VtyshError } from './vtysh.js';

export interface Held extends Target {
  readonly owned: Owned;
}

/**
 * Goes on where a step fails: the most of it that can be withdrawn is.
 * @param forGood also removes the dataplane's route; false when the VIP is still wanted
 * @throws {StepError} the first proof that failed: something may still be announced
 */
export async function withdrawVips(
  tools: Tools,
  steps: Steps,
  held: readonly Held[],
  forGood: boolean,
  save: () => void,
): Promise<void> {
  if (held.length === 0) return;
  const vips = held.map(({ vip }) => vip);
  const { announcer, kernel, pace } = tools;
  await pace.wait(vips);
  await steps.try('ospfd permission', async () => {
    const ours = held.filter(({ owned }) => owned.policy);
    if (ours.length === 0) return { outcome: 'already', detail: 'nothing in it is ours' };
    for (const kni of new Set(ours.map((each) => each.kni))) {
      const here = ours.filter((each) => each.kni === kni);
      await announcer.forbid(
        here.map(({ vip }) => vip),
        kni,
      );
      for (const { owned } of here) owned.policy = false;
    }
    save();
    return { outcome: 'done' };
  });
  await steps.try('kernel address', async () => {
    for (const { vip, kni } of held) await removeAddress(tools, kni, vip);
    return { outcome: 'done' };
  });
  const failed: StepError[] = [];
  const proof = async (name: string, work: () => Promise<void>): Promise<void> => {
    try {
      await steps.run(name, async () => {
        await work();
        return { outcome: 'done' };
      });
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      failed.push(error);
    }
  };
  await proof('verify ospfd', () =>
    verify(
      'verify ospfd',
      async () => {
        const left = await stillOriginated(tools, vips);
        return { missing: left.length === 0 ? null : `ospfd still announces ${left.join(' ')}` };
      },
      announcer.followMs,
    ),
  );
  await proof('verify address', async () => {
    for (const { vip, kni } of held) {
      const there = await hasAddress(kernel, kni, vip).catch(() => false);
      if (there) throw new StepError('verify address', 'not_verified', `${vip}/32 is still on ${kni}`);
    }
  });
  if (forGood) await releaseRoutes(tools, steps, held, save);
  if (failed.length > 0) throw failed[0];
}

async function stillOriginated({ announcer }: Tools, vips: readonly string[]): Promise<string[]> {
  try {
    const now = await announcer.originated();
    return vips.filter((vip) => now.get(vip) === 'live');
  } catch (error) {
    // An ospfd that does not run announces nothing any more; its neighbours notice by their dead interval.
    if (error instanceof VtyshError && error.kind === 'down') return [];
    throw error;
  }
}

async function releaseRoutes(tools: Tools, steps: Steps, held: readonly Held[], save: () => void): Promise<void> {
  await steps.try('dataplane route', async () => {
    const ours = held.filter(({ owned }) => owned.route);
    if (ours.length === 0) return { outcome: 'already', detail: 'it was there before, or is gone' };
    for (const { vip, device, owned } of ours) {
      await removeRoute(tools, device, vip);
      owned.route = false;
    }
    save();
    return { outcome: 'done' };
  });
}
