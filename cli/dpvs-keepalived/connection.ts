// The socket of a dpvs-keepalived that runs. Its schemas are types here: a status should not wait for them.
import { keepalivedEndpoint } from '../../api/paths.js';
import type { KeepalivedStatus } from '../../keepalived/index.js';
import { DpvsError } from '../common/index.js';
import { knock, unreachableAs } from '../common/node.js';

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

const aboutKeepalived = (error: DpvsError): DpvsError => unreachableAs('keepalived_unreachable', error);
