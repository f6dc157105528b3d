// Whether zebra runs: every routing daemon learns of addresses through it, and gives its routes to it.
import { type Check, finding } from '../check.js';

export const zebraDown: Check = {
  id: 'zebra-down',
  title: 'zebra runs',
  needs: ['daemons'],
  decide: ({ daemons }) =>
    daemons.zebra === null
      ? []
      : [
          finding('zebra-down', 'error', {
            title: 'zebra does not run',
            evidence: daemons.zebra,
            advice:
              'start it before the routing daemon, which learns of addresses through it; --frr-namespace if it was started with -N',
          }),
        ],
};
