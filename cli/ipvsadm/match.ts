// The word of -H (dpvs.md 2.2): proto=tcp,src-range=IP1[-IP2][:PORT1[-PORT2]],dst-range=…,iif=DEV,oif=DEV,af=ipv4.
import { isIPv4 } from 'node:net';
import {
  device,
  integer,
  type MatchRange,
  notSupported,
  quote,
  type ServiceMatch,
  UsageError,
} from '../common/index.js';

const builtProtocols: readonly string[] = ['tcp', 'udp', 'icmp'] satisfies ServiceMatch['protocol'][];
const unbuiltProtocols: readonly string[] = ['sctp', 'icmpv6'];
const keys = ['proto', 'af', 'src-range', 'dst-range', 'iif', 'oif'] as const;
type Key = (typeof keys)[number];
const anyAddress = '0.0.0.0';

const mistake = (hint: string): UsageError => new UsageError('illegal match specified', hint);

/** An empty value is as good as none: that is how the reference saves what was not given. */
export function parseMatch(word: string): ServiceMatch {
  const given = new Map<Key, string>();
  for (const part of word.split(',')) {
    const [, key, value] = /^([^=]*)=(.*)$/s.exec(part) ?? [part, part, undefined];
    if (value === undefined || !isKey(key)) throw mistake(`${quote(part)} is none of ${keys.join('=, ')}=`);
    if (given.has(key)) throw mistake(`${key} is already given`);
    given.set(key, value);
  }
  const source = range('src-range', given.get('src-range'));
  const destination = range('dst-range', given.get('dst-range'));
  // As the reference, which has no other way to know the family.
  const ofFamily = family(given.get('af')) || !!given.get('src-range') || !!given.get('dst-range');
  if (!ofFamily) throw mistake('src-range, dst-range or af=ipv4 is needed');
  return {
    protocol: protocolOf(given.get('proto')),
    ...(source === undefined ? {} : { source }),
    ...(destination === undefined ? {} : { destination }),
    ...port('inDevice', given.get('iif')),
    ...port('outDevice', given.get('oif')),
  };
}

const isKey = (word: string): word is Key => keys.some((key) => key === word);

const port = <N extends 'inDevice' | 'outDevice'>(name: N, word = ''): { [K in N]?: string } =>
  word === '' ? {} : ({ [name]: device(word) } as { [K in N]: string });

function protocolOf(word: string | undefined): ServiceMatch['protocol'] {
  if (word !== undefined && unbuiltProtocols.includes(word)) throw notSupported(`a match of ${word} is not built yet`);
  if (word === undefined || !builtProtocols.includes(word)) throw mistake(`proto is ${builtProtocols.join(', ')}`);
  return word as ServiceMatch['protocol'];
}

function family(word: string | undefined): boolean {
  if (word === 'ipv6') throw notSupported('a match of IPv6 is not built yet');
  if (word !== undefined && word !== 'ipv4') throw mistake(`af is ipv4, not ${quote(word)}`);
  return word !== undefined;
}

/** One address or port is a range of itself; without them it is any, which is 0. undefined: both are any. */
function range(name: string, word = ''): MatchRange | undefined {
  if (word === '') return undefined;
  if (word.startsWith('[') || word.split(':').length > 2) throw notSupported(`${name} of IPv6 is not built yet`);
  const [ips, ports = ''] = word.split(':');
  const [from, to] = pair(name, ips, anyAddress);
  for (const ip of [from, to])
    if (!isIPv4(ip)) throw mistake(`${name}: ${quote(ip)} is no IPv4 address (IP1[-IP2][:PORT1[-PORT2]])`);
  const [first, last] = pair(name, ports, '0').map((text) => number(name, text));
  return to === anyAddress && last === 0 ? undefined : { from, to, fromPort: first, toPort: last };
}

function pair(name: string, text: string, any: string): [string, string] {
  const [from, to, ...rest] = text.split('-');
  if (rest.length > 0) throw mistake(`${name}: ${quote(text)} has more than two ends`);
  const low = from === '' ? any : from;
  return [low, to === undefined || to === '' ? low : to];
}

function number(name: string, text: string): number {
  try {
    return integer(text, 'port', 0, 65535);
  } catch {
    throw mistake(`${name}: ${quote(text)} is no port (0-65535)`);
  }
}
