// RFC 2328 section 10.6: a database description that names a larger MTU than ours is dropped; the adjacency stays in ExStart.
import { type Check, finding, onOspfPorts } from '../check.js';
import { foreign, neighboursOn } from '../facts.js';
import { isStuck, otherMtus } from './described-mtu.js';

export const ospfMtu: Check = {
  id: 'mtu-mismatch',
  title: 'OSPF neighbours have the same MTU',
  protocol: 'ospf',
  decide: (facts) =>
    onOspfPorts(facts, (port) => {
      const { kni, ospf, config } = port;
      const said = otherMtus(foreign(port), ospf.mtu);
      if (said.length > 0)
        return said.map(([routerId, mtu]) =>
          finding('mtu-mismatch', config?.mtuIgnore === true ? 'warn' : 'error', {
            title: `MTU of ${kni} differs from the neighbour's`,
            evidence: `${routerId} describes its database with MTU ${mtu}, ${kni} has ${ospf.mtu}`,
            advice: `the same MTU on both sides (dpip link set changes the port's and the kni's); ip ospf mtu-ignore hides it`,
          }),
        );
      return neighboursOn(facts, port)
        .filter(isStuck)
        .map(({ routerId, state }) =>
          finding('mtu-suspected', 'warn', {
            title: `the adjacency with ${routerId} does not get beyond ${state.split('/')[0]}`,
            evidence: `MTU ${ospf.mtu} on ${kni}; no database description with another one was heard`,
            advice: "compare the MTU with the switch's; unicast to the kni's own address needs its kni_host route",
          }),
        );
    }),
};
