// The bridge's API, typed by its schema. Not through the API's door, which loads the schema library: every dpvs-route command would
// wait for it (0.1 s), and what it needs of the schema is its types.
import { RequestChannel } from '../api/client.js';
import { bridgeEndpoint, nodeName } from '../api/paths.js';
import type { BridgeMethod, BridgeParams, BridgeResult } from './schema.js';

export class BridgeClient {
  readonly #channel: RequestChannel;

  constructor(name = nodeName(), timeoutMs?: number) {
    this.#channel = new RequestChannel(bridgeEndpoint(name), timeoutMs);
  }

  async call<M extends BridgeMethod>(method: M, params: BridgeParams<M>, timeoutMs?: number): Promise<BridgeResult<M>> {
    return (await this.#channel.request(method, params, timeoutMs)) as BridgeResult<M>;
  }

  close(): void {
    this.#channel.close();
  }
}
