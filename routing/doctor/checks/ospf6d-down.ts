// Whether ospf6d runs, and is a router.
import { type Check, finding } from '../check.js';
import { daemonDown } from './daemon-down.js';

export const ospf6dDown: Check = {
  id: 'ospf6d-down',
  title: 'ospf6d runs',
  protocol: 'ospf6',
  needs: ['daemons'],
  decide: ({ daemons, ospf6 }) => {
    if (daemons.ospf6d !== null) return [daemonDown('ospf6d', daemons.ospf6d)];
    if (ospf6 === null || ospf6.configured) return [];
    return [
      finding('ospf6-not-configured', 'error', {
        title: 'ospf6d has no `router ospf6`',
        evidence: 'show running-config of ospf6d',
        advice: 'dpvs-route config --ospf6 --out /etc/frr writes a configuration',
      }),
    ];
  },
};
