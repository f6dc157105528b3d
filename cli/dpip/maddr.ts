// `dpip maddr`: the words of its one command.
import { device, type Grammar, type Params, readWords } from '../common/index.js';
import { type CommandTable, show } from './action.js';

const grammar: Grammar<Params<'maddr.list'>> = { keywords: { dev: { field: 'device', read: device } } };

export const maddrCommands: CommandTable = {
  show: (words) => show({ view: 'maddr', params: readWords(grammar, words) }),
};
