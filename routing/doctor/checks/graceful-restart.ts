// A graceful restart that is configured here, towards a neighbour that never hears of it: the grace-LSA is an opaque one (RFC 3623).
import { type Check, finding } from '../check.js';
import { skip } from '../finding.js';

export const gracefulRestart: Check = {
  id: 'graceful-restart',
  title: 'neighbours hear of a graceful restart',
  protocol: 'ospf',
  decide: ({ ospf }) => {
    if (ospf === null) return skip('ospfd does not answer');
    const { gracePeriod } = ospf.config;
    if (gracePeriod === null) return [];
    return ospf.withoutOpaque.map((routerId) =>
      finding('graceful-restart-unheard', 'warn', {
        title: `${routerId} will not keep the routes while ospfd is restarted`,
        evidence: `graceful-restart grace-period ${gracePeriod} here; show ip ospf neighbor detail: no option O of ${routerId}`,
        advice:
          'on the switch: capability opaque, graceful-restart helper enable (dpvs-route config --for switch); then a new adjacency',
      }),
    );
  },
};
