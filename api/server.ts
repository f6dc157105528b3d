// The serving side of a control socket: a ROUTER that validates requests by a method table and answers each one.
// A door of its own beside index.ts: clients, which must start fast, do not load it.
import { rmSync } from 'node:fs';
import { Router } from 'zeromq';
import type { z } from 'zod';
import { type Log, RepeatedCondition } from '../log/index.js';
import { longestRequestBytes } from './batches.js';
import { DpvsError } from './errors.js';
import { ipcPath, makePrivateSocket, prepareIpcPath } from './ipc-path.js';
import { type ResponseFrame, requestFrame } from './schema.js';

export { makePrivateDirectory } from './ipc-path.js';
export { EventPublisher, type EventPublisherOptions } from './publisher.js';

export interface MethodSpec {
  readonly params: z.ZodType;
  readonly result: z.ZodType;
  /** Requests of such methods are handled one after another, in the order they arrive. */
  readonly mutates: boolean;
}
export type MethodTable = Readonly<Record<string, MethodSpec>>;
export type Handlers<T extends MethodTable> = {
  readonly [M in keyof T]: (params: z.output<T[M]['params']>) => Promise<z.output<T[M]['result']>>;
};

export interface ApiServerOptions<T extends MethodTable> {
  /** `ipc://…`, see paths.ts. */
  readonly endpoint: string;
  readonly methods: T;
  /** A DpvsError is the user's refusal; anything else that is thrown is a bug: `internal`, and its stack in the log. */
  readonly handlers: Handlers<T>;
  readonly log: Log;
  readonly maxRequestBytes?: number;
  /** Further requests are refused as `busy`. */
  readonly maxInFlight?: number;
  /** Hold handlers to the schema of their results; for tests. */
  readonly checkResults?: boolean;
}

export interface ApiServerCounters {
  requests: number;
  refused: number;
  malformed: number;
  overloaded: number;
  defects: number;
}

type Failure = Extract<ResponseFrame, { ok: false }>['error'];

export class ApiServer<T extends MethodTable> {
  readonly counters: ApiServerCounters = { requests: 0, refused: 0, malformed: 0, overloaded: 0, defects: 0 };
  readonly #options: Required<ApiServerOptions<T>>;
  readonly #router: Router;
  readonly #malformed: RepeatedCondition;
  readonly #overloaded: RepeatedCondition;
  readonly #inFlight = new Set<Promise<void>>();
  /** Ends when the last mutating request accepted so far is done. */
  #mutations: Promise<unknown> = Promise.resolve();
  /** Ends when the last response so far is sent: ZeroMQ takes one send at a time. */
  #sends: Promise<unknown> = Promise.resolve();
  #closing = false;

  private constructor(options: Required<ApiServerOptions<T>>) {
    this.#options = options;
    // Beyond four times the limit the peer is cut off unread; up to there it gets an answer that says why.
    const maxMessageSize = 4 * options.maxRequestBytes;
    this.#router = new Router({ linger: 500, maxMessageSize, receiveHighWaterMark: 64 });
    this.#malformed = new RepeatedCondition(options.log, 'api.malformed');
    this.#overloaded = new RepeatedCondition(options.log, 'api.overloaded');
  }

  /** @throws {DpvsError} busy: the socket belongs to a living process; config: no private directory for it */
  static async listen<T extends MethodTable>(options: ApiServerOptions<T>): Promise<ApiServer<T>> {
    const server = new ApiServer({
      maxRequestBytes: longestRequestBytes,
      maxInFlight: 64,
      checkResults: false,
      ...options,
    });
    const path = await prepareIpcPath(options.endpoint);
    await server.#router.bind(options.endpoint);
    makePrivateSocket(path);
    options.log.event('api.listening', { endpoint: options.endpoint });
    void server.#receive();
    return server;
  }

  get endpoint(): string {
    return this.#options.endpoint;
  }

