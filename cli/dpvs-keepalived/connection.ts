// The socket of a dpvs-keepalived that runs. Its schemas are types here: a status should not wait for them.
import { keepalivedEndpoint, nodeName } from '../../api/paths.js';
import type { KeepalivedStatus } from '../../keepalived/index.js';
import { DpvsError, ExitCode, quote, UsageError } from '../common/index.js';
import { knock } from '../common/node.js';

/** @throws {UsageError} a name that cannot be one */
export function checkedName(explicit: string | undefined): string {
  try {
    return nodeName(explicit);
  } catch {
    const word = explicit ?? process.env.DPVS_NAME ?? '';
    throw new UsageError(`invalid node name ${quote(word)}`, '1-32 of A-Z a-z 0-9 _ . - as --name or DPVS_NAME');
  }
}

/** @throws {DpvsError} keepalived_unreachable or permission */
export async function fetchStatus(name: string): Promise<KeepalivedStatus> {
  const endpoint = keepalivedEndpoint(name);
  const refusal = await knock(endpoint.replace(/^ipc:\/\//, ''));
  if (refusal !== null) throw aboutKeepalived(refusal);
  const { RequestChannel } = await import('../../api/client.js');
  const channel = new RequestChannel(endpoint);
  try {
    return (await channel.request('status', {})) as KeepalivedStatus;
  } catch (error) {
    throw error instanceof DpvsError ? aboutKeepalived(error) : error;
  } finally {
    channel.close();
  }
}

/** The client's own failures speak of a dataplane; here the other side is dpvs-keepalived. */
function aboutKeepalived(error: DpvsError): DpvsError {
  const silent = error.exitCode === ExitCode.unreachable && error.code !== 'permission';
  return silent ? new DpvsError('keepalived_unreachable', error.detail) : error;
}
