// `dpip link`: the words of its commands. Its `set` has items of two shapes, so it is read by hand.
import { device, notSupported, onOff, type Params, quote, UsageError } from '../common/index.js';
import { type CommandTable, change, show } from './action.js';

type LinkSet = { -readonly [K in keyof Params<'link.set'>]: Params<'link.set'>[K] };

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

/** Items that change the port and its kni together, and that a port has from its start. */
const fromTheStart: Readonly<Record<string, string>> = {
  addr: 'link set addr: a port keeps the MAC of its device while dpvs runs',
  mtu: 'link set mtu: it is the mtu of the device in dpvs.conf, taken when dpvs starts',
};

function setLink(words: readonly string[]): Params<'link.set'> {
  const [name, ...rest] = words;
  if (name === undefined) throw new UsageError('missing DEV');
  const params: LinkSet = { name: device(name) };
  if (rest.length === 0) throw new UsageError('missing ITEM');
  const items = [...rest];
  while (items.length > 0) {
    const item = items.shift()!;
    let field: 'up' | 'promisc' | 'allmulticast' | 'forward2kni';
    let value: boolean;
    if (item === 'up' || item === 'down') {
      field = 'up';
      value = item === 'up';
    } else if (Object.hasOwn(switches, item)) {
      field = switches[item as keyof typeof switches];
      const word = items.shift();
      if (word === undefined) throw new UsageError(`missing value for ${quote(item)}`);
      value = onOff(word, item);
    } else if (Object.hasOwn(fromTheStart, item)) throw notSupported(fromTheStart[item]);
    else if (unbuilt.has(item)) throw notSupported(`link set ${item}`);
    else throw new UsageError(`invalid item ${quote(item)}`);
    if (params[field] !== undefined) throw new UsageError(`${quote(item)} is already given`);
    params[field] = value;
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
