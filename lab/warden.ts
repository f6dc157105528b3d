// The warden: a process that outlives its owner by a few seconds. It waits for the end of its standard input, which
// comes however the owner ends (SIGKILL included), and then removes the owner's lab if it is still there.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { RunState } from './run-state.js';
import { teardown } from './teardown.js';

/** Starts a warden for a lab that this process owns. Our end of its pipe closes with us. */
export function postWarden(prefix: string): void {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), prefix], {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.on('error', () => {});
  child.unref();
  // An open pipe would keep our event loop alive although nobody ever writes to it.
  (child.stdin as unknown as { unref(): void }).unref();
}

async function keepWatch(prefix: string): Promise<void> {
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once('close', resolve));
  let state: RunState;
  try {
    state = RunState.load(prefix);
  } catch {
    return; // taken down in good order
  }
  if (state.abandoned) await teardown(state);
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] !== undefined)
  await keepWatch(process.argv[2]);
