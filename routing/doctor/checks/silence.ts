// Whether any OSPF packet of another router comes in at all.
import { type Check, finding, onOspfPorts } from '../check.js';
import { foreign, neighboursOn, ospfPorts } from '../facts.js';
import { skip } from '../finding.js';

export const silence: Check = {
  id: 'nothing-received',
  title: 'hellos of other routers arrive',
  protocol: 'ospf',
  decide: (facts) => {
    const wires = ospfPorts(facts).map(({ wire }) => wire);
    const [first] = wires;
    if (first !== undefined && !first.listened && wires.every(({ listened }) => !listened)) return skip(first.why);
    return onOspfPorts(facts, (port) => {
      if (!port.wire.listened || foreign(port).length > 0) return [];
      // A neighbour that is Full proves that they come, if seldom.
      if (neighboursOn(facts, port).some(({ full }) => full)) return [];
      const { seconds, packets } = port.wire;
      return [
        finding('nothing-received', 'error', {
          title: `no OSPF packet of another router arrives on ${port.kni}`,
          evidence: `${seconds} s of tcpdump: ${packets.length} sent from here, none received${
            port.link === null
              ? ''
              : `; ${port.device} has received ${port.link.stats.ipackets} packets since its start`
          }`,
          advice: `OSPF on the switch's port? its VLAN? multicast filtered on the way? Do they reach the port (dpip link show ${port.device} -s) but not the kni: dpip maddr show dev ${port.device} -v must list 01:00:5e:00:00:05, else dpip link set ${port.device} allmulticast on. A hello interval above ${seconds} s: --listen`,
        }),
      ];
    });
  },
};
