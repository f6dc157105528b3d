// Whether zebra and ospfd run, and ospfd is a router.
import { type Check, finding } from '../check.js';
import type { Finding } from '../finding.js';

export const ospfdDown: Check = {
  id: 'ospfd-down',
  title: 'zebra and ospfd run',
  decide: ({ daemons, ospf }) => {
    const found: Finding[] = [];
    if (daemons.zebra !== null)
      found.push(
        finding('zebra-down', 'error', {
          title: 'zebra does not run',
          evidence: daemons.zebra,
          advice:
            'start it before ospfd, which learns of addresses through it; --frr-namespace if it was started with -N',
        }),
      );
    if (daemons.ospfd !== null)
      found.push(
        finding('ospfd-down', 'error', {
          title: 'ospfd does not run',
          evidence: daemons.ospfd,
          advice: 'start it (ospfd=yes in /etc/frr/daemons); --frr-namespace if it was started with -N',
        }),
      );
    else if (ospf !== null && !ospf.config.routerOspf)
      found.push(
        finding('ospf-not-configured', 'error', {
          title: 'ospfd has no `router ospf`',
          evidence: 'show running-config of ospfd',
          advice: 'dpvs-route config --out /etc/frr writes a configuration',
        }),
      );
    return found;
  },
};
