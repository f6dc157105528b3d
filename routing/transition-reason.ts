// Why a VIP went from one state to the next: what the state or the input says, or, where all is well, what it was that made it so.
import { isUnheard, type Reason, reasonOf, type VipInput, type VipState } from './vip-state.js';

const because = (at: string, detail: string): Reason => ({ at, code: 'ok', detail });

export function transitionReason(before: VipState, input: VipInput, after: VipState): Reason {
  if (input.kind === 'undrain') return input.reason ?? because('command', 'dpvs-route undrain');
  if (input.kind === 'drain' && after.kind === 'draining') return because('command', 'dpvs-route drain');
  const said = 'reason' in input ? input.reason : reasonOf(after);
  if (said !== null) return said;
  if (after.kind === 'announced')
    return isUnheard(before)
      ? because('neighbour', 'a neighbour hears of it again')
      : because('verify', 'every step is proved');
  return because('conditions', 'nothing is missing any more');
}
