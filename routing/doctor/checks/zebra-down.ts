// Whether zebra runs: every routing daemon learns of addresses through it, and gives its routes to it.
import type { Check } from '../check.js';
import { daemonDown } from './daemon-down.js';

export const zebraDown: Check = {
  id: 'zebra-down',
  title: 'zebra runs',
  needs: ['daemons'],
  decide: ({ daemons: { zebra } }) => (zebra === null ? [] : [daemonDown('zebra', zebra)]),
};
