// The program dpvs: reads dpvs.conf and runs the node until it is told to stop.
import yargs from 'yargs';
import { DpvsError, nodeName, runDirectory } from '../api/index.js';
import { loadConfig } from '../dataplane/config/index.js';
import { DataplaneNode, removePidFile, writePidFile } from '../dataplane/node/index.js';
import { createLog, type Log } from '../log/index.js';
import { packageVersion, processTerminal, report } from './common/index.js';

const EXAMPLES: [string, string][] = [
  ['dpvs', 'run with /etc/dpvs.conf'],
  ['dpvs -c node1.conf --name node1', 'a second node on one machine'],
  ['dpvs -t -c node1.conf', 'check a configuration file'],
];

function options(argv: readonly string[]) {
  return yargs([...argv])
    .scriptName('dpvs')
    .usage(
      '$0 [options]\n\nThe dataplane of a load-balancer node. It runs in the foreground and stops on SIGTERM; SIGHUP reopens its log.',
    )
    .option('c', { alias: 'conf', type: 'string', default: '/etc/dpvs.conf', describe: 'configuration file' })
    .option('p', { alias: 'pid-file', type: 'string', describe: 'pid file (default: <run directory>/<name>.pid)' })
    .option('name', { type: 'string', describe: 'name of the node, also DPVS_NAME (default: dpvs)' })
    .option('t', { alias: 'test-conf', type: 'boolean', default: false, describe: 'check the configuration and exit' })
    .option('log-level', {
      choices: ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const,
      describe: 'instead of the configured level',
    })
    .example(EXAMPLES)
    .alias('v', 'version')
    .alias('h', 'help')
    .version(packageVersion())
    .strict()
    .wrap(100)
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new DpvsError('usage', message);
    })
    .parseAsync();
}

interface Ending {
  readonly stop: () => void;
  readonly stopped: Promise<string>;
  /** Told a second time: the node is not to wait for anybody. */
  readonly hurry: AbortSignal;
}

function untilSignal(log: Log): Ending {
  const hurry = new AbortController();
  let told: ((why: string) => void) | undefined;
  const stopped = new Promise<string>((resolve) => {
    told = resolve;
  });
  const tell = (why: string): void => {
    if (told === undefined) return hurry.abort();
    told(why);
    told = undefined;
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => tell(signal));
  process.on('SIGHUP', () => log.reopen());
  return { stop: () => tell('request'), stopped, hurry: hurry.signal };
}

async function run(argv: readonly string[]): Promise<number> {
  const args = await options(argv);
  if (args.help === true || args.version === true || args.h || args.v) return 0;
  const { config, warnings, rendered } = loadConfig(args.c);
  const name = nodeName(args.name ?? process.env.DPVS_NAME ?? config.name ?? undefined);
  if (args.t) {
    for (const warning of rendered) process.stderr.write(`${warning}\n`);
    process.stdout.write(
      `${args.c}: good (${config.ports.length} ports, ${config.workers.length - 1} forwarding lcores)\n`,
    );
    return 0;
  }
  const log = createLog({ level: args['log-level'] ?? config.log.level, file: config.log.file, name });
  const pidFile = args.p ?? `${runDirectory()}/${name}.pid`;
  writePidFile(pidFile);
  const { stop, stopped, hurry } = untilSignal(log);
  try {
    log.event('node.starting', { version: packageVersion(), config: args.c });
    for (const warning of warnings) log.event('config.warning', { file: args.c, warning });
    const node = await DataplaneNode.start({ name, version: packageVersion(), config, log, onShutdown: stop });
    const why = await stopped;
    log.event('node.stopping', { why });
    await node.linger(hurry);
    await node.stop();
    log.event('node.stopped');
    return 0;
  } catch (error) {
    log.event('node.failed', { error });
    throw error;
  } finally {
    removePidFile(pidFile);
    log.flush();
  }
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof DpvsError)) throw error;
  process.exitCode = report(processTerminal(), 'dpvs: ', error);
}
// EAL's own threads would keep the process; everything of ours is closed.
process.exit();
