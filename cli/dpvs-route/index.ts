// dpvs-route: announces VIPs, shows what is announced, writes the routing daemons' configuration, and is the bridge itself (`run`).
import {
  type Context,
  checkedName,
  DpvsError,
  ExitCode,
  integer,
  packageVersion,
  quote,
  report,
  UsageError,
} from '../common/index.js';
import { announce, drain, gracefulRestart, undrain, withdraw } from './announcing.js';
import { config } from './config.js';
import { type OpenBridge, openBridge } from './connection.js';
import { doctor } from './doctor.js';
import { helpPage } from './help.js';
import { type Line, type Options, parseLine } from './parse.js';
import { show, status } from './show.js';
import { watch } from './watch.js';

export { formatRefusal, formatReport, formatStatus } from './format.js';
export { parseLine } from './parse.js';
export { duration } from './table.js';

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

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
    case 'announce':
      return withBridge(options, open, await announce(line, context));
    case 'withdraw':
      return withBridge(options, open, await withdraw(line, context));
    case 'drain':
      return withBridge(options, open, await drain(line, context));
    case 'undrain':
      return withBridge(options, open, await undrain(line, context));
    case 'graceful-restart':
      noWords(words);
      return withBridge(options, open, gracefulRestart(line, context));
    case 'status':
      noWords(words);
      return withBridge(options, open, status(line, context));
    case 'show':
      return withBridge(options, open, await show(line, context));
    case 'watch':
      noWords(words);
      return watch(line, context, () => open(options.last('name')));
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

async function run(options: Options, { terminal }: Context): Promise<never> {
  const name = checkedName(options.last('name'));
  const metric = options.last('metric');
  const limit = options.last('withdrawLimit');
  const settings = {
    name,
    protocol: options.oneOf('protocol', ['ospf', 'bgp']),
    ospf6: options.has('ospf6'),
    form: options.oneOf('form', ['redistribute', 'network']),
    frrNamespace: options.last('frrNamespace') ?? (process.env.DPVS_FRR_NAMESPACE || undefined),
    metric: metric === undefined ? undefined : integer(metric, 'metric', 0, 16777214),
    withdrawLimit: limit === undefined ? undefined : integer(limit, 'withdraw limit', 0, 4096),
    logLevel: options.oneOf('logLevel', logLevels),
    logFile: options.last('logFile'),
  };
  if (settings.protocol === 'bgp' && settings.form !== undefined)
    throw new UsageError("--form is OSPF's: with BGP there is one form");
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

function noWords(words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(`unexpected word ${quote(words[0])}`, 'dpvs-route --help');
}
