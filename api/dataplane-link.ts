// The connection to the dataplane. After a request without an answer it starts afresh: ZeroMQ would keep what was asked, and deliver it
// to the next dataplane that comes up.
import { DataplaneClient, DpvsError, ExitCode, type Method, type Params, type Result } from '../api/index.js';

/** A node that answers requests; a table in a test is another. */
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
      throw error instanceof DpvsError ? error : new DpvsError('unreachable', (error as Error).message);
    }
  }

  close(): void {
    this.#client?.close();
    this.#client = null;
  }
}
