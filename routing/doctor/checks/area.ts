// RFC 2328 section 8.2: a packet of another area is dropped; section 10.5: so is one whose E bit says another kind of area.
import { type Check, finding, onHellos, speaker } from '../check.js';

export const area: Check = {
  id: 'area-mismatch',
  title: 'areas agree',
  decide: (facts) =>
    onHellos(facts, ({ kni, ospf }, heard) => {
      if (heard.packet.area !== ospf.area)
        return finding('area-mismatch', 'error', {
          title: `area of ${kni} differs from the neighbour's`,
          evidence: `${speaker(heard)} is in area ${heard.packet.area}, ${kni} in ${ospf.area}`,
          advice: `router ospf: network … area ${heard.packet.area}`,
        });
      if (heard.hello.external !== ospf.stub) return null;
      return finding('area-type-mismatch', 'error', {
        title: `one side takes area ${ospf.area} for a stub, the other does not`,
        evidence: `${speaker(heard)} sends the E bit ${heard.hello.external ? 'set' : 'clear'}`,
        advice: `router ospf: ${ospf.stub ? 'no ' : ''}area ${ospf.area} stub`,
      });
    }),
};
