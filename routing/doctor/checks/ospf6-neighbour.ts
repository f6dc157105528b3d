// Whether there is a Full OSPFv3 neighbour, and whether any packet of another router comes in. Why not, is for the other checks.
import { type Check, finding, onOspf6Ports } from '../check.js';
import { foreign6, neighbours6On } from '../facts.js';
import type { Finding } from '../finding.js';

export const ospf6Neighbour: Check = {
  id: 'ospf6-no-neighbour',
  title: 'an OSPFv3 neighbour is Full',
  protocol: 'ospf6',
  decide: (facts) =>
    onOspf6Ports(facts, (port) => {
      const { kni, device, wire } = port;
      const seen = neighbours6On(facts, port);
      if (seen.some(({ full }) => full)) return [];
      const states = seen.map(({ routerId, address, state }) => `${routerId} at ${address} is ${state}`);
      const others = foreign6(port).length;
      const traffic = wire.listened
        ? [`in ${wire.seconds} s ${wire.packets6.length - others} OSPFv3 packets sent, ${others} received`]
        : [];
      const found: Finding[] = [
        finding('ospf6-no-neighbour', 'error', {
          title: seen.length === 0 ? `no OSPFv3 neighbour on ${kni}` : `no OSPFv3 neighbour on ${kni} is Full`,
          evidence: [...states, ...traffic].join('; ') || 'not listened',
          advice: 'the findings on OSPFv3, below, say why; without a neighbour no IPv6 VIP is announced',
        }),
      ];
      if (wire.listened && others === 0)
        found.push(
          finding('ospf6-nothing-received', 'error', {
            title: `no OSPFv3 packet of another router arrives on ${kni}`,
            evidence: `${wire.seconds} s of tcpdump: none received`,
            advice: `OSPFv3 on the switch's port? ff02::5 filtered on the way? dpip maddr show dev ${device} -v must list 33:33:00:00:00:05. A hello interval above ${wire.seconds} s: --listen`,
          }),
        );
      return found;
    }),
};
