// The bridge's connection to the dataplane. After a request without an answer it starts afresh: ZeroMQ would keep what was asked, and
// deliver it to the next dataplane that comes up, long after we have reported that it failed.
import { DataplaneClient, DpvsError, ExitCode, type Method, type Params, type Result } from '../api/index.js';
import type { DataplaneApi } from './tools.js';

export class DataplaneLink implements DataplaneApi {
  readonly #name: string;
  #client: DataplaneClient | null = null;

  constructor(name: string) {
    this.#name = name;
  }

  async call<M extends Method>(method: M, params: Params<M>, timeoutMs = 10_000): Promise<Result<M>> {
    this.#client ??= new DataplaneClient(this.#name);
    const client = this.#client;
    try {
      return await client.call(method, params, timeoutMs);
    } catch (error) {
      const answered = error instanceof DpvsError && error.exitCode !== ExitCode.unreachable;
      if (answered) throw error;
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
