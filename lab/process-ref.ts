// A process told apart from any later one with the same PID: by its start time. Nothing in the lab is killed by name.
import { readFileSync } from 'node:fs';
import { patienceFactor, sleep } from './eventually.js';

export interface ProcessRef {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks since boot, as written there. */
  readonly startTime: string;
}

interface Stat {
  readonly state: string;
  readonly startTime: string;
}

function stat(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the name in parentheses and may itself hold spaces and parentheses: count from the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTime: fields[19] ?? '' };
}

/** The process that has this PID now; undefined if none has (a zombie has ended). */
export function identify(pid: number): ProcessRef | undefined {
  const now = stat(pid);
  return now === undefined || now.state === 'Z' ? undefined : { pid, startTime: now.startTime };
}

export function isAlive(ref: ProcessRef): boolean {
  return identify(ref.pid)?.startTime === ref.startTime;
}

/** @returns false when that very process is gone already. */
export function sendSignal(ref: ProcessRef, signal: NodeJS.Signals): boolean {
  if (!isAlive(ref)) return false;
  try {
    process.kill(ref.pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** @returns whether all of them have ended in time. */
export async function waitForEnd(refs: readonly ProcessRef[], timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs * patienceFactor;
  while (refs.some(isAlive)) {
    if (performance.now() >= deadline) return false;
    await sleep(10);
  }
  return true;
}

/** Asks with SIGTERM, then insists with SIGKILL. */
export async function stopAll(refs: readonly ProcessRef[], graceMs = 3000): Promise<void> {
  for (const ref of refs) sendSignal(ref, 'SIGTERM');
  if (await waitForEnd(refs, graceMs)) return;
  for (const ref of refs) sendSignal(ref, 'SIGKILL');
  await waitForEnd(refs, 3000);
}
