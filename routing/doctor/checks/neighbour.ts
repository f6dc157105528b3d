// Whether there is a Full neighbour. Why not, is for the other checks; here is what was seen and heard.
import { type Check, finding, type OspfPort, onOspfPorts } from '../check.js';
import { foreign, neighboursOn } from '../facts.js';

export const neighbour: Check = {
  id: 'no-neighbour',
  title: 'an OSPF neighbour is Full',
  protocol: 'ospf',
  decide: (facts) =>
    onOspfPorts(facts, (port) => {
      const seen = neighboursOn(facts, port);
      // 2-Way is the end of the road between two routers that are neither DR nor Backup (RFC 2328 section 10.4).
      if (seen.some(({ full }) => full)) return [];
      const states = seen.map(({ routerId, address, state }) => `${routerId} at ${address} is ${state}`).join(', ');
      return [
        finding('no-neighbour', 'error', {
          title: seen.length === 0 ? `no OSPF neighbour on ${port.kni}` : `no neighbour on ${port.kni} is Full`,
          evidence: [states, traffic(port)].filter((part) => part !== '').join('; '),
          advice: 'the findings below say why; without a neighbour nothing is announced',
        }),
      ];
    }),
};

function traffic(port: OspfPort): string {
  if (!port.wire.listened) return '';
  const { packets, seconds } = port.wire;
  const others = foreign(port).length;
  return `in ${seconds} s ${packets.length - others} OSPF packets sent, ${others} received`;
}
