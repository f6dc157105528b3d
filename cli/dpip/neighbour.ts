// `dpip neigh`: the words of its commands.
import { address, device, type Grammar, macAddress, readWords } from '../common/index.js';
import { type CommandTable, change, type Family, show } from './action.js';
import { checkFamily } from './family.js';

interface NeighbourWords {
  address: string;
  mac: string;
  device: string;
}

const dev = { field: 'device', read: device } as const;
const keyGrammar: Grammar<NeighbourWords> = {
  bare: { name: 'ADDR', field: 'address', read: (word) => address(word) },
  keywords: { dev, lladdr: { field: 'mac', read: macAddress } },
  required: [
    { field: 'address', word: 'ADDR' },
    { field: 'device', word: "'dev IFNAME'" },
  ],
};
const addGrammar: Grammar<NeighbourWords> = {
  ...keyGrammar,
  required: [...(keyGrammar.required ?? []), { field: 'mac', word: "'lladdr MAC'" }],
};
const deviceGrammar: Grammar<NeighbourWords> = { keywords: { dev } };

function key(grammar: Grammar<NeighbourWords>, words: readonly string[], family: Family): NeighbourWords {
  const fields = readWords(grammar, words);
  checkFamily(family, fields.address!);
  return fields as NeighbourWords;
}

export const neighbourCommands: CommandTable = {
  add: (words, family) => change({ method: 'neigh.add', params: key(addGrammar, words, family) }),
  del: (words, family) => {
    // The MAC is no part of the key; the reference lets it stand.
    const { address: ip, device: onDevice } = key(keyGrammar, words, family);
    return change({ method: 'neigh.del', params: { address: ip, device: onDevice } });
  },
  flush: (words) => change({ method: 'neigh.flush', params: readWords(deviceGrammar, words) }),
  show: (words) => show({ view: 'neigh', params: readWords(deviceGrammar, words) }),
};
