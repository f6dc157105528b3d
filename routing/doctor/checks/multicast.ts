// Whether the kernel has joined AllSPFRouters on the kni: without it neither the port nor ospfd takes a hello.
import { type Check, finding, onOspfPorts } from '../check.js';

const allSpfRouters = '224.0.0.5';

export const multicast: Check = {
  id: 'multicast-not-joined',
  title: `${allSpfRouters} is joined on the kni`,
  protocol: 'ospf',
  decide: (facts) =>
    onOspfPorts(facts, ({ kni, kernel, config, groups }) =>
      kernel === null || groups === null || groups.includes(allSpfRouters) || config?.passive === true
        ? []
        : [
            finding('multicast-not-joined', 'error', {
              title: `${kni} has not joined ${allSpfRouters}`,
              evidence: `/proc/net/igmp: ${groups.join(', ') || 'nothing'}`,
              advice: `restart ospfd; ip link show ${kni} must say MULTICAST`,
            }),
          ],
    ),
};
