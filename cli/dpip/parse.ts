// argv → action: finds the object and its command, hands the remaining words to the object's own reader.
import { type DpvsError, notSupported, quote, scanOptions, UsageError } from '../common/index.js';
import type { Action, CommandTable } from './action.js';
import { addressCommands } from './address.js';
import { linkCommands } from './link.js';
import { maddrCommands } from './maddr.js';
import { neighbourCommands } from './neighbour.js';
import { type Options, optionTable, readOptions } from './options.js';
import { slowPathCommands, verbs } from './own.js';
import { routeCommands } from './route.js';

export const objects: Readonly<Record<string, CommandTable>> = {
  addr: addressCommands,
  route: routeCommands,
  neigh: neighbourCommands,
  link: linkCommands,
  maddr: maddrCommands,
  slowpath: slowPathCommands,
};

/** The reference's objects that this node has not built. */
export const unbuiltObjects: readonly string[] = [
  'vlan',
  'tunnel',
  'qsch',
  'cls',
  'ipv6',
  'iftraf',
  'eal-mem',
  'ipset',
  'flow',
  'lldp',
];

const synonyms: Readonly<Record<string, string>> = { list: 'show', change: 'set' };
const referenceCommands = new Set([
  'create',
  'destroy',
  'replace',
  'test',
  'enable',
  'disable',
  'add',
  'del',
  'set',
  'show',
  'flush',
]);

export interface Line {
  readonly options: Options;
  readonly action: Action;
}

function commandOf(object: string, words: readonly string[], options: Options): Action {
  const [word, ...rest] = words;
  if (word === 'help' || options.help) return { do: 'help', topic: object };
  if (Object.hasOwn(verbs, object)) return verbs[object](words);
  const table = objects[object];
  // Like iproute2, an object alone is shown.
  const name = word === undefined ? 'show' : Object.hasOwn(synonyms, word) ? synonyms[word] : word;
  if (Object.hasOwn(table, name)) return table[name](rest, options.family);
  if (word === undefined) throw new UsageError(`missing command: ${Object.keys(table).join(', ')}`);
  if (referenceCommands.has(name)) throw notSupported(`${object} ${name}`);
  throw new UsageError(`invalid command ${quote(word)}`);
}

/** The message, with where to look for the words that are right. */
function withHint(error: DpvsError, object: string): DpvsError {
  return error instanceof UsageError && error.hint === ''
    ? new UsageError(error.message, `see 'dpip ${object === '' ? '' : `${object} `}help'`)
    : error;
}

/** @throws {DpvsError} `usage` or `not_support`, and nothing else */
export function parseLine(argv: readonly string[]): Line {
  let object: string | undefined;
  try {
    const { options: given, words } = scanOptions(optionTable, argv);
    const options = readOptions(given);
    if (options.version) return { options, action: { do: 'version' } };
    let rest: readonly string[];
    [object, ...rest] = words;
    if (object === undefined) {
      if (options.help) return { options, action: { do: 'help', topic: undefined } };
      throw new UsageError('missing OBJECT');
    }
    if (object === 'help') return { options, action: { do: 'help', topic: rest[0] } };
    if (Object.hasOwn(objects, object) || Object.hasOwn(verbs, object))
      return { options, action: commandOf(object, rest, options) };
    const unknown = object;
    object = undefined;
    if (unbuiltObjects.includes(unknown)) throw notSupported(`object ${quote(unknown)} is not built yet`);
    throw new UsageError(`invalid object ${quote(unknown)}`);
  } catch (error) {
    if (error instanceof UsageError) throw withHint(error, object ?? '');
    throw error;
  }
}
