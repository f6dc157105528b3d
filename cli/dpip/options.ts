// dpip's options, valid anywhere on the line, and what they come to.
import { type Given, integer, type OptionSpec, quote, UsageError } from '../common/index.js';

export type OptionKey =
  | 'inet4'
  | 'inet6'
  | 'family'
  | 'stats'
  | 'verbose'
  | 'interval'
  | 'count'
  | 'color'
  | 'force'
  | 'all'
  | 'json'
  | 'name'
  | 'help'
  | 'version';

export const optionTable: readonly OptionSpec<OptionKey>[] = [
  { key: 'inet4', short: '4', long: ['inet'], help: 'IPv4 only' },
  { key: 'inet6', short: '6', long: ['inet6'], help: 'IPv6 only' },
  { key: 'family', short: 'f', long: ['family'], value: 'inet|inet6', help: 'one address family only' },
  { key: 'stats', short: 's', long: ['stats', 'statistics'], help: 'with statistics' },
  { key: 'verbose', short: 'v', long: ['verbose'], help: 'with details' },
  {
    key: 'interval',
    short: 'i',
    long: ['interval'],
    value: 'SEC',
    help: 'repeat every SEC seconds, as rates where there are any',
  },
  { key: 'count', short: 'c', long: ['count'], value: 'N', help: 'stop after N repetitions' },
  { key: 'color', short: 'C', long: ['color', 'colour'], help: 'tell repetitions apart by colour (on a terminal)' },
  { key: 'force', short: 'F', long: ['force'], help: 'accepted for old scripts; nothing here asks back' },
  { key: 'all', short: 'a', long: ['all'], help: 'counters: those that are zero too' },
  { key: 'json', long: ['json'], help: "the API's answer as JSON" },
  { key: 'name', long: ['name'], value: 'NODE', help: 'the node (default: DPVS_NAME, else dpvs)' },
  { key: 'help', short: 'h', long: ['help'], help: 'this page, or the page of OBJECT' },
  { key: 'version', short: 'V', long: ['version'], help: 'the version' },
];

export interface Options {
  readonly family: 'inet' | 'inet6' | undefined;
  readonly stats: boolean;
  readonly verbose: boolean;
  /** Milliseconds between repetitions; undefined: show once. */
  readonly intervalMs: number | undefined;
  /** Repetitions; undefined: until interrupted. */
  readonly count: number | undefined;
  readonly color: boolean;
  readonly all: boolean;
  readonly json: boolean;
  readonly name: string | undefined;
  readonly help: boolean;
  readonly version: boolean;
}

function familyOf(given: readonly Given<OptionKey>[]): 'inet' | 'inet6' | undefined {
  let family: 'inet' | 'inet6' | undefined;
  for (const { key, values, spelled } of given) {
    let word: string | undefined;
    if (key === 'inet4') word = 'inet';
    else if (key === 'inet6') word = 'inet6';
    else if (key === 'family') word = values[0];
    if (word === undefined) continue;
    if (word !== 'inet' && word !== 'inet6') throw new UsageError(`invalid family ${quote(word)} (inet or inet6)`);
    if (family !== undefined && family !== word)
      throw new UsageError(`option '${spelled}' conflicts with family ${family}`);
    family = word;
  }
  return family;
}

function seconds(word: string): number {
  const value = /^\d{1,6}(\.\d{1,3})?$/.test(word) ? Number(word) : 0;
  if (value < 0.1 || value > 86_400) throw new UsageError(`invalid interval ${quote(word)} (0.1-86400 seconds)`);
  return value;
}

export function readOptions(given: readonly Given<OptionKey>[]): Options {
  const has = (key: OptionKey): boolean => given.some((option) => option.key === key);
  const last = (key: OptionKey): string | undefined => given.findLast((option) => option.key === key)?.values[0];
  const interval = last('interval');
  const count = last('count');
  const times = count === undefined ? undefined : integer(count, 'count', 1, 1_000_000_000);
  let intervalMs = interval === undefined ? undefined : Math.round(seconds(interval) * 1000);
  // `-c 3` alone repeats each second, as `-i 1 -c 3`.
  if (intervalMs === undefined && times !== undefined) intervalMs = 1000;
  return {
    family: familyOf(given),
    stats: has('stats'),
    verbose: has('verbose'),
    intervalMs,
    count: times,
    color: has('color'),
    all: has('all'),
    json: has('json'),
    name: last('name'),
    help: has('help'),
    version: has('version'),
  };
}
