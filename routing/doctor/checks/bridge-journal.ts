// Whether the bridge can write down what it is to announce.
import { type Check, finding } from '../check.js';
import { skip } from '../finding.js';

export const bridgeJournal: Check = {
  id: 'journal-unwritten',
  title: "the bridge's journal is written",
  decide: ({ bridge: { trouble, unwritten } }) => {
    if (trouble !== null) return skip('the bridge does not answer');
    if (unwritten === null) return [];
    return [
      finding('journal-unwritten', 'error', {
        title: 'the routing bridge cannot write its journal',
        evidence: unwritten,
        advice:
          'room on that file system, or mount it writable. Until then announce is refused, and a bridge that is started anew knows what was wanted before',
      }),
    ];
  },
};
