// RFC 2328 section 8.2: a packet of another area is dropped; section 10.5 and RFC 3101 section 2.4: so is a hello whose E and N bits say
// another kind of area.
import { type Check, finding, onHellos, speaker } from '../check.js';
import type { AreaKind } from '../ospf-state.js';

const words: Record<AreaKind, string> = { normal: 'no stub', stub: 'a stub', nssa: 'an NSSA' };

export const area: Check = {
  id: 'area-mismatch',
  title: 'areas agree',
  protocol: 'ospf',
  decide: (facts) =>
    onHellos(facts, ({ kni, ospf }, heard) => {
      if (heard.packet.area !== ospf.area)
        return finding('area-mismatch', 'error', {
          title: `area of ${kni} differs from the neighbour's`,
          evidence: `${speaker(heard)} is in area ${heard.packet.area}, ${kni} in ${ospf.area}`,
          advice: `router ospf: network … area ${heard.packet.area}`,
        });
      const theirs = areaKindOf(heard.hello);
      if (theirs === ospf.areaKind) return null;
      return finding('area-type-mismatch', 'error', {
        title: `area ${ospf.area} is ${words[theirs]} to the neighbour and ${words[ospf.areaKind]} here`,
        evidence: `${speaker(heard)} sends the E bit ${heard.hello.external ? 'set' : 'clear'}, the N bit ${heard.hello.nssa ? 'set' : 'clear'}`,
        advice: `router ospf: ${theirs === 'normal' ? `no area ${ospf.area} ${ospf.areaKind}` : `area ${ospf.area} ${theirs}`}`,
      });
    }),
};

export const areaKindOf = ({ external, nssa }: { external: boolean; nssa: boolean }): AreaKind =>
  external ? 'normal' : nssa ? 'nssa' : 'stub';
