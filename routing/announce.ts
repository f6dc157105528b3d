// Announcing one VIP: route in the dataplane, permission in ospfd, address on the kni, then proof of all three. All or nothing.
//
// The address comes last because it is what ospfd reacts to: a connected route that its route-map lets pass is announced in 0.1 s,
// while a route-map that changes after the address was there is looked at again only 5 s later.
import type { ErrorCode } from '../api/index.js';
import { isKernelError } from '../kni/index.js';
import { isDpvsError } from './refusal.js';
import { StepError, type Steps, verify } from './steps.js';
import { hasAddress, hasKniRoute, type Tools } from './tools.js';

export interface Target {
  readonly vip: string;
  readonly device: string;
  readonly kni: string;
}

export interface Owned {
  route: boolean;
  policy: boolean;
}

const lookMs = 1_000;
/** For an LSA that ospfd is still flushing; a new instance of it has to wait for that. */
const flushMs = 10_000;

/**
 * @param owned what the bridge has added for this VIP; set before each addition, and `save`d
 * @throws {StepError} the step that failed, after everything done was undone
 */
export async function announceVip(
  tools: Tools,
  steps: Steps,
  { vip, device, kni }: Target,
  owned: Owned,
  save: () => void,
): Promise<void> {
  const { dataplane, kernel, announcer, pace } = tools;
  const own = (what: keyof Owned, value: boolean): void => {
    if (owned[what] === value) return;
    owned[what] = value;
    save();
  };
  try {
    await steps.run('ospfd form', async () => {
      const obstacle = await announcer.obstacle(kni);
      if (obstacle !== null) throw new StepError('ospfd form', 'routing_daemon', obstacle);
      return { outcome: 'already', detail: announcer.form };
    });
    const route = { destination: `${vip}/32`, device, scope: 'kni_host' } as const;
    await steps.run(
      'dataplane route',
      async () => {
        if (await hasKniRoute(dataplane, device, vip)) return { outcome: 'already' };
        own('route', true);
        await dataplane.call('route.add', route);
        return { outcome: 'done', detail: `${vip}/32 dev ${device} scope kni_host` };
      },
      async () => {
        await removeRoute(tools, device, vip);
        own('route', false);
      },
    );
    await pace.wait([vip]);
    const permission = await steps.run(
      'ospfd permission',
      async () => {
        const before = owned.policy;
        own('policy', true);
        const changed = await announcer.permit([vip], kni);
        if (changed.length === 0) own('policy', before);
        return { outcome: changed.length > 0 ? 'done' : 'already', detail: announcer.form };
      },
      async () => {
        await announcer.forbid([vip], kni);
        own('policy', false);
      },
    );
    let there = false;
    await steps.run(
      'kernel address',
      async () => {
        there = await hasAddress(kernel, kni, vip);
        if (there && permission.outcome === 'already') return { outcome: 'already' };
        // ospfd has seen this address and has not been allowed to announce it then; it has to come anew.
        if (there) await kernel.deleteAddress(kni, `${vip}/32`);
        await kernel.addAddress(kni, `${vip}/32`);
        pace.changed([vip]);
        return { outcome: 'done', detail: `${vip}/32 ${there ? 'anew ' : ''}on ${kni}` };
      },
      async () => {
        if (!there) await removeAddress(tools, kni, vip);
      },
    );
    await verifyAnnounced(tools, steps, { vip, device, kni });
  } catch (error) {
    await steps.undo();
    throw error;
  }
}

async function verifyAnnounced(tools: Tools, steps: Steps, { vip, device, kni }: Target): Promise<void> {
  const { dataplane, kernel, announcer, pace } = tools;
  const proof = (name: string, look: Parameters<typeof verify>[1], deadlineMs = lookMs) =>
    steps.run(name, async () => {
      await verify(name, look, deadlineMs);
      return { outcome: 'done' };
    });
  await proof('verify address', async () => ({
    missing: (await hasAddress(kernel, kni, vip)) ? null : `${vip}/32 is not on ${kni}`,
  }));
  await proof('verify route', async () => ({
    missing: (await hasKniRoute(dataplane, device, vip)) ? null : `no kni_host route of ${vip} on ${device}`,
  }));
  let looks = 0;
  try {
    await proof(
      'verify ospfd',
      async () => {
        looks++;
        const state = (await announcer.originated()).get(vip);
        // It has come while we looked: its LSA is as young as that.
        if (state === 'live' && looks > 1) pace.changed([vip]);
        if (state === 'live') return { missing: null };
        if (state === 'flushing') return { missing: 'ospfd is still flushing the previous LSA', deadlineMs: flushMs };
        return { missing: 'ospfd originates no LSA for it' };
      },
      announcer.followMs,
    );
  } catch (error) {
    if (!(error instanceof StepError) || (await tools.ospfd.zebraAnswers())) throw error;
    throw new StepError(
      error.step,
      error.code,
      `${error.detail}; zebra does not answer, so ospfd cannot know the address`,
    );
  }
}

/** Also fine when it, or the interface, is gone. */
export async function removeAddress({ kernel, pace }: Tools, kni: string, vip: string): Promise<void> {
  try {
    await kernel.deleteAddress(kni, `${vip}/32`);
    pace.changed([vip]);
  } catch (error) {
    if (!isKernelError(error, 'EADDRNOTAVAIL', 'ENODEV')) throw error;
  }
}

/** Also fine when it is gone. */
export async function removeRoute({ dataplane }: Tools, device: string, vip: string): Promise<void> {
  try {
    await dataplane.call('route.del', { destination: `${vip}/32`, device, scope: 'kni_host' });
  } catch (error) {
    const gone: ErrorCode[] = ['not_exist', 'no_route', 'no_device'];
    if (!isDpvsError(error, ...gone)) throw error;
  }
}
