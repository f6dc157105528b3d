// A lasting connection to the dataplane. After a request without an answer it starts afresh: ZeroMQ would keep what was asked, and deliver
// it to the next dataplane that comes up, long after it was reported to have failed.
import { DataplaneClient } from './client.js';
import { DpvsError, ExitCode } from './errors.js';
import type { Method, Params, Result } from './schema.js';

/** A node that answers requests: `DataplaneClient` and `DataplaneLink`; a table in a test is another. */
export interface DataplaneApi {
  call<M extends Method>(method: M, params: Params<M>, timeoutMs?: number): Promise<Result<M>>;
}

/** Nobody has judged the request: it may be made again. */
export const isUnanswered = (error: unknown): boolean =>
  !(error instanceof DpvsError) || error.exitCode === ExitCode.unreachable;

export class DataplaneLink implements DataplaneApi {
  #client: DataplaneClient | null = null;

  constructor(readonly name: string) {}

  async call<M extends Method>(method: M, params: Params<M>, timeoutMs = 10_000): Promise<Result<M>> {
    this.#client ??= new DataplaneClient(this.name);
    const client = this.#client;
    try {
      return await client.call(method, params, timeoutMs);
    } catch (error) {
      if (!isUnanswered(error)) throw error;
      if (this.#client === client) this.#client = null;
      client.close();
      // What the socket itself throws, as when another request has just closed it, is no answer either.
      throw error instanceof DpvsError ? error : new DpvsError('unreachable', (error as Error).message);
    }
  }

  close(): void {
    this.#client?.close();
    this.#client = null;
  }
}
