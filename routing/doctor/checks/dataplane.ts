// Whether the dataplane runs and serves.
import { type Check, finding } from '../check.js';

export const dataplane: Check = {
  id: 'dataplane',
  title: 'the dataplane runs and serves',
  decide: ({ dataplane: { trouble, status } }) => {
    if (trouble !== null || status === null)
      return [
        finding('dataplane-down', 'error', {
          title: 'the dataplane does not answer',
          evidence: trouble ?? 'no status',
          advice: 'start dpvs, or say which node with --name or DPVS_NAME; its log says why it ended',
        }),
      ];
    if (status.serving) return [];
    return [
      finding('dataplane-not-serving', 'error', {
        title: 'the dataplane takes no new connections',
        evidence: status.problems.join('; ') || 'it does not say why',
        advice: 'dpip status; the bridge withdraws all VIPs while this lasts',
      }),
    ];
  },
};
