// RFC 5340 section 4.2.2 with RFC 2328 section 10.6: a database description that names a larger MTU than ours is dropped.
import { type Check, finding, onOspf6Ports } from '../check.js';
import { foreign6 } from '../facts.js';
import { describeStuck, otherMtus, stateOf, stuckOn } from './adjacency.js';
import { link6Of } from './designated-router.js';

/** Of IPv6 and ICMPv6. */
const headers = 40 + 8;

export const ospf6Mtu: Check = {
  id: 'ospf6-mtu-mismatch',
  title: 'OSPFv3 neighbours have the same MTU',
  protocol: 'ospf6',
  decide: (facts) =>
    onOspf6Ports(facts, (port) => {
      const { kni, device, ospf6, wire } = port;
      const heard = foreign6(port);
      const said = otherMtus(heard, ospf6.mtu);
      if (said.length > 0)
        return said.map(([routerId, mtu]) =>
          finding('ospf6-mtu-mismatch', ospf6.mtuIgnore ? 'warn' : 'error', {
            title: `MTU of ${kni} differs from the OSPFv3 neighbour's`,
            evidence: `${routerId} describes its database with MTU ${mtu}, ${kni} has ${ospf6.mtu}`,
            advice: `dpip link set ${device} mtu ${mtu} (the port's and the kni's), or ${ospf6.mtu} on the switch; ipv6 ospf6 mtu-ignore hides it`,
          }),
        );
      return stuckOn(link6Of(facts, port)).map((neighbour) => {
        const ping = `ping -6 -M do -s ${ospf6.mtu - headers} ${neighbour.address}%${kni}`;
        const taken = `ip -6 route show table local dev ${kni}, ip -6 rule, nft list ruleset`;
        const passed = 'is it filtered on the way?';
        return finding('ospf6-mtu-suspected', 'warn', {
          title: `the OSPFv3 adjacency with ${neighbour.routerId} does not get beyond ${stateOf(neighbour)}`,
          ...describeStuck(neighbour, heard, { wire, mtu: ospf6.mtu, ping, taken, passed }),
        });
      });
    }),
};
