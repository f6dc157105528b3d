// RFC 2328 section 10.6: a database description that names a larger MTU than ours is dropped; the adjacency stays in ExStart.
import { type Check, finding, onOspfPorts } from '../check.js';
import { foreign } from '../facts.js';
import { describeStuck, otherMtus, stateOf, stuckOn } from './adjacency.js';
import { linkOf } from './designated-router.js';

/** Of IP and ICMP. */
const headers = 20 + 8;

export const ospfMtu: Check = {
  id: 'mtu-mismatch',
  title: 'OSPF neighbours have the same MTU',
  protocol: 'ospf',
  decide: (facts) =>
    onOspfPorts(facts, (port) => {
      const { kni, device, ospf, config, wire } = port;
      const heard = foreign(port);
      const said = otherMtus(heard, ospf.mtu);
      if (said.length > 0)
        return said.map(([routerId, mtu]) =>
          finding('mtu-mismatch', config?.mtuIgnore === true ? 'warn' : 'error', {
            title: `MTU of ${kni} differs from the neighbour's`,
            evidence: `${routerId} describes its database with MTU ${mtu}, ${kni} has ${ospf.mtu}`,
            advice: `dpip link set ${device} mtu ${mtu} (the port's and the kni's), or ${ospf.mtu} on the switch; ip ospf mtu-ignore hides it`,
          }),
        );
      return stuckOn(linkOf(facts, port)).map((neighbour) => {
        const ping = `ping -M do -s ${ospf.mtu - headers} ${neighbour.address}`;
        const taken = `ip route show table local dev ${kni}, ip rule, nft list ruleset`;
        const passed = "the kni's address needs its kni_host route (dpip route show)";
        return finding('mtu-suspected', 'warn', {
          title: `the adjacency with ${neighbour.routerId} does not get beyond ${stateOf(neighbour)}`,
          ...describeStuck(neighbour, heard, { wire, mtu: ospf.mtu, ping, taken, passed }),
        });
      });
    }),
};
