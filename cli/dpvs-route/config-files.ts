// The generated files on disk: written all or none, never over what somebody wrote by hand.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DpvsError } from '../common/index.js';

/** Fails where the name is taken, be it by a link. */
const createNew = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

export interface WriteOptions {
  readonly directory: string;
  /** A file without it is somebody's own. */
  readonly mark: string;
  readonly force: boolean;
  /** Passwords or keys are in the text. */
  readonly secret: boolean;
}

/** The text of those that the generator wrote before; null for the others. @throws {DpvsError} where it must not write */
export function previousFiles(
  files: object,
  { directory, mark, force }: WriteOptions,
): ReadonlyMap<string, string | null> {
  const found = new Map<string, string | null>();
  for (const name of Object.keys(files)) {
    const path = join(directory, name);
    const text = readOrNull(path);
    const own = text?.includes(mark) === true;
    if (text !== null && !own && !force)
      throw new DpvsError('already_exist', `${path} was not generated: --force overwrites it`, 'out');
    found.set(name, own ? text : null);
  }
  return found;
}

/** Files that are written, and not yet under their names. */
export interface StagedFiles {
  /** @returns the paths. @throws {DpvsError} */
  commit(): string[];
  discard(): void;
}

/** All or, when one of them is somebody's own or the disk is full, none. @returns the paths. @throws {DpvsError} */
export const writeFiles = (files: object, options: WriteOptions): string[] => stageFiles(files, options).commit();

/**
 * As root into a directory of somebody else: no name in it is trusted, everything is done to the descriptor of a file that is new, whose
 * name nobody knows beforehand, unlike the one of replaceFileSync.
 * @throws {DpvsError} nothing is left of them then
 */
export function stageFiles(files: object, options: WriteOptions): StagedFiles {
  const { directory, secret } = options;
  const written: { readonly temporary: string; readonly path: string }[] = [];
  const discard = (): void => {
    for (const { temporary } of written) rmSync(temporary, { force: true });
  };
  const orNothing = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      discard();
      if (error instanceof DpvsError) throw error;
      throw new DpvsError('invalid_parameter', (error as Error).message, 'out');
    }
  };
  orNothing(() => {
    mkdirSync(directory, { recursive: true });
    previousFiles(files, options);
    for (const [name, text] of Object.entries(files)) {
      const path = join(directory, name);
      const temporary = `${path}.${randomBytes(8).toString('hex')}`;
      const fd = openSync(temporary, createNew, 0o600);
      written.push({ temporary, path });
      try {
        writeFileSync(fd, String(text));
        // The daemons read their files as the user they run as, to whom their directory belongs.
        const { uid, gid } = statSync(directory);
        if (process.getuid?.() === 0) fchownSync(fd, uid, gid);
        fchmodSync(fd, secret ? 0o640 : 0o644);
        // Some file systems find out only now that there is no room.
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
    }
  });
  const commit = (): string[] =>
    orNothing(() => {
      for (const { temporary, path } of written) renameSync(temporary, path);
      // The names are on disk only when the directory is.
      const fd = openSync(directory, 'r');
      fsyncSync(fd);
      closeSync(fd);
      return written.map(({ path }) => path);
    });
  return { commit, discard };
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
