// On a broadcast link hellos name a Designated Router, on a point-to-point link they do not (RFC 2328 section 9.5). The adjacency of
// one with the other becomes Full, and no route is ever computed over it.
import { type Check, finding, onHellos, speaker } from '../check.js';
import { linkOf, namingOf } from './designated-router.js';

export const networkType: Check = {
  id: 'network-type-mismatch',
  title: 'network types agree',
  protocol: 'ospf',
  decide: (facts) =>
    onHellos(facts, (port, heard) => {
      const { kni, ospf } = port;
      const mismatch = (theirs: string, evidence: string) =>
        finding('network-type-mismatch', 'error', {
          title: `network type of ${kni} differs from the neighbour's`,
          evidence: `${kni} is ${ospf.pointToPoint ? 'point-to-point' : 'broadcast'}; ${speaker(heard)} ${evidence}`,
          advice: `interface ${kni}: ip ospf network ${theirs}. The adjacency may well be Full; no route comes of it`,
        });
      const naming = namingOf(heard, linkOf(facts, port));
      if (ospf.pointToPoint)
        return naming === 'somebody' ? mismatch('broadcast', `names ${heard.hello.designated} the DR`) : null;
      return naming === 'never' ? mismatch('point-to-point', 'hears this node and names no DR') : null;
    }),
};
