// RFC 2328 section 10.5: a hello with another RouterDeadInterval is dropped.
import { type Check, finding, onHellos, speaker } from '../check.js';

export const deadInterval: Check = {
  id: 'dead-mismatch',
  title: 'dead intervals agree',
  protocol: 'ospf',
  decide: (facts) =>
    onHellos(facts, ({ kni, ospf }, heard) =>
      heard.hello.deadInterval === ospf.dead
        ? null
        : finding('dead-mismatch', 'error', {
            title: `dead interval on ${kni} differs from the neighbour's`,
            evidence: `${speaker(heard)} says ${heard.hello.deadInterval} s, ${kni} has ${ospf.dead} s`,
            advice: `interface ${kni}: ip ospf dead-interval ${heard.hello.deadInterval}`,
          }),
    ),
};
