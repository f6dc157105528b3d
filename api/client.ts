// A client of the control API: one DEALER socket, requests in flight matched by id.
import { existsSync } from 'node:fs';
import { Dealer } from 'zeromq';
import { DpvsError, isErrorCode } from './errors.js';
import { controlEndpoint, nodeName } from './paths.js';
import type { Method, Params, Result } from './schema.js';
import { readResponse } from './wire.js';

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

const lastAnswersMs = 100;

/** Sends JSON requests to a ROUTER socket and awaits the answers. Used for the dataplane and for the routing bridge alike. */
export class RequestChannel {
  readonly #socket = new Dealer({ linger: 0 });
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;

  constructor(
    readonly endpoint: string,
    readonly timeoutMs = 10_000,
  ) {
    // ZeroMQ would wait for the other side to come back, and never say what became of a request that it had taken.
    this.#socket.events.on('disconnect', () => this.#lost());
    this.#socket.connect(endpoint);
    void this.#receive();
  }

  /** @throws {DpvsError} what the other side refused, `unreachable` without a socket, `timeout` without an answer. */
  request(method: string, params: unknown, timeoutMs = this.timeoutMs): Promise<unknown> {
    // A missing socket file is a process that is not running: say so at once instead of after the timeout.
    if (this.endpoint.startsWith('ipc://') && !existsSync(this.endpoint.slice('ipc://'.length)))
      return Promise.reject(new DpvsError('unreachable', `no socket at ${this.endpoint}`));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new DpvsError('timeout', `${method} after ${timeoutMs} ms`));
      }, timeoutMs);
      this.#pending.set(id, { resolve, reject, timer });
      this.#socket.send(JSON.stringify({ id, method, params })).catch(reject);
    });
  }

  close(): void {
    this.#fail([...this.#pending.keys()], 'closed');
    this.#socket.close();
  }

  #lost(): void {
    const ids = [...this.#pending.keys()];
    // Answers that were there before may not have been read yet.
    if (ids.length > 0)
      setTimeout(() => this.#fail(ids, 'it ended before it answered: whether it was done is unknown'), lastAnswersMs);
  }

  #fail(ids: readonly number[], detail: string): void {
    for (const id of ids) {
      const pending = this.#pending.get(id);
      if (pending === undefined) continue;
      this.#pending.delete(id);
      clearTimeout(pending.timer);
      pending.reject(new DpvsError('unreachable', detail));
    }
  }

  async #receive(): Promise<void> {
    for await (const [frame] of this.#socket) {
      const answer = readResponse(String(frame));
      if (answer === null) continue;
      const pending = this.#pending.get(answer.id);
      if (pending === undefined) continue;
      this.#pending.delete(answer.id);
      clearTimeout(pending.timer);
      if (answer.ok) pending.resolve(answer.result);
      else {
        const { code, detail, field } = answer.error;
        pending.reject(new DpvsError(isErrorCode(code) ? code : 'internal', detail, field));
      }
    }
  }
}

/** The dataplane's API, typed by the schema. */
export class DataplaneClient {
  readonly #channel: RequestChannel;

  constructor(name = nodeName(), timeoutMs?: number) {
    this.#channel = new RequestChannel(controlEndpoint(name), timeoutMs);
  }

  async call<M extends Method>(method: M, params: Params<M>, timeoutMs?: number): Promise<Result<M>> {
    return (await this.#channel.request(method, params, timeoutMs)) as Result<M>;
  }

  close(): void {
    this.#channel.close();
  }
}
