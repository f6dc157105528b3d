// RFC 5340 section 4.2.2 with RFC 2328 section 10.6: a database description that names a larger MTU than ours is dropped.
import { type Check, finding, onOspf6Ports } from '../check.js';
import { foreign6, neighbours6On } from '../facts.js';
import { isStuck, otherMtus } from './described-mtu.js';

export const ospf6Mtu: Check = {
  id: 'ospf6-mtu-mismatch',
  title: 'OSPFv3 neighbours have the same MTU',
  protocol: 'ospf6',
  decide: (facts) =>
    onOspf6Ports(facts, (port) => {
      const { kni, ospf6 } = port;
      const said = otherMtus(foreign6(port), ospf6.mtu);
      if (said.length > 0)
        return said.map(([routerId, mtu]) =>
          finding('ospf6-mtu-mismatch', ospf6.mtuIgnore ? 'warn' : 'error', {
            title: `MTU of ${kni} differs from the OSPFv3 neighbour's`,
            evidence: `${routerId} describes its database with MTU ${mtu}, ${kni} has ${ospf6.mtu}`,
            advice: `the same MTU on both sides (the port's in dpvs.conf and the switch's); ipv6 ospf6 mtu-ignore hides it`,
          }),
        );
      return neighbours6On(facts, port)
        .filter(isStuck)
        .map(({ routerId, state }) =>
          finding('ospf6-mtu-suspected', 'warn', {
            title: `the OSPFv3 adjacency with ${routerId} does not get beyond ${state}`,
            evidence: `MTU ${ospf6.mtu} on ${kni}; no database description with another one was heard`,
            advice: "compare the MTU with the switch's; does unicast to the kni's link-local address arrive?",
          }),
        );
    }),
};
