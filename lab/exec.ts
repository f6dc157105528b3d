// Running short commands, on the host or inside one of the lab's network namespaces.
import { execFile } from 'node:child_process';
import { LabError } from './errors.js';
import { patienceFactor } from './eventually.js';

export interface Outcome {
  /** The exit code; 128 + signal number when a signal ended it, 127 when there is no such program. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** A namespace's full name; the host's when absent. */
  readonly namespace?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly cwd?: string;
}

/**
 * `argv` as it is run inside a namespace. nsenter instead of `ip netns exec`: the latter mounts a new /sys, in which
 * the cgroup tree that dpvs-toa needs is missing. nsenter execs the command, so the child's PID is the command's.
 */
export function inNamespace(namespace: string | undefined, argv: readonly string[]): [string, ...string[]] {
  const [program, ...args] = argv;
  if (program === undefined) throw new TypeError('empty command');
  return namespace === undefined ? [program, ...args] : ['nsenter', `--net=/run/netns/${namespace}`, '--', ...argv];
}

/** Runs it to its end; a failing command is an outcome, not an exception. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const [program, ...args] = inNamespace(options.namespace, argv);
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      {
        env: options.env ?? process.env,
        cwd: options.cwd,
        timeout: (options.timeoutMs ?? 30_000) * patienceFactor,
        killSignal: 'SIGKILL',
        maxBuffer: 64 << 20,
        encoding: 'utf8',
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve({ code: 0, stdout, stderr });
        if (error.killed) return resolve({ code: 137, stdout, stderr: `${stderr}(no end within its time limit)` });
        if (typeof error.code === 'number') return resolve({ code: error.code, stdout, stderr });
        resolve({ code: 127, stdout, stderr: stderr || error.message });
      },
    );
    // A program that closes its input early is not an error of ours.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
  });
}

/** As `run`, but a failure is a LabError that shows the command and what it said. Returns its standard output. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const outcome = await run(argv, options);
  if (outcome.code === 0) return outcome.stdout;
  const where = options.namespace === undefined ? '' : ` in ${options.namespace}`;
  const said = (outcome.stderr || outcome.stdout).trim();
  throw new LabError(`\`${argv.join(' ')}\`${where} ended with ${outcome.code}${said === '' ? '' : `: ${said}`}`);
}

/** Many `ip` commands in one process; the first that fails stops the rest. */
export async function ipBatch(lines: readonly string[], namespace?: string): Promise<void> {
  await must(['ip', '-batch', '-'], { input: `${lines.join('\n')}\n`, namespace });
}
