// `dpip link`: the words of its commands. Its `set` has items of several shapes, so it is read by hand.
import { device, integer, macAddress, notSupported, onOff, type Params, quote, UsageError } from '../common/index.js';
import { type CommandTable, change, show } from './action.js';

type LinkSet = Omit<Params<'link.set'>, 'name'>;

/** Items with on or off, as the field of the request they fill. */
const switches = { promisc: 'promisc', allmulticast: 'allmulticast', forward2kni: 'forward2kni' } as const;
/** Items of the reference that this node has not built. */
const unbuilt = new Set([
  'tc-egress',
  'tc-ingress',
  'lldp',
  'bond-mode',
  'bond-slave',
  'bond-primary',
  'bond-xmit-policy',
  'bond-monitor-interval',
  'bond-link-up-prop',
  'bond-link-down-prop',
]);

/** Items with a value of their own kind. */
const values: Readonly<Record<string, (word: string) => LinkSet>> = {
  addr: (word) => ({ mac: macAddress(word) }),
  mtu: (word) => ({ mtu: integer(word, 'mtu', 68, 9000) }),
};

/** The next item and what it sets. */
function readItem(item: string, next: () => string | undefined): LinkSet {
  if (item === 'up' || item === 'down') return { up: item === 'up' };
  const isSwitch = Object.hasOwn(switches, item);
  if (!isSwitch && !Object.hasOwn(values, item)) {
    if (unbuilt.has(item)) throw notSupported(`link set ${item}`);
    throw new UsageError(`invalid item ${quote(item)}`);
  }
  const word = next();
  if (word === undefined) throw new UsageError(`missing value for ${quote(item)}`);
  return isSwitch ? { [switches[item as keyof typeof switches]]: onOff(word, item) } : values[item](word);
}

function setLink(words: readonly string[]): Params<'link.set'> {
  const [name, ...items] = words;
  if (name === undefined) throw new UsageError('missing DEV');
  let params: Params<'link.set'> = { name: device(name) };
  if (items.length === 0) throw new UsageError('missing ITEM');
  while (items.length > 0) {
    const item = items.shift()!;
    const given = readItem(item, () => items.shift());
    if (Object.keys(given).some((field) => Object.hasOwn(params, field)))
      throw new UsageError(`${quote(item)} is already given`);
    params = { ...params, ...given };
  }
  return params;
}

export const linkCommands: CommandTable = {
  set: (words) => change({ method: 'link.set', params: setLink(words) }),
  show: (words) => {
    const [name, ...rest] = words;
    if (rest[0] === 'status') throw notSupported('link show BOND status');
    if (rest.length > 0) throw new UsageError(`too many arguments: ${quote(rest[0])}`);
    if (name === undefined) return show({ view: 'link', params: {} });
    const cpu = /^cpu(\d{0,4})$/.exec(name);
    if (cpu !== null) return show({ view: 'cpu', cpu: cpu[1] === '' ? undefined : Number(cpu[1]) });
    return show({ view: 'link', params: { name: device(name) } });
  },
  add: () => {
    throw notSupported('link add: bonding');
  },
  del: () => {
    throw notSupported('link del: bonding');
  },
};
