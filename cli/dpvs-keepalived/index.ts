// dpvs-keepalived: reads a keepalived.conf, says what is wrong in it, what it would change, or runs it; shows what runs.
import {
  type Context,
  checkedName,
  DpvsError,
  ExitCode,
  packageVersion,
  quote,
  report,
  scanOptions,
  type Terminal,
  UsageError,
} from '../common/index.js';
import { fetchStatus } from './connection.js';
import { formatStatus } from './format.js';
import { helpPage } from './help.js';
import { defaultFile, type OptionKey, options } from './options.js';

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

interface Line {
  readonly status: boolean;
  has(key: OptionKey): boolean;
  value(key: OptionKey): string | undefined;
}

/** @throws {UsageError} */
function parseLine(argv: readonly string[]): Line {
  const scan = scanOptions(options, argv);
  const [word, extra] = scan.words;
  if (word !== undefined && word !== 'status')
    throw new UsageError(`unknown command ${quote(word)}`, 'status, or none: -f FILE names the file');
  if (extra !== undefined) throw new UsageError(`unexpected word ${quote(extra)}`, 'dpvs-keepalived --help');
  const has = (key: OptionKey): boolean => scan.options.some((option) => option.key === key);
  const runs = (['file', 'check', 'dryRun', 'pidFile', 'dontRelease', 'noVrrp'] as const).filter(has);
  if (word === 'status' && runs.length > 0)
    throw new UsageError('status takes --json and --name only', 'dpvs-keepalived --help');
  if (has('check') && has('dryRun')) throw new UsageError('--check or --dry-run, not both');
  return {
    status: word === 'status',
    has,
    value: (key) => scan.options.findLast((option) => option.key === key)?.values[0],
  };
}

export async function dpvsKeepalived(argv: readonly string[], { terminal }: Context): Promise<ExitCode> {
  const line = parseLine(argv);
  if (line.has('version')) terminal.write(`dpvs-keepalived ${packageVersion()}\n`);
  else if (line.has('help')) terminal.write(await helpPage(terminal.width));
  else if (line.status) return status(line, terminal);
  else if (line.has('check')) return check(line, terminal);
  else if (line.has('dryRun')) return dryRun(line, terminal);
  else return run(line, terminal);
  return ExitCode.done;
}

const fileOf = (line: Line): string => line.value('file') ?? defaultFile;
const virtualServers = (n: number): string => `${n} virtual server${n === 1 ? '' : 's'}`;
const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

async function status(line: Line, terminal: Terminal): Promise<ExitCode> {
  const seen = await fetchStatus(checkedName(line.value('name')));
  terminal.write(line.has('json') ? json(seen) : `${formatStatus(seen, terminal.paint).join('\n')}\n`);
  return ExitCode.done;
}

/** Errors and warnings with their lines; the exit code says whether the file would be used. */
async function check(line: Line, terminal: Terminal): Promise<ExitCode> {
  const { parseKeepalived, renderDiagnostic } = await import('../../keepalived/index.js');
  const file = fileOf(line);
  const { config, diagnostics } = parseKeepalived(file);
  const good = config !== null;
  const found = diagnostics.map(({ severity, at, message, hint }) => {
    const word = at.source.slice(at.column - 1, at.column - 1 + at.length);
    return { severity, file: at.file, line: at.line, column: at.column, word, message, hint };
  });
  if (line.has('json')) terminal.write(json({ file, good, found }));
  else {
    for (const diagnostic of diagnostics) terminal.writeError(`${renderDiagnostic(diagnostic)}\n`);
    const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
    const sections = config === null ? '' : ` (${virtualServers(config.virtualServers.length)})`;
    terminal.write(
      good ? `${file}: good${sections}\n` : `${file}: ${errors === 1 ? 'one error' : `${errors} errors`}\n`,
    );
  }
  return good ? ExitCode.done : ExitCode.usage;
}

async function dryRun(line: Line, terminal: Terminal): Promise<ExitCode> {
  const { loadKeepalived, planChanges } = await import('../../keepalived/index.js');
  const { DataplaneLink } = await import('../../api/dataplane-link.js');
  const name = checkedName(line.value('name'));
  const { config } = loadKeepalived(fileOf(line));
  const running = await fetchStatus(name).catch((error: unknown) => {
    if (error instanceof DpvsError && error.code === 'keepalived_unreachable') return null;
    throw error;
  });
  const api = new DataplaneLink(name);
  try {
    const changes = await planChanges(name, config, api, running);
    if (line.has('json')) terminal.write(json(changes.map(({ request, text }) => ({ ...request, text }))));
    else terminal.write(changes.length === 0 ? 'nothing to change\n' : changes.map(({ text }) => `${text}\n`).join(''));
  } finally {
    api.close();
  }
  return ExitCode.done;
}

async function run(line: Line, terminal: Terminal): Promise<never> {
  if (line.has('json')) throw new UsageError('--json goes with status, --check or --dry-run');
  const wanted = line.value('logLevel') ?? (line.has('logDetail') ? 'debug' : undefined);
  const logLevel = logLevels.find((level) => level === wanted);
  if (wanted !== undefined && logLevel === undefined)
    throw new UsageError(`invalid log level ${quote(wanted)}`, logLevels.join(', '));
  const { runKeepalived } = await import('../../keepalived/index.js');
  let code: number;
  try {
    code = await runKeepalived({
      ...{ name: checkedName(line.value('name')), file: fileOf(line), logLevel },
      ...{ pidFile: line.value('pidFile'), logFile: line.value('logFile'), dontRelease: line.has('dontRelease') },
      noVrrp: line.has('noVrrp'),
    });
  } catch (error) {
    if (!(error instanceof DpvsError)) throw error;
    code = report(terminal, 'dpvs-keepalived: ', error);
  }
  // Not left to the event loop: after a start that failed half-way some socket may still be open.
  process.exit(code);
}