  /** Requests accepted and not answered yet. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Refuses what comes from now on, and waits for what is in flight, but not longer than `patienceMs`. */
  async close(patienceMs = 2000): Promise<void> {
    this.#closing = true;
    const quiet = Promise.allSettled([...this.#inFlight]).then(() => this.#sends);
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise((resolve) => {
      timer = setTimeout(resolve, patienceMs);
    });
    await Promise.race([quiet, patience]);
    clearTimeout(timer);
    this.#malformed.flush();
    this.#overloaded.flush();
    // ZeroMQ leaves the file. Without it clients know at once that nobody is there.
    rmSync(ipcPath(this.endpoint), { force: true });
    this.#router.close();
  }

  async #receive(): Promise<void> {
    for await (const [identity, ...frames] of this.#router) {
      if (identity === undefined) continue;
      const [frame] = frames;
      if (frames.length === 1 && frame !== undefined) this.#accept(identity, frame);
      else this.#countMalformed(`${frames.length} frames instead of one`);
    }
  }

  #accept(identity: Buffer, frame: Buffer): void {
    const { maxRequestBytes, maxInFlight } = this.#options;
    if (frame.length > maxRequestBytes) {
      this.#refuseFrame(identity, frame, `${frame.length} bytes; a request has at most ${maxRequestBytes}`);
      return;
    }
    let value: unknown;
    try {
      value = JSON.parse(frame.toString());
    } catch {
      this.#refuseFrame(identity, frame, 'not JSON');
      return;
    }
    const request = requestFrame.safeParse(value);
    if (!request.success) {
      this.#refuseFrame(identity, frame, issueOf(request.error).detail, idOf(value));
      return;
    }
    const { id, method, params } = request.data;
    if (this.#closing) {
      this.#respond(identity, { id, ok: false, error: failure('busy', 'the process is stopping') });
    } else if (this.#inFlight.size >= maxInFlight) {
      this.counters.overloaded++;
      this.#overloaded.hit({ method });
      this.#respond(identity, { id, ok: false, error: failure('busy', `${maxInFlight} requests are in flight`) });
    } else {
      const done = this.#serve(identity, id, method, params).finally(() => this.#inFlight.delete(done));
      this.#inFlight.add(done);
    }
  }

  async #serve(identity: Buffer, id: number, method: string, params: unknown): Promise<void> {
    this.counters.requests++;
    let response: ResponseFrame;
    try {
      response = { id, ok: true, result: await this.#handle(method, params) };
    } catch (error) {
      response = { id, ok: false, error: this.#failureOf(error, method) };
    }
    this.#respond(identity, response);
  }

  async #handle(method: string, params: unknown): Promise<unknown> {
    const { methods, handlers, checkResults } = this.#options;
    if (!Object.hasOwn(methods, method)) throw new DpvsError('not_support', `method ${method}`, 'method');
    const name: keyof T = method;
    const spec = methods[name]!;
    const parsed = spec.params.safeParse(params);
    if (!parsed.success) {
      const { field, detail } = issueOf(parsed.error);
      throw new DpvsError('invalid_parameter', detail, field);
    }
    const handle = () => handlers[name](parsed.data as z.output<T[keyof T]['params']>);
    const result = await (spec.mutates ? this.#afterMutations(handle) : handle());
    return checkResults ? spec.result.parse(result) : result;
  }

  #afterMutations<R>(handle: () => Promise<R>): Promise<R> {
    const result = this.#mutations.then(handle);
    this.#mutations = result.catch(() => {});
    return result;
  }

  #failureOf(error: unknown, method: string): Failure {
    const { log } = this.#options;
    if (error instanceof DpvsError && error.code !== 'internal') {
      const { code, detail, field } = error;
      this.counters.refused++;
      log.event('api.refused', { method, code, detail, field });
      return { code, detail, field };
    }
    this.counters.defects++;
    log.event('api.defect', { method, error });
    return failure('internal', error instanceof Error ? error.message : String(error));
  }

  /** A frame that is no request still gets an answer when its id can be read, so that a client need not wait in vain. */
  #refuseFrame(identity: Buffer, frame: Buffer, why: string, id = idAtStart(frame)): void {
    this.#countMalformed(why);
    if (id !== null) this.#respond(identity, { id, ok: false, error: failure('invalid_parameter', why) });
  }

  #countMalformed(why: string): void {
    this.counters.malformed++;
    this.#malformed.hit({ why });
  }

  #respond(identity: Buffer, response: ResponseFrame): void {
    let text: string;
    try {
      text = JSON.stringify(response);
    } catch (error) {
      text = JSON.stringify({ id: response.id, ok: false, error: this.#failureOf(error, 'response') });
    }
    // A client that is gone is no failure: the ROUTER drops what it cannot deliver.
    this.#sends = this.#sends
      .then(() => (this.#router.closed ? undefined : this.#router.send([identity, text])))
      .catch(() => {});
  }
}

const failure = (code: Failure['code'], detail: string): Failure => ({ code, detail, field: '' });

function issueOf(error: z.core.$ZodError): { field: string; detail: string } {
  const issue = error.issues[0];
  const path = issue?.path.join('.') ?? '';
  const field = issue?.code === 'unrecognized_keys' ? [path, issue.keys[0]].filter(Boolean).join('.') : path;
  const message = issue?.message ?? 'malformed';
  return { field, detail: field === '' ? message : `${field}: ${message}` };
}

function idOf(value: unknown): number | null {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : null;
  return typeof id === 'number' && Number.isSafeInteger(id) ? id : null;
}

/** Our clients write the id first; enough to answer a frame that is too long or broken further on. */
function idAtStart(frame: Buffer): number | null {
  const id = /^\s*\{\s*"id"\s*:\s*(\d{1,15})\s*[,}]/.exec(frame.subarray(0, 64).toString('latin1'))?.[1];
  return id === undefined ? null : Number(id);
}
