// argv → action of ipvsadm. Words are read first, then held against the legality matrix, then turned into one request.
import {
  address,
  type Call,
  device,
  type Given,
  notSupported,
  quote,
  type ServiceKey,
  scanOptions,
  UsageError,
  type VipKey,
} from '../common/index.js';
import { checkLegality, nameOptions } from './legality.js';
import {
  type CommandKey,
  commandTable,
  type OptionKey,
  optionTable,
  unbuiltCommandTable,
  unbuiltOptionTable,
} from './options.js';
import { serverRequest, serviceRequest } from './requests.js';
import { numberOr, Words } from './words.js';

export type Columns = 'plain' | 'stats' | 'rate' | 'thresholds' | 'persistent-conn';

export interface ListFormat {
  readonly columns: Columns;
  readonly numeric: boolean;
  readonly exact: boolean;
  readonly sort: boolean;
}

export type Action =
  | { readonly do: 'help' | 'version' | 'save' | 'restore' | 'timeouts' }
  | { readonly do: 'change'; readonly call: Call }
  | { readonly do: 'services'; readonly service: ServiceKey | undefined; readonly format: ListFormat }
  | { readonly do: 'connections'; readonly lcore: number | undefined; readonly numeric: boolean }
  | { readonly do: 'laddrs'; readonly service: VipKey | undefined };

export interface Line {
  readonly action: Action;
  readonly json: boolean;
  readonly name: string | undefined;
}

const allCommands = [...commandTable, ...unbuiltCommandTable];
const allOptions = [...optionTable, ...unbuiltOptionTable];
const table = [...allCommands, ...allOptions];
const isCommand = (given: Given<CommandKey | OptionKey>): given is Given<CommandKey> =>
  allCommands.some(({ key }) => key === given.key);

/** The long name of what was written as a letter. */
function longName({ spelled }: Given<OptionKey>): string {
  const spec = allOptions.find(({ short, long }) =>
    spelled.startsWith('--') ? long?.includes(spelled.slice(2)) : short?.includes(spelled.slice(1)),
  );
  return spec?.long?.[0] ?? spelled;
}

function timeouts(values: readonly string[]): Call {
  const [tcp, tcpfin, udp] = ['tcp', 'tcpfin', 'udp'].map((name, at) =>
    numberOr(values[at], `illegal ${name} timeout specified`, 0, 31535999),
  );
  return { method: 'timeout.set', params: { tcp, tcpfin, udp } };
}

function list(words: Words): Action {
  const lcore = words.number('cpu', 'illegal cpu specified', 0, 1023);
  const numeric = words.has('numeric');
  if (words.has('timeout')) return { do: 'timeouts' };
  if (words.has('connection')) return { do: 'connections', lcore, numeric };
  const columns =
    (['stats', 'rate', 'thresholds', 'persistent-conn'] as const).find((key) => words.has(key)) ?? 'plain';
  const format: ListFormat = { columns, numeric, exact: words.has('exact'), sort: words.has('sort') };
  return { do: 'services', service: words.service(), format };
}

function laddrRequest(command: 'add-laddr' | 'del-laddr', words: Words): Call {
  const params = {
    service: words.vipService()!,
    address: address(words.value('local-address')!, 'local address'),
    device: device(words.value('ifname')!),
  };
  return command === 'add-laddr' ? { method: 'laddr.add', params } : { method: 'laddr.del', params };
}

function actionOf(command: Given<CommandKey>, words: Words): Action {
  switch (command.key) {
    case 'help':
    case 'version':
    case 'save':
    case 'restore':
      return { do: command.key };
    case 'flush':
      return { do: 'change', call: { method: 'service.flush', params: {} } };
    case 'zero':
      return { do: 'change', call: { method: 'service.zero', params: { service: words.service() } } };
    case 'set':
      return { do: 'change', call: timeouts(command.values) };
    case 'add-service':
    case 'edit-service':
    case 'delete-service':
      return { do: 'change', call: serviceRequest(command.key, words) };
    case 'add-server':
    case 'edit-server':
    case 'delete-server':
      return { do: 'change', call: serverRequest(command.key, words) };
    case 'add-laddr':
    case 'del-laddr':
      return { do: 'change', call: laddrRequest(command.key, words) };
    case 'get-laddr':
      words.number('cpu', 'illegal cpu specified', 0, 1023);
      return { do: 'laddrs', service: words.vipService() };
    case 'list':
      return list(words);
    default:
      throw notSupported(command.key);
  }
}

/** @throws {DpvsError} `usage` or `not_support`, and nothing else */
export function parseLine(argv: readonly string[]): Line {
  const scan = scanOptions<CommandKey | OptionKey>(table, argv);
  if (scan.words.length > 0) throw new UsageError(`unexpected argument ${quote(scan.words[0])}`);
  const commands = scan.options.filter(isCommand);
  const given = scan.options.filter((option): option is Given<OptionKey> => !isCommand(option));
  // As in the reference, a call without any command lists.
  const command = commands[0] ?? { key: 'list', values: [], spelled: '' };
  if (commands.some(({ key }) => key === 'help')) return { action: { do: 'help' }, json: false, name: undefined };
  if (commands.length > 1) throw new UsageError('multiple commands specified');
  if (commands.length === 0 && given.some(({ key }) => key !== 'json' && key !== 'name'))
    throw new UsageError(`missing command before ${quote(given[0].spelled)}`);
  const options = nameOptions(given, longName);
  checkLegality(command.key, options);
  if (unbuiltCommandTable.some(({ key }) => key === command.key)) throw notSupported(`--${command.key}`);
  const missing = options.find(({ key }) => key === 'unbuilt' || key === 'unbuilt-service' || key === 'daemon');
  if (missing !== undefined) throw notSupported(`${missing.spelled} is not built yet`);
  const words = new Words(options);
  return { action: actionOf(command, words), json: words.has('json'), name: words.value('name') };
}
