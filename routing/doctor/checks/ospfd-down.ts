// Whether ospfd runs, and is a router.
import { type Check, finding } from '../check.js';
import { daemonDown } from './daemon-down.js';

export const ospfdDown: Check = {
  id: 'ospfd-down',
  title: 'ospfd runs',
  protocol: 'ospf',
  needs: ['daemons'],
  decide: ({ daemons, ospf }) => {
    if (daemons.ospfd !== null) return [daemonDown('ospfd', daemons.ospfd)];
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
