// Strict reverse-path filtering on a kni whose answers leave another way.
import { type Check, finding } from '../check.js';
import type { Facts, PortFacts } from '../facts.js';

const strict = 1;
export const defaultRoutes = ({ kernel }: Facts) =>
  kernel.routes.filter(({ destination }) => destination === '0.0.0.0/0');
export const leavesBy = (facts: Facts, { kni }: PortFacts): boolean =>
  defaultRoutes(facts).some(({ nextHops }) => nextHops.some(({ device, dead }) => device === kni && !dead));

export const reversePath: Check = {
  id: 'reverse-path',
  title: 'reverse-path filtering lets packets in on the kni',
  needs: ['kernel'],
  decide: (facts) =>
    facts.ports
      .filter((port) => port.rpFilter === strict && port.addresses.length > 0 && !leavesBy(facts, port))
      .map(({ kni }) => {
        const ways = defaultRoutes(facts).flatMap(({ nextHops }) => nextHops.map(({ device }) => device));
        return finding('reverse-path', 'warn', {
          title: `${kni} filters by reverse path, and the way back is not by it`,
          evidence: `rp_filter ${strict} (strict); the default route is ${ways.length === 0 ? 'missing' : `on ${ways.join(', ')}`}`,
          advice: `sysctl -w net.ipv4.conf.${kni.replaceAll('.', '/')}.rp_filter=2 (loose): ping and ssh to the VIP from far away fail otherwise`,
        });
      }),
};
