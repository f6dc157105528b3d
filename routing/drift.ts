// Whether what was set up for an announced VIP is still there: somebody may have taken the address off, ospfd may have started anew.
import type { Target } from './announce.js';
import { explain } from './steps.js';
import { hasAddress, hasKniRoute, type Tools } from './tools.js';
import type { Reason } from './vip-state.js';

type Look = () => Promise<Reason | null>;

/** null while all of it is there. What cannot be asked now is not taken for gone. */
export async function findDrift(tools: Tools, targets: readonly Target[]): Promise<Map<string, Reason>> {
  const found = new Map<string, Reason>();
  const note = async (vip: string, look: Look): Promise<void> => {
    if (found.has(vip)) return;
    const reason = await askOr(look);
    if (reason !== null) found.set(vip, reason);
  };
  const { kernel, dataplane, announcer } = tools;
  for (const { vip, kni, device } of targets) {
    await note(vip, async () =>
      (await hasAddress(kernel, kni, vip)) ? null : gone('kernel address', `${vip}/32 is not on ${kni} any more`),
    );
    await note(vip, async () =>
      (await hasKniRoute(dataplane, device, vip))
        ? null
        : gone('dataplane route', `no kni_host route of ${vip} any more`),
    );
  }
  let originated: Awaited<ReturnType<typeof announcer.originated>>;
  try {
    originated = await announcer.originated();
  } catch (error) {
    const { code, detail } = explain(error);
    // ospfd itself is gone, and what it announced with it.
    for (const { vip } of targets) if (!found.has(vip)) found.set(vip, { at: 'ospfd', code, detail });
    return found;
  }
  for (const { vip } of targets)
    if (originated.get(vip) !== 'live' && !found.has(vip))
      found.set(vip, gone('ospfd', 'ospfd does not announce it any more'));
  return found;
}

const gone = (at: string, detail: string): Reason => ({ at, code: 'not_verified', detail });

async function askOr(look: Look): Promise<Reason | null> {
  try {
    return await look();
  } catch (error) {
    explain(error);
    return null;
  }
}
