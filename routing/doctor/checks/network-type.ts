// On a broadcast link hellos name a Designated Router, on a point-to-point link they do not (RFC 2328 section 9.5). The adjacency of
// one with the other becomes Full, and no route is ever computed over it.
import { type Check, finding, onHellos, speaker } from '../check.js';

const nobody = '0.0.0.0';

export const networkType: Check = {
  id: 'network-type-mismatch',
  title: 'network types agree',
  protocol: 'ospf',
  decide: (facts) =>
    onHellos(facts, ({ kni, ospf }, heard) => {
      const { designated, neighbours } = heard.hello;
      const mismatch = (theirs: string, evidence: string) =>
        finding('network-type-mismatch', 'error', {
          title: `network type of ${kni} differs from the neighbour's`,
          evidence: `${kni} is ${ospf.pointToPoint ? 'point-to-point' : 'broadcast'}; ${speaker(heard)} ${evidence}`,
          advice: `interface ${kni}: ip ospf network ${theirs}. The adjacency may well be Full; no route comes of it`,
        });
      if (ospf.pointToPoint) return designated === nobody ? null : mismatch('broadcast', `names ${designated} the DR`);
      // While the election waits (section 9.4) nobody is named; one that hears us and has waited names one.
      const elected = /^(DR|Backup|DROther)/.test(ospf.state);
      const hearsUs = neighbours.includes(facts.ospf?.routerId ?? '');
      return designated === nobody && elected && hearsUs
        ? mismatch('point-to-point', 'hears this node and names no DR')
        : null;
    }),
};
