// RFC 2328 section 10.5: a hello with another network mask is dropped, except on point-to-point links.
import { type Check, finding, onHellos, speaker } from '../check.js';

export const netmask: Check = {
  id: 'netmask-mismatch',
  title: 'network masks agree',
  protocol: 'ospf',
  needs: ['kernel'],
  decide: (facts) =>
    onHellos(facts, ({ kni, ospf, addresses }, heard) => {
      if (ospf.pointToPoint) return null;
      const networks = addresses.filter(({ prefixLength }) => prefixLength < 32);
      if (networks.length === 0 || networks.some(({ prefixLength }) => maskOf(prefixLength) === heard.hello.mask))
        return null;
      return finding('netmask-mismatch', 'error', {
        title: `network mask on ${kni} differs from the neighbour's`,
        evidence: `${speaker(heard)} says ${heard.hello.mask}; on ${kni}: ${networks.map((n) => `${n.address}/${n.prefixLength}`).join(', ')}`,
        advice: `give ${kni} its address with the mask of the switch's`,
      });
    }),
};

export const maskOf = (length: number): string =>
  [0, 1, 2, 3].map((i) => 256 - 2 ** (8 - Math.max(0, Math.min(8, length - 8 * i)))).join('.');
