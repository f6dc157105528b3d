// Opens the connection to a node. ZeroMQ is loaded only here, when a request is really about to be sent.
import { createConnection } from 'node:net';
import { controlEndpoint, DpvsError, type ErrorCode, ExitCode, type NodeApi, nodeName } from './api.js';
import { UsageError } from './usage.js';
import { quote } from './values.js';

export interface OpenNode extends NodeApi {
  close(): void;
}

/** Why nothing can be sent to the socket, or null if somebody listens. ZeroMQ itself would wait in silence for a listener. */
export function knock(path: string): Promise<DpvsError | null> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(null);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EACCES' || error.code === 'EPERM') resolve(new DpvsError('permission', path));
      else if (error.code === 'ENOENT') resolve(new DpvsError('unreachable', `no socket at ${path}`));
      else if (error.code === 'ECONNREFUSED') resolve(new DpvsError('unreachable', `nobody listens at ${path}`));
      // A listener with a full backlog is busy, not absent.
      else if (error.code === 'EAGAIN') resolve(null);
      else resolve(new DpvsError('unreachable', `${path}: ${error.code ?? error.message}`));
    });
  });
}

/** `--name`, else DPVS_NAME, else the default. @throws {UsageError} a name that cannot be one */
export function checkedName(explicit: string | undefined): string {
  try {
    return nodeName(explicit);
  } catch {
    const word = explicit ?? process.env.DPVS_NAME ?? '';
    throw new UsageError(`invalid node name ${quote(word)}`, '1-32 of A-Z a-z 0-9 _ . - as --name or DPVS_NAME');
  }
}

/** The client's own failures speak of a dataplane; of another program they get this code. */
export function unreachableAs(code: ErrorCode, error: DpvsError): DpvsError {
  const silent = error.exitCode === ExitCode.unreachable && error.code !== 'permission';
  return silent ? new DpvsError(code, error.detail) : error;
}

/** @throws {DpvsError} `unreachable` or `permission`; {UsageError} for a name that cannot be one */
export async function openNode(explicit: string | undefined): Promise<OpenNode> {
  const name = checkedName(explicit);
  const path = controlEndpoint(name).replace(/^ipc:\/\//, '');
  const [refusal, { DataplaneClient }] = await Promise.all([knock(path), import('../../api/client.js')]);
  if (refusal !== null) throw refusal;
  return new DataplaneClient(name);
}
