// Announcing as the bridge does it, in one piece: set up, proved, and undone where one of them is not.
import { setUpVips } from '../../routing/announce.js';
import { verifyVips } from '../../routing/prove-announced.js';
import type { Steps } from '../../routing/steps.js';
import type { OwnedTarget } from '../../routing/targets.js';
import type { Tools } from '../../routing/tools.js';

export async function announceVips(
  tools: Tools,
  steps: Steps,
  targets: readonly OwnedTarget[],
  save: () => void,
): Promise<void> {
  try {
    await setUpVips(tools, steps, targets, save);
    const [failure] = (await verifyVips(tools, steps, targets)).values();
    if (failure !== undefined) throw failure;
  } catch (error) {
    await steps.undo();
    throw error;
  }
}
