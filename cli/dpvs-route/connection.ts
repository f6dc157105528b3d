// Opens the connection to a node's routing bridge; ZeroMQ is loaded only when a request is really about to be sent.
import { bridgeEndpoint } from '../../api/paths.js';
import type { BridgeMethod, BridgeParams, BridgeResult } from '../../routing/index.js';
import { checkedName, DpvsError } from '../common/index.js';
import { knock, unreachableAs } from '../common/node.js';

/** The bridge's API; a table in a test is one, too. */
export interface OpenBridge {
  call<M extends BridgeMethod>(method: M, params: BridgeParams<M>, timeoutMs?: number): Promise<BridgeResult<M>>;
  close(): void;
}

/** @throws {DpvsError} bridge_unreachable or permission; {UsageError} */
export async function openBridge(explicit: string | undefined): Promise<OpenBridge> {
  const name = checkedName(explicit);
  const path = bridgeEndpoint(name).replace(/^ipc:\/\//, '');
  const refusal = await knock(path);
  if (refusal !== null) throw aboutBridge(refusal);
  const { BridgeClient } = await import('../../routing/client.js');
  const client = new BridgeClient(name);
  return {
    call: async (method, params, timeoutMs) => {
      try {
        return await client.call(method, params, timeoutMs);
      } catch (error) {
        throw error instanceof DpvsError ? aboutBridge(error) : error;
      }
    },
    close: () => client.close(),
  };
}

const aboutBridge = (error: DpvsError): DpvsError => unreachableAs('bridge_unreachable', error);
