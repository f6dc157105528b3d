// What the kernel itself answers for a VIP (ping, ssh) needs a way back. The services' packets do not: the dataplane routes them.
import { type Check, finding } from '../check.js';
import { isHostAddress } from '../facts.js';
import { defaultRoutes } from './reverse-path.js';

export const returnRoute: Check = {
  id: 'no-return-route',
  title: 'the kernel has a default route for its own answers',
  needs: ['kernel'],
  decide: (facts) => {
    if (defaultRoutes(facts).length > 0) return [];
    const vips = facts.ports.flatMap(({ addresses }) => addresses.filter(isHostAddress)).map(({ address }) => address);
    if (vips.length === 0) return [];
    return [
      finding('no-return-route', 'info', {
        title: 'the kernel has no default route',
        evidence: `VIPs on a kni: ${vips.slice(0, 5).join(', ')}${vips.length > 5 ? ` and ${vips.length - 5} more` : ''}`,
        advice:
          'ping to a VIP from far away stays unanswered; services are not affected. ip route add default via SWITCH, or let zebra learn it',
      }),
    ];
  },
};
