// Every address on a kni needs its kni_host route, or the dataplane keeps what is meant for the kernel.
import { type Check, finding } from '../check.js';
import { skip } from '../finding.js';

export const kniRoute: Check = {
  id: 'kni-host-missing',
  title: 'each address on a kni has its kni_host route',
  needs: ['kernel'],
  decide: ({ dataplane, ports }) => {
    if (dataplane.trouble !== null) return skip('the dataplane does not answer');
    return ports.flatMap(({ device, kni, addresses }) =>
      addresses
        .filter(
          ({ address }) =>
            !dataplane.routes.some(
              (route) => route.destination === `${address}/32` && route.scope === 'kni_host' && route.device === device,
            ),
        )
        .map(({ address, prefixLength }) =>
          finding('kni-host-missing', 'error', {
            title: `the dataplane has no kni_host route to ${address}`,
            evidence: `${address}/${prefixLength} is on ${kni}; dpip route show has no such route on ${device}`,
            advice: `dpip route add ${address}/32 dev ${device} scope kni_host`,
          }),
        ),
    );
  },
};
