// Runs the commands of the file: MISC_CHECK, notify_up and its like. A group of processes of its own, ended at a deadline.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Script } from './model.js';

export interface ScriptEnd {
  /** null: ended by a signal, or never started. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
  /** The end of what it wrote to standard error; why it could not be started. */
  readonly said: string;
}

/** Between SIGTERM and SIGKILL; keepalived's. */
const graceMs = 2_000;
const mostSaid = 300;

/** By `/bin/sh -c`, so that both a program with arguments and a line of shell mean what they say. */
export function runScript(
  { command, user, group }: Script,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<ScriptEnd> {
  const shell = ['/bin/sh', '-c', command];
  const [program, ...args] =
    user === null ? shell : ['runuser', '-u', user, ...(group === null ? [] : ['-g', group]), '--', ...shell];
  return new Promise((resolve) => {
    let child: ChildProcess;
    try {
      child = spawn(program!, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    } catch (error) {
      // A byte that no argument can hold.
      return resolve({ code: null, signal: null, timedOut: false, said: (error as Error).message });
    }
    // First of all: without a free descriptor there is a child that has no streams, and fails.
    child.once('error', (error) => finish(null, null, error.message));
    let said = '';
    let timedOut = false;
    let grace: NodeJS.Timeout | undefined;
    child.stderr?.on('data', (piece: Buffer) => {
      said = (said + piece.toString()).slice(-mostSaid);
    });
    const kill = (how: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, how);
      } catch {
        // It has just ended.
      }
    };
    const end = (): void => {
      kill('SIGTERM');
      grace ??= setTimeout(() => kill('SIGKILL'), graceMs);
    };
    const timer = setTimeout(() => {
      timedOut = true;
      end();
    }, timeoutMs);
    signal?.addEventListener('abort', end, { once: true });
    const finish = (code: number | null, by: NodeJS.Signals | null, why = said): void => {
      clearTimeout(timer);
      clearTimeout(grace);
      signal?.removeEventListener('abort', end);
      // What it has left running is not waited for, nor kept.
      if (timedOut) kill('SIGKILL');
      child.stderr?.destroy();
      resolve({ code, signal: by, timedOut, said: why.trim() });
    };
    child.once('exit', (code, by) => finish(code, by));
  });
}
