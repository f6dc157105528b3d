// `dpip addr`: the words of its commands.
import {
  type AddressSpec,
  address,
  addressWithLength,
  device,
  type Grammar,
  integer,
  quote,
  readWords,
  UsageError,
} from '../common/index.js';
import { type CommandTable, change, type Family, show } from './action.js';
import { checkFamily } from './family.js';

type AddressScope = NonNullable<AddressSpec['scope']>;

// The reference's numbers (rtnetlink's order, counted from 0).
const scopeNumbers: Readonly<Record<string, AddressScope>> = { '0': 'global', '2': 'link', '3': 'host' };

function addressScope(word: string): AddressScope {
  if (word === 'host' || word === 'link' || word === 'global') return word;
  if (Object.hasOwn(scopeNumbers, word)) return scopeNumbers[word];
  throw new UsageError(`invalid scope ${quote(word)} (host, link, global)`);
}

function lifetime(word: string): number | 'forever' {
  return word === 'forever' ? word : integer(word, 'lifetime', 0, 0xffffffff);
}

interface AddressWords {
  ifaddr: { address: string; prefixLength: number };
  device: string;
  scope: AddressScope;
  broadcast: string;
  sapool: boolean;
  validLifetime: number | 'forever';
  preferredLifetime: number | 'forever';
}

const dev = { field: 'device', read: device } as const;
const ifaddr = { name: 'IFADDR', field: 'ifaddr', read: (word: string) => addressWithLength(word) } as const;
const needed = [
  { field: 'ifaddr', word: 'IFADDR' },
  { field: 'device', word: "'dev STRING'" },
] as const;

const addGrammar: Grammar<AddressWords> = {
  bare: ifaddr,
  keywords: {
    dev,
    scope: { field: 'scope', read: addressScope },
    broadcast: { field: 'broadcast', read: (word) => address(word, 'broadcast address') },
    sapool: { field: 'sapool', means: true },
    valid_lft: { field: 'validLifetime', read: lifetime },
    preferred_lft: { field: 'preferredLifetime', read: lifetime },
    // The reference's help says preferred_lft, its parser wants this one.
    prefered_lft: { field: 'preferredLifetime', read: lifetime },
  },
  required: needed,
};

const deviceGrammar: Grammar<AddressWords> = { keywords: { dev } };

function specOf(words: readonly string[], family: Family): AddressSpec {
  const { ifaddr: given, device: onDevice, ...rest } = readWords(addGrammar, words);
  checkFamily(family, given!.address);
  if (rest.broadcast !== undefined) checkFamily(family, rest.broadcast);
  return { ...given!, device: onDevice!, ...rest };
}

export const addressCommands: CommandTable = {
  add: (words, family) => change({ method: 'addr.add', params: specOf(words, family) }),
  set: (words, family) => change({ method: 'addr.set', params: specOf(words, family) }),
  // Words of `add` that are no part of the key are read and left out, as the reference does.
  del: (words, family) => {
    const { address: ip, prefixLength, device: onDevice } = specOf(words, family);
    return change({ method: 'addr.del', params: { address: ip, prefixLength, device: onDevice } });
  },
  flush: (words) => {
    const { device: onDevice } = readWords({ ...deviceGrammar, required: [needed[1]] }, words);
    return change({ method: 'addr.flush', params: { device: onDevice! } });
  },
  show: (words, family) => show({ view: 'addr', params: { ...readWords(deviceGrammar, words), family } }),
};
