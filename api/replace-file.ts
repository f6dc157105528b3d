// Replaces a file so that whoever reads it, also after a crash or a loss of power, finds the old text or the new one, whole: a temporary
// file beside it, written to the end, on disk, renamed over it, and the directory on disk as well.
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

const temporaryOf = (path: string): string => `${path}.new`;

/**
 * In a directory of our own: the temporary file's name can be guessed.
 * @param mode of the new file, before the umask
 * @throws {NodeJS.ErrnoException} ENOSPC, EROFS, …; the old file is as it was
 */
export function replaceFileSync(path: string, text: string, mode: number): void {
  const temporary = temporaryOf(path);
  try {
    const fd = openSync(temporary, 'w', mode);
    try {
      // Not writeSync: the kernel may take a part and say so without an error.
      writeFileSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    discard(temporary);
    throw error;
  }
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** The same without blocking the thread. One at a time for each path. */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const temporary = temporaryOf(path);
  try {
    const file = await open(temporary, 'w', mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    // A full disk needs the room; where even this fails, the next writing starts it anew.
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function discard(temporary: string): void {
  try {
    rmSync(temporary, { force: true });
  } catch {
    // The next writing starts it anew.
  }
}
