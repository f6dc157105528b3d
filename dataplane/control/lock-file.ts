// A lock that one process holds and that goes with it, however it ends: flock(2) on a file that names the holder.
import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import koffi from 'koffi';
import { DpvsError } from '../../api/index.js';

// A pid file alone cannot tell a living process from another one that got its number; the kernel's lock can.
const flock = koffi.load(null).func('int flock(int fd, int operation)') as (fd: number, operation: number) => number;
const exclusiveNonBlocking = 2 | 4;

export class LockFile {
  #fd: number | null;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** @throws {DpvsError} busy, naming the process that holds it */
  static take(path: string): LockFile {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    if (flock(fd, exclusiveNonBlocking) !== 0) {
      closeSync(fd);
      const holder = readFileSync(path, 'utf8').trim();
      throw new DpvsError('busy', `${path} is held by process ${holder === '' ? 'unknown' : holder}`);
    }
    ftruncateSync(fd);
    writeSync(fd, `${process.pid}\n`, 0);
    return new LockFile(fd);
  }

  /** The file stays: removing it would let two processes lock two files of the same name. */
  release(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }
}
