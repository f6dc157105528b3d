// `dpip route`: the words of its commands.
import {
  address,
  addressWithLength,
  device,
  type Grammar,
  integer,
  notSupported,
  quote,
  type RouteSpec,
  readWords,
  type Scope,
  UsageError,
} from '../common/index.js';
import { type CommandTable, change, type Family, show } from './action.js';
import { checkFamily, familyOfAddress } from './family.js';

// The reference's numbers; 0 means "by the gateway", as leaving the word out does.
const scopeNumbers: Readonly<Record<string, Scope>> = { '1': 'host', '2': 'kni_host', '3': 'link', '4': 'global' };

function routeScope(word: string): Scope {
  if (word === 'host' || word === 'kni_host' || word === 'link' || word === 'global') return word;
  if (Object.hasOwn(scopeNumbers, word)) return scopeNumbers[word];
  throw new UsageError(`invalid scope ${quote(word)} (host, kni_host, link, global)`);
}

interface RouteWords {
  /** Null for `default`, whose family the rest of the line tells. */
  destination: { address: string; prefixLength: number } | 'default';
  gateway: string;
  source: string;
  device: string;
  scope: Scope;
  mtu: number;
  metric: number;
}

const dev = { field: 'device', read: device } as const;
const devNeeded = { field: 'device', word: "'dev IFNAME'" } as const;

const routeGrammar: Grammar<RouteWords> = {
  bare: {
    name: 'PREFIX',
    field: 'destination',
    read: (word) => (word === 'default' ? word : addressWithLength(word, 'prefix')),
  },
  keywords: {
    via: { field: 'gateway', read: (word) => address(word, 'gateway') },
    dev,
    src: { field: 'source', read: (word) => address(word, 'source address') },
    scope: { field: 'scope', read: routeScope },
    local: { field: 'scope', means: 'host' },
    mtu: { field: 'mtu', read: (word) => integer(word, 'mtu', 68, 9000) },
    metric: { field: 'metric', read: (word) => integer(word, 'metric', 0, 0xffffffff) },
  },
  required: [{ field: 'destination', word: 'PREFIX' }, devNeeded],
};

const deviceGrammar: Grammar<RouteWords> = { keywords: { dev } };

function specOf(words: readonly string[], family: Family): RouteSpec {
  const { destination: given, device: onDevice, ...rest } = readWords(routeGrammar, words);
  const destination = given as RouteWords['destination'];
  const hint = rest.gateway ?? rest.source;
  let own = family ?? (hint === undefined ? 'inet' : familyOfAddress(hint));
  if (destination !== 'default') own = familyOfAddress(destination.address);
  if (family !== undefined && own !== family) checkFamily(family, (destination as { address: string }).address);
  for (const ip of [rest.gateway, rest.source]) if (ip !== undefined) checkFamily(own, ip);
  const prefix =
    destination === 'default'
      ? own === 'inet'
        ? '0.0.0.0/0'
        : '::/0'
      : `${destination.address}/${destination.prefixLength}`;
  return { destination: prefix, device: onDevice!, ...rest };
}

export const routeCommands: CommandTable = {
  add: (words, family) => change({ method: 'route.add', params: specOf(words, family) }),
  del: (words, family) => change({ method: 'route.del', params: specOf(words, family) }),
  set: () => {
    // So does the reference.
    throw notSupported('route set; del and add it');
  },
  flush: (words) => {
    const { device: onDevice } = readWords({ ...deviceGrammar, required: [devNeeded] }, words);
    return change({ method: 'route.flush', params: { device: onDevice! } });
  },
  show: (words, family) => show({ view: 'route', params: { ...readWords(deviceGrammar, words), family } }),
};
