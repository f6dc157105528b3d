// dpvs-route: announces VIPs, shows what is announced, writes the routing daemons' configuration, and is the bridge itself (`run`).
import { isIPv4 } from 'node:net';
import type { Report } from '../../routing/index.js';
import {
  type Context,
  DpvsError,
  device,
  type ErrorCode,
  ExitCode,
  integer,
  packageVersion,
  quote,
  report,
  UsageError,
} from '../common/index.js';
import { config } from './config.js';
import { checkedName, type OpenBridge, openBridge } from './connection.js';
import { doctor } from './doctor.js';
import { formatReport, formatStatus, formatSteps } from './format.js';
import { helpPage } from './help.js';
import { type Line, type Options, parseLine } from './parse.js';

export { duration, formatReport, formatStatus } from './format.js';
export { parseLine } from './parse.js';

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
const defaultWaitSeconds = 15;
/** Beyond the wait for a neighbour: other changes that are under way, and the slowest verification. */
const changeMs = 45_000;

export async function dpvsRoute(argv: readonly string[], context: Context, open = openBridge): Promise<ExitCode> {
  const line = parseLine(argv);
  const { terminal } = context;
  if (line.options.has('version')) terminal.write(`dpvs-route ${packageVersion()}\n`);
  else if (line.options.has('help')) terminal.write(await helpPage(line.command, terminal.width));
  else if (line.command === null) throw new UsageError('no command', 'dpvs-route --help');
  else return execute(line, context, open);
  return ExitCode.done;
}

async function execute(line: Line, context: Context, open: typeof openBridge): Promise<ExitCode> {
  const { options, words } = line;
  const { terminal } = context;
  switch (line.command) {
    case 'announce': {
      const vip = onlyVip(words);
      const dev = options.last('dev');
      const wait = options.last('wait');
      const waitSeconds = wait === undefined ? defaultWaitSeconds : integer(wait, 'wait', 0, 300);
      const params = {
        vip,
        waitSeconds,
        ...(dev === undefined ? {} : { device: device(dev) }),
        ...(options.has('force') ? { force: true } : {}),
      };
      return withBridge(options, open, async (bridge) =>
        tell(await bridge.call('announce', params, waitSeconds * 1000 + changeMs), options, context),
      );
    }
    case 'withdraw': {
      const vip = onlyVip(words);
      return withBridge(options, open, async (bridge) =>
        tell(await bridge.call('withdraw', { vip }, changeMs), options, context),
      );
    }
    case 'status':
      noWords(words);
      return withBridge(options, open, async (bridge) => {
        const status = await bridge.call('status', {});
        terminal.write(options.has('json') ? `${JSON.stringify(status, null, 2)}\n` : formatStatus(status));
        return ExitCode.done;
      });
    case 'config':
      noWords(words);
      return config(options, terminal);
    case 'doctor':
      noWords(words);
      return doctor(options, context);
    case 'run':
      noWords(words);
      return run(options, context);
    case null:
      return ExitCode.usage;
  }
}

async function withBridge(
  options: Options,
  open: typeof openBridge,
  work: (bridge: OpenBridge) => Promise<ExitCode>,
): Promise<ExitCode> {
  const bridge = await open(options.last('name'));
  try {
    return await work(bridge);
  } finally {
    bridge.close();
  }
}

/** A report of something that was not done is printed and then thrown, so that its exit code is that of its error. */
function tell(outcome: Report, options: Options, { terminal }: Context): ExitCode {
  const { done, error, steps, vip, action } = outcome;
  if (options.has('json')) terminal.write(`${JSON.stringify(outcome, null, 2)}\n`);
  if (done) {
    if (!options.has('json')) terminal.write(formatReport(outcome));
    return ExitCode.done;
  }
  if (!options.has('json'))
    terminal.writeError(`${vip}/32 not ${action === 'announce' ? 'announced' : 'withdrawn'}\n${formatSteps(steps)}`);
  throw new DpvsError((error?.code ?? 'internal') as ErrorCode, error?.detail ?? 'a report without an error');
}

async function run(options: Options, { terminal }: Context): Promise<never> {
  const name = checkedName(options.last('name'));
  const metric = options.last('metric');
  const settings = {
    name,
    form: options.oneOf('form', ['redistribute', 'network']),
    frrNamespace: options.last('frrNamespace') ?? (process.env.DPVS_FRR_NAMESPACE || undefined),
    metric: metric === undefined ? undefined : integer(metric, 'metric', 0, 16777214),
    logLevel: options.oneOf('logLevel', logLevels),
    logFile: options.last('logFile'),
  };
  if (settings.frrNamespace !== undefined && !/^[A-Za-z0-9_.-]{1,64}$/.test(settings.frrNamespace))
    throw new UsageError(`invalid FRR namespace ${quote(settings.frrNamespace)}`);
  const { runBridge } = await import('../../routing/run.js');
  let code: number;
  try {
    code = await runBridge(settings);
  } catch (error) {
    if (!(error instanceof DpvsError)) throw error;
    code = report(terminal, 'dpvs-route: ', error);
  }
  // Not left to the event loop: after a start that failed half-way some socket may still be open.
  process.exit(code);
}

function onlyVip(words: readonly string[]): string {
  const [word, ...rest] = words;
  if (word === undefined) throw new UsageError('which VIP?', 'dpvs-route announce 123.1.2.3');
  noWords(rest);
  const vip = word.replace(/\/32$/, '');
  if (!isIPv4(vip)) throw new UsageError(`invalid VIP ${quote(word)}`, 'an IPv4 address; OSPFv2 knows no other');
  return vip;
}

function noWords(words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(`unexpected word ${quote(words[0])}`, 'dpvs-route --help');
}
