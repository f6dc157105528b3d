// One dpvs a name: the pid file says which process, and whether it lives.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DpvsError } from '../../api/index.js';

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A number that was given to another program since is not a dpvs.
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('dpvs');
  } catch {
    return false;
  }
}

/** @throws {DpvsError} busy when the process of an existing file lives */
export function writePidFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let old = 0;
  try {
    old = Number.parseInt(readFileSync(path, 'latin1'), 10);
  } catch {
    // there is none
  }
  if (old > 0 && old !== process.pid && alive(old))
    throw new DpvsError('busy', `dpvs is already running (pid ${old}, ${path})`);
  writeFileSync(path, `${process.pid}\n`, { mode: 0o644 });
}

export function removePidFile(path: string): void {
  rmSync(path, { force: true });
}
