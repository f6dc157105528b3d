// Whether ospfd runs on a kni, and speaks there.
import { type Check, finding } from '../check.js';
import { ospfPorts } from '../facts.js';
import { skip } from '../finding.js';

export const ospfEnabled: Check = {
  id: 'ospf-not-on-kni',
  title: 'OSPF runs on the kni',
  protocol: 'ospf',
  needs: ['daemons', 'kernel'],
  decide: (facts) => {
    if (facts.ospf === null) return skip('ospfd does not answer');
    if (!facts.ospf.config.routerOspf) return skip('ospfd has no `router ospf`');
    if (facts.ports.length === 0) return skip('no port has a kni');
    // ospfd forgets an interface that is down; that is another finding.
    if (facts.ports.every(({ kernel }) => kernel === null || !kernel.up || !kernel.carrier))
      return skip('no kni is up');
    const ports = ospfPorts(facts);
    const names = facts.ports.map(({ kni }) => kni).join(', ');
    if (ports.length === 0)
      return [
        finding('ospf-not-on-kni', 'error', {
          title: 'OSPF runs on no kni',
          evidence: `not enabled on ${names}; network statements: ${facts.ospf.config.networks.map(({ prefix }) => prefix).join(', ') || 'none'}`,
          advice:
            'the kni needs its address of the inter-connection network, and `router ospf` a `network` with that prefix',
        }),
      ];
    return ports
      .filter(({ config }) => config?.passive === true)
      .map(({ kni }) =>
        finding('passive', 'error', {
          title: `${kni} is passive: ospfd sends no hello there`,
          evidence: 'show running-config of ospfd',
          advice: `no ip ospf passive on ${kni}; passive is for the VIPs only (ip ospf passive VIP)`,
        }),
      );
  },
};
