// The path of an ipc:// endpoint before and after bind: a private directory, no living owner, a private socket file.
import { chmodSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { DpvsError } from './errors.js';

const scheme = 'ipc://';
/** sun_path of unix(7), less the terminating NUL. */
const longestPath = 107;

export function ipcPath(endpoint: string): string {
  if (!endpoint.startsWith(scheme)) throw new Error(`${endpoint} is no ipc:// endpoint`);
  return endpoint.slice(scheme.length);
}

/**
 * ZeroMQ unlinks whatever is at the path and binds, which would silently take a running process's socket away.
 * @throws {DpvsError} busy when somebody answers there; config when the directory cannot be private
 */
export async function prepareIpcPath(endpoint: string): Promise<string> {
  const path = ipcPath(endpoint);
  if (Buffer.byteLength(path) > longestPath)
    throw new DpvsError('config', `${path} is longer than the ${longestPath} bytes a socket's path can have`);
  makePrivateDirectory(dirname(path));
  if (await somebodyAnswers(path)) throw new DpvsError('busy', `another process listens on ${path}`);
  rmSync(path, { force: true });
  return path;
}

/** After bind: the umask of whoever started us does not decide who may command the node. */
export function makePrivateSocket(path: string): void {
  chmodSync(path, 0o600);
}

/** Created with mode 0700, or made so. @throws {DpvsError} config */
export function makePrivateDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const { mode, uid } = statSync(path);
    if ((mode & 0o077) === 0) return;
    // A directory that is meant to be shared (/tmp) must not be taken away from the others.
    if ((mode & 0o1000) !== 0 || uid !== process.getuid?.())
      throw new DpvsError('config', `${path} is open to others; use a directory of its own, mode 0700`);
    chmodSync(path, 0o700);
  } catch (error) {
    if (error instanceof DpvsError) throw error;
    throw new DpvsError('config', `directory ${path}: ${(error as Error).message}`);
  }
}

function somebodyAnswers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true));
    // ECONNREFUSED: the file is left over from a process that is gone. ENOENT: there is none.
    socket.once('error', () => settle(false));
  });
}
