// Whether ospfd runs, and is a router.
import { type Check, finding } from '../check.js';

export const ospfdDown: Check = {
  id: 'ospfd-down',
  title: 'ospfd runs',
  protocol: 'ospf',
  needs: ['daemons'],
  decide: ({ daemons, ospf }) => {
    if (daemons.ospfd !== null)
      return [
        finding('ospfd-down', 'error', {
          title: 'ospfd does not run',
          evidence: daemons.ospfd,
          advice: 'start it (ospfd=yes in /etc/frr/daemons); --frr-namespace if it was started with -N',
        }),
      ];
    if (ospf === null || ospf.config.routerOspf) return [];
    return [
      finding('ospf-not-configured', 'error', {
        title: 'ospfd has no `router ospf`',
        evidence: 'show running-config of ospfd',
        advice: 'dpvs-route config --out /etc/frr writes a configuration',
      }),
    ];
  },
};
