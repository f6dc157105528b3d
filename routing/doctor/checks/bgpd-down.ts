// Whether bgpd runs, and has somebody to speak to.
import { type Check, finding } from '../check.js';
import { daemonDown } from './daemon-down.js';

export const bgpdDown: Check = {
  id: 'bgpd-down',
  title: 'bgpd runs',
  protocol: 'bgp',
  needs: ['daemons'],
  decide: ({ daemons, bgp }) => {
    if (daemons.bgpd !== null) return [daemonDown('bgpd', daemons.bgpd)];
    if (bgp === null || (bgp.asn !== null && bgp.sessions.length > 0)) return [];
    return [
      finding('bgp-not-configured', 'error', {
        title: bgp.asn === null ? 'bgpd has no `router bgp`' : 'bgpd has no neighbour',
        evidence: 'show running-config of bgpd',
        advice: 'dpvs-route config --protocol bgp --as N --peer-as N --out /etc/frr writes a configuration',
      }),
    ];
  },
};
