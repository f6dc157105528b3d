// The size of our router-LSA: beyond the MTU it travels in IP fragments.
import { type Check, finding } from '../check.js';
import { ospfPorts } from '../facts.js';
import { skip } from '../finding.js';

/** IP and OSPF headers and the count of LSAs (RFC 2328 A.3.5), with the digest of MD5. */
const overhead = 20 + 24 + 4 + 16;
const nearly = 0.8;

export const routerLsa: Check = {
  id: 'router-lsa-size',
  title: 'the router-LSA fits a packet',
  protocol: 'ospf',
  decide: (facts) => {
    const { ospf } = facts;
    if (ospf === null) return skip('ospfd does not answer');
    const mtu = Math.min(1500, ...ospfPorts(facts).map((port) => port.ospf.mtu));
    return ospf.routerLsas
      .filter(({ length }) => length + overhead > mtu * nearly)
      .map(({ area, length, stubs, links }) => {
        const over = length + overhead > mtu;
        return finding('router-lsa-size', over ? 'warn' : 'info', {
          title: `the router-LSA of area ${area} ${over ? 'exceeds' : 'comes near'} the MTU`,
          evidence: `${length} bytes, ${links} links, ${stubs} of them stubs; MTU ${mtu}`,
          advice: `${over ? 'it travels in IP fragments, which every device on the way must pass' : 'a link more is 12 bytes more'}; as type-5 LSAs (redistribute form) each VIP has one of its own`,
        });
      });
  },
};
