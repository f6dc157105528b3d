// What a node's dataplane and routing bridge are asked through their sockets: a look of this kind costs a millisecond, a program of
// the command line 0.1 to 0.2 s of a CPU, and most looks are one of many.
import {
  bridgeEndpoint,
  controlEndpoint,
  type Method,
  type Params,
  RequestChannel,
  type Result,
} from '../api/index.js';
import type { BridgeMethod, BridgeParams, BridgeResult } from '../routing/index.js';
import { patienceFactor } from './eventually.js';

const answerMs = 5_000;

/** A socket's path is the same in every network namespace. */
export class NodeApi {
  /** @param runDirectory DPVS_RUN_DIR of the node's programs */
  constructor(
    readonly name: string,
    readonly runDirectory: string,
  ) {}

  /** @throws {DpvsError} what is refused; `unreachable` without a socket, `timeout` when nobody answers at it */
  async dataplane<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    return (await once(controlEndpoint(this.name, this.runDirectory), method, params)) as Result<M>;
  }

  /** @throws {DpvsError} as above */
  async bridge<M extends BridgeMethod>(method: M, params: BridgeParams<M>): Promise<BridgeResult<M>> {
    return (await once(bridgeEndpoint(this.name, this.runDirectory), method, params)) as BridgeResult<M>;
  }
}

/** On a connection of its own: the process at the other end may be another one than at the last request. */
async function once(endpoint: string, method: string, params: unknown): Promise<unknown> {
  const channel = new RequestChannel(endpoint, answerMs * patienceFactor);
  try {
    return await channel.request(method, params);
  } finally {
    channel.close();
  }
}
