// The generated files on disk: written all or none, never over what somebody wrote by hand.
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DpvsError, replaceFileSync } from '../common/index.js';

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

/** All or, when one of them is somebody's own, none. */
export function writeFiles(files: object, options: WriteOptions): string[] {
  const { directory, secret } = options;
  const entries = Object.entries(files).map(([name, text]) => ({ path: join(directory, name), text: String(text) }));
  try {
    mkdirSync(directory, { recursive: true });
    previousFiles(files, options);
    // The daemons read their files as the user they run as, to whom their directory belongs.
    const { uid, gid } = statSync(directory);
    const owner = process.getuid?.() === 0 ? { uid, gid } : undefined;
    for (const { path, text } of entries) replaceFileSync(path, text, { mode: secret ? 0o640 : 0o644, owner });
  } catch (error) {
    if (error instanceof DpvsError) throw error;
    throw new DpvsError('invalid_parameter', (error as Error).message, 'out');
  }
  return entries.map(({ path }) => path);
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
