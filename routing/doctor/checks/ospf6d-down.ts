// Whether ospf6d runs, and is a router.
import { type Check, finding } from '../check.js';

export const ospf6dDown: Check = {
  id: 'ospf6d-down',
  title: 'ospf6d runs',
  protocol: 'ospf6',
  needs: ['daemons'],
  decide: ({ daemons, ospf6 }) => {
    if (daemons.ospf6d !== null)
      return [
        finding('ospf6d-down', 'error', {
          title: 'ospf6d does not run',
          evidence: daemons.ospf6d,
          advice: 'start it (ospf6d=yes in /etc/frr/daemons); --frr-namespace if it was started with -N',
        }),
      ];
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
