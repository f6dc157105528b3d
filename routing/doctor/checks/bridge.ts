// Whether the bridge runs: without it VIPs are neither announced nor withdrawn.
import { type Check, finding } from '../check.js';

export const bridge: Check = {
  id: 'bridge-down',
  title: 'the routing bridge runs',
  decide: ({ bridge: { trouble }, wanted }) => {
    if (trouble === null) return [];
    const waiting = wanted.length === 0 ? '' : `; ${wanted.map(({ vip }) => vip).join(', ')} to be announced`;
    return [
      finding('bridge-down', 'warn', {
        title: 'the routing bridge does not run',
        evidence: `${trouble}${waiting}`,
        advice: 'dpvs-route run starts it; nothing withdraws a VIP that cannot be served until then',
      }),
    ];
  },
};
