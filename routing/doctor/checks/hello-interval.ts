// RFC 2328 section 10.5: a hello with another HelloInterval is dropped.
import { type Check, finding, onHellos, speaker } from '../check.js';

export const helloInterval: Check = {
  id: 'hello-mismatch',
  title: 'hello intervals agree',
  protocol: 'ospf',
  decide: (facts) =>
    onHellos(facts, ({ kni, ospf }, heard) =>
      // Below a second (`dead-interval minimal`) the interval in the packet is 0.
      heard.hello.helloInterval === Math.floor(ospf.hello)
        ? null
        : finding('hello-mismatch', 'error', {
            title: `hello interval on ${kni} differs from the neighbour's`,
            evidence: `${speaker(heard)} says ${heard.hello.helloInterval} s, ${kni} has ${ospf.hello} s`,
            advice: `interface ${kni}: ip ospf hello-interval ${heard.hello.helloInterval}`,
          }),
    ),
};
