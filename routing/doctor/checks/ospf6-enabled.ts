// Whether ospf6d runs on a kni, and speaks there.
import { type Check, finding } from '../check.js';
import { ospf6Ports } from '../facts.js';
import { skip } from '../finding.js';

export const ospf6Enabled: Check = {
  id: 'ospf6-not-on-kni',
  title: 'OSPFv3 runs on the kni',
  protocol: 'ospf6',
  needs: ['daemons', 'kernel'],
  decide: (facts) => {
    if (facts.ospf6 === null) return skip('ospf6d does not answer');
    if (!facts.ospf6.configured) return skip('ospf6d has no `router ospf6`');
    const up = facts.ports.filter(({ kernel }) => kernel?.up === true && kernel.carrier);
    if (up.length === 0) return skip('no kni is up');
    const ports = ospf6Ports(facts);
    if (ports.length === 0)
      return [
        finding('ospf6-not-on-kni', 'error', {
          title: 'OSPFv3 runs on no kni',
          evidence: `in no area: ${up.map(({ kni }) => kni).join(', ')}`,
          advice: `interface ${up[0].kni}: ipv6 ospf6 area A`,
        }),
      ];
    return ports.flatMap(({ kni, ospf6, addresses6 }) => [
      ...(ospf6.passive
        ? [
            finding('ospf6-passive', 'error', {
              title: `${kni} is passive: ospf6d sends no hello there`,
              evidence: 'show running-config of ospf6d',
              advice: `interface ${kni}: no ipv6 ospf6 passive`,
            }),
          ]
        : []),
      ...(addresses6.some(({ scope }) => scope === 'link')
        ? []
        : [
            finding('ospf6-no-link-local', 'error', {
              title: `${kni} has no link-local address, which OSPFv3 speaks from`,
              evidence: `ip -6 address show ${kni}: ${addresses6.map(({ address }) => address).join(', ') || 'nothing'}`,
              advice: `sysctl net.ipv6.conf.${kni.replaceAll('.', '/')}.disable_ipv6 and .addr_gen_mode must be 0; ip link set ${kni} down, up`,
            }),
          ]),
    ]);
  },
};
