// Which options a command needs, which it takes, and which exclude each other, with the reference's messages.
import { type Given, UsageError } from '../common/index.js';
import type { CommandKey, OptionKey } from './options.js';

/** Options as the messages name them: the selectors of a service are one, and so are the ways to forward. */
const group: Readonly<Partial<Record<OptionKey, string>>> = {
  'tcp-service': 'service-address',
  'udp-service': 'service-address',
  match: 'service-address',
  'unbuilt-service': 'service-address',
  gatewaying: 'forwarding-method',
  ipip: 'forwarding-method',
  fullnat: 'forwarding-method',
  snat: 'forwarding-method',
  masquerading: 'forwarding-method',
};

interface Rule {
  readonly needs: readonly string[];
  readonly takes: readonly string[];
}

const rule = (needs: string, takes = ''): Rule => ({
  needs: needs.split(' ').filter((name) => name !== ''),
  takes: takes.split(' ').filter((name) => name !== ''),
});

const serviceOptions =
  'scheduler conn-timeout persistent netmask ops synproxy pe hash-target expire-quiescent dest-check proxy-protocol quic';
const serverOptions = 'forwarding-method weight u-threshold l-threshold';
const listOptions =
  'service-address connection numeric stats rate thresholds persistent-conn timeout daemon exact sort nosort cpu sockpair';

const rules: Readonly<Record<CommandKey, Rule>> = {
  'add-service': rule('service-address', serviceOptions),
  'edit-service': rule('service-address', serviceOptions),
  'delete-service': rule('service-address'),
  flush: rule(''),
  restore: rule('', 'numeric'),
  save: rule('', 'numeric'),
  'add-server': rule('service-address real-server', serverOptions),
  'edit-server': rule('service-address real-server', serverOptions),
  'delete-server': rule('service-address real-server'),
  list: rule('', listOptions),
  zero: rule('', 'service-address'),
  set: rule(''),
  'start-daemon': rule('', 'mcast-interface syncid'),
  'stop-daemon': rule('', 'mcast-interface syncid'),
  'add-laddr': rule('service-address local-address ifname'),
  'del-laddr': rule('service-address local-address ifname'),
  'get-laddr': rule('', 'service-address numeric cpu'),
  'add-blklst': rule('service-address blklst'),
  'del-blklst': rule('service-address blklst'),
  'get-blklst': rule('', 'service-address numeric'),
  'add-whtlst': rule('service-address whtlst'),
  'del-whtlst': rule('service-address whtlst'),
  'get-whtlst': rule('', 'service-address numeric'),
  help: rule(''),
  version: rule(''),
};

/** Taken by every command. */
const everywhere = new Set(['json', 'name', 'ipv6']);
/** May come more than once. */
const repeatable = new Set(['dest-check']);

/** Of each pair only one may be given with a list. */
const listAlternatives = ['connection', 'service-address', 'timeout', 'daemon'];
const notOfConnections = ['stats', 'rate', 'thresholds', 'persistent-conn'];

export interface NamedOption extends Given<OptionKey> {
  /** As the messages and the rules name it. */
  readonly name: string;
}

/** An option that is not built has its own long name, which `longName` tells. */
export function nameOptions(
  given: readonly Given<OptionKey>[],
  longName: (option: Given<OptionKey>) => string,
): NamedOption[] {
  return given.map((option) => ({ ...option, name: group[option.key] ?? longName(option) }));
}

/** @throws {UsageError} with the reference's message */
export function checkLegality(command: CommandKey, options: readonly NamedOption[]): void {
  const names = new Set<string>();
  for (const { name } of options) {
    if (names.has(name) && !repeatable.has(name)) throw new UsageError(`multiple '${name}' options specified`);
    names.add(name);
  }
  const { needs, takes } = rules[command];
  for (const name of names)
    if (!everywhere.has(name) && !needs.includes(name) && !takes.includes(name))
      throw new UsageError(`Illegal '${name}' option with the '${command}' command`);
  for (const name of needs)
    if (!names.has(name)) throw new UsageError(`You need to supply the '${name}' option for the '${command}' command`);
  if (command !== 'list') return;
  const [first, second] = listAlternatives.filter((name) => names.has(name));
  if (second !== undefined) throw new UsageError(`The option '${second}' conflicts with '${first}'`);
  const wrong = notOfConnections.find((name) => names.has(name));
  if (names.has('connection') && wrong !== undefined)
    throw new UsageError(`The option '${wrong}' conflicts with 'connection'`);
  if (names.has('sort') && names.has('nosort')) throw new UsageError("The option 'nosort' conflicts with 'sort'");
}
