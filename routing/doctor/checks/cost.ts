// A cost that ospfd derived from the kni's speed, which says nothing of the port's.
import { type Check, finding, onOspfPorts } from '../check.js';

export const cost: Check = {
  id: 'cost-from-kni-speed',
  title: 'the interface cost is explicit, or the speed is right',
  protocol: 'ospf',
  decide: (facts) =>
    onOspfPorts(facts, ({ kni, device, ospf, config, link }) => {
      if (config === null || config.cost !== null) return [];
      if (link !== null && link.speedMbps === ospf.bandwidthMbit) return [];
      const speed = link === null ? `the speed of ${device} is not known` : `${device} has ${link.speedMbps} Mb/s`;
      return [
        finding('cost-from-kni-speed', 'warn', {
          title: `the OSPF cost of ${kni} comes from its speed, not the port's`,
          evidence: `cost ${ospf.cost} from ${ospf.bandwidthMbit} Mb/s; ${speed}`,
          advice: `interface ${kni}: ip ospf cost N, the same on every node, or the switch has no ECMP over them`,
        }),
      ];
    }),
};
