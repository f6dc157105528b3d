// Which VIPs a `redistribute connected route-map` lets pass, when its policy is one that the generator's own can stand for.
import {
  announce6RouteMap,
  announceRouteMap,
  drain6PrefixList,
  drainPrefixList,
  vip6PrefixList,
  vipPrefixList,
} from '../names.js';
import type { SourceLine } from './lines.js';
import type { Found, FoundMapEntry, FoundRedistribution } from './state.js';

export interface Policy {
  readonly vips: readonly { readonly address: string; readonly line: SourceLine }[];
  /** Networks whose host routes may all pass. */
  readonly ranges: readonly string[];
  readonly metric: number | undefined;
  readonly type: number | undefined;
  readonly lists: readonly string[];
  readonly map: string;
}

/** @returns a text: why it cannot be read so */
export function readPolicy(found: Found, redistribution: FoundRedistribution, family: 'ip' | 'ipv6'): Policy | string {
  const { map } = redistribution;
  if (map === undefined) return 'it has no route-map: every connected network of the node is announced';
  const entries = found.maps.filter(({ name }) => name === map);
  if (entries.length === 0) return `its route-map ${map} is nowhere: nothing is announced`;
  const ours = map === (family === 'ip' ? announceRouteMap : announce6RouteMap);
  const drain = family === 'ip' ? drainPrefixList : drain6PrefixList;
  const vipList = family === 'ip' ? vipPrefixList : vip6PrefixList;
  const read = entries.map((entry) => readEntry(entry, family));
  const announcing = ours ? read.filter((each) => each?.list !== drain) : read;
  const [entry] = announcing;
  if (announcing.length !== 1 || entry === null || entry === undefined || (ours && entry.list !== vipList))
    return `its route-map ${map} says more than which VIPs may pass`;
  const lines = found.lists.get(entry.list);
  if (lines === undefined) return `the prefix-list ${entry.list} is nowhere: nothing is announced`;
  const vips: { address: string; line: SourceLine }[] = [];
  const ranges: string[] = [];
  const host = family === 'ip' ? 32 : 128;
  for (const line of lines) {
    const range = new RegExp(`permit (\\S+) ge ${host}$`).exec(line.text)?.[1];
    const match = /(permit|deny) (\S+)( le \d+)?$/.exec(line.text);
    const [, action, prefix] = match ?? [];
    if (range !== undefined && family === 'ip') ranges.push(range);
    else if (action === 'permit' && prefix?.endsWith(`/${host}`) && match?.[3] === undefined)
      vips.push({ address: prefix.replace(/\/\d+$/, ''), line });
    // What is not permitted is denied anyway; a deny that comes before a permit could mean more.
    else if (action !== 'deny' || !/^(any|0\.0\.0\.0\/0|::\/0)$/.test(prefix ?? ''))
      return `the prefix-list ${entry.list} says more than which VIPs may pass`;
    else if (match?.[3] !== undefined && line !== lines.at(-1))
      return `the prefix-list ${entry.list} denies everything before its end`;
  }
  return {
    vips,
    ranges,
    metric: entry.metric ?? redistribution.metric,
    type: entry.type ?? redistribution.type,
    lists: ours ? [entry.list, drain] : [entry.list],
    map,
  };
}

/** Other lines of our own route-map, in bgpd. */
const ofOurs: readonly string[] = ['set community graceful-shutdown additive', 'set origin igp'];

function readEntry(
  { permit, lines }: FoundMapEntry,
  family: 'ip' | 'ipv6',
): { list: string; metric?: number; type?: number } | null {
  if (!permit) return null;
  let list: string | undefined;
  let metric: number | undefined;
  let type: number | undefined;
  for (const { text } of lines) {
    const [, matched] = new RegExp(`^match ${family} address prefix-list (\\S+)$`).exec(text) ?? [];
    const [, set] = /^set metric (\d+)$/.exec(text) ?? [];
    const [, typed] = /^set metric-type type-(\d)$/.exec(text) ?? [];
    if (matched !== undefined && list === undefined) list = matched;
    else if (set !== undefined) metric = Number(set);
    else if (typed !== undefined) type = Number(typed);
    else if (!ofOurs.includes(text)) return null;
  }
  if (list === undefined) return null;
  return { list, ...(metric === undefined ? {} : { metric }), ...(type === undefined ? {} : { type }) };
}
