// The bridge's API, typed by its schema.
import { bridgeEndpoint, nodeName, RequestChannel } from '../api/index.js';
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
