// Starting a long-lived process of the lab: detached, logged to a file, remembered in the run's state.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from './errors.js';
import { inNamespace } from './exec.js';
import { identify, isAlive, type ProcessRef } from './process-ref.js';
import type { RunState } from './run-state.js';

export interface DaemonOptions {
  /** Short name of the lab member in whose namespace it runs. */
  readonly member: string;
  /** What it is, one word; names its log. */
  readonly what: string;
  readonly argv: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export class Daemon {
  constructor(
    readonly ref: ProcessRef,
    readonly what: string,
    readonly logFile: string,
  ) {}

  get alive(): boolean {
    return isAlive(this.ref);
  }

  /** The end of its log, for a message that explains why it is gone. */
  logTail(lines = 12): string {
    try {
      return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
    } catch {
      return '';
    }
  }
}

export function logDirectory(state: RunState): string {
  const directory = join(state.directory, 'log');
  mkdirSync(directory, { recursive: true });
  return directory;
}

export function startDaemon(state: RunState, options: DaemonOptions): Promise<Daemon> {
  const { member, what, env } = options;
  const [program, ...args] = inNamespace(state.namespace(member), options.argv);
  const logFile = join(logDirectory(state), `${member}-${what}.log`);
  // Appending, so that a restarted daemon does not wipe out why its predecessor ended.
  const log = openSync(logFile, 'a');
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      detached: true,
      cwd: '/',
      env: env ?? process.env,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    child.once('error', (error) => reject(new LabError(`${what} of ${member}: ${error.message}`)));
    child.once('spawn', () => {
      child.unref();
      const ref = child.pid === undefined ? undefined : identify(child.pid);
      if (ref === undefined) return reject(new LabError(`${what} of ${member} ended at once; see ${logFile}`));
      state.addProcess({ ...ref, member, what });
      resolve(new Daemon(ref, what, logFile));
    });
  });
}

/** A daemon that an earlier command of ours started, found again in the run's state. */
export function findDaemon(state: RunState, member: string, what: string): Daemon | undefined {
  const record = state.record.processes.findLast((entry) => entry.member === member && entry.what === what);
  return record === undefined || !isAlive(record)
    ? undefined
    : new Daemon(record, what, join(logDirectory(state), `${member}-${what}.log`));
}
