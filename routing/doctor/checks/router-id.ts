// Two routers with one router id: they ignore each other's hellos, or fight over one LSA.
import { type Check, finding, onHellos } from '../check.js';
import { foreignHellos } from '../facts.js';

export const routerId: Check = {
  id: 'duplicate-router-id',
  title: 'router ids differ',
  protocol: 'ospf',
  decide: (facts) =>
    onHellos(facts, (port, { packet, source }) => {
      if (packet.routerId === facts.ospf?.routerId)
        return finding('duplicate-router-id', 'error', {
          title: `another router has the router id of this one`,
          evidence: `hello of ${packet.routerId} from ${source}, which is not an address of this node`,
          advice:
            'router ospf: ospf router-id, unique in the area (the LAN address of the node, say); then clear ip ospf process',
        });
      const first = foreignHellos(port).find((each) => each.packet.routerId === packet.routerId);
      if (first === undefined || first.source === source) return null;
      return finding('duplicate-router-id', 'error', {
        title: `two other routers share the router id ${packet.routerId}`,
        evidence: `hellos from ${first.source} and from ${source}`,
        advice: 'give one of them another router id',
      });
    }),
};
