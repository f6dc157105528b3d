// The kni's MTU against the port's: ospfd believes the kni, the wire obeys the port.
import { type Check, finding } from '../check.js';

export const kniMtu: Check = {
  id: 'kni-mtu',
  title: "each kni has its port's MTU",
  needs: ['kernel'],
  decide: ({ ports }) =>
    ports.flatMap(({ kni, device, link, kernel }) =>
      link === null || kernel === null || link.mtu === kernel.mtu
        ? []
        : [
            finding('kni-mtu', kernel.mtu > link.mtu ? 'error' : 'warn', {
              title: `${kni} and ${device} have different MTUs`,
              evidence: `${kni} ${kernel.mtu}, ${device} ${link.mtu}`,
              advice: `ip link set ${kni} mtu ${link.mtu}; what the kernel sends beyond the port's is dropped`,
            }),
          ],
    ),
};
