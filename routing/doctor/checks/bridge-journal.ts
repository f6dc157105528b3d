// Whether the bridge can write down what it is to announce, and read it when it starts.
import { type Check, finding } from '../check.js';
import { skip } from '../finding.js';

export const bridgeJournal: Check = {
  id: 'bridge-journal',
  title: "the bridge's journal is read and written",
  decide: ({ bridge: { trouble, unwritten, unread } }) => {
    if (unread !== null) {
      const [evidence, ...advice] = unread.split('\n');
      return [
        finding('journal-unreadable', 'error', {
          title: "the routing bridge's journal cannot be read: it does not start with it",
          evidence,
          advice: advice.join(' ').trim() || 'the file and its permissions; doctor asks as root',
        }),
      ];
    }
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
