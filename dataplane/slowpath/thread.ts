// The control thread's handle on the slow-path worker: start, ask, watch, kill, start again.
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { DpvsError, isErrorCode } from '../../api/index.js';
import { loadLibrary } from '../../native/index.js';
import type { Change } from '../control/index.js';
import type { Notice } from './dest-checks.js';
import type { FromWorker, ToWorker, WorkerStart } from './messages.js';
import type { Queries } from './queries.js';
import type { SlowPathOptions } from './slow-path.js';

export interface SlowPathThreadEvents {
  /** It took a real server out of use, or back, by itself. */
  noticed(notice: Notice): void;
  started(info: { generation: number; kept: number; ended: number; requeued: number; downMs: number }): void;
  /** It ended without being told to; it is being started again. */
  died(info: { generation: number; error: string; stack: string }): void;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** `Omit` that keeps a union a union. */
type WithoutId<T> = T extends { id: number } ? Omit<T, 'id'> : never;

/** A slow path that dies at once and again is started at growing intervals, so that its log can be read. */
const RESTART_MS = [0, 0, 100, 500, 2000];
const STABLE_MS = 10_000;

export class SlowPathThread {
  readonly #options: SlowPathOptions;
  readonly #snapshot: () => readonly Change[];
  readonly #events: SlowPathThreadEvents;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #port: MessagePort | undefined;
  #nextId = 1;
  #failures = 0;
  #stopping = false;
  #running = false;
  #waiting: (() => void)[] = [];
  /** Until the first one serves. */
  #startFailed: ((error: Error) => void) | undefined;
  generation = 0;
  lastAnswer = Date.now();

  /** @param snapshot the whole configuration, asked for at each start */
  constructor(options: SlowPathOptions, snapshot: () => readonly Change[], events: SlowPathThreadEvents) {
    this.#options = options;
    this.#snapshot = snapshot;
    this.#events = events;
  }

  get running(): boolean {
    return this.#running;
  }

  /** @throws {Error} when the first one dies before it serves: started again it would die again */
  async start(): Promise<void> {
    this.#spawn(Date.now());
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push(resolve);
      this.#startFailed = reject;
    });
  }

  apply(changes: readonly Change[]): Promise<unknown> {
    return this.#send({ kind: 'apply', changes });
  }

  async query<Q extends keyof Queries>(name: Q, params: Queries[Q]['params']): Promise<Queries[Q]['result']> {
    return (await this.#send({ kind: 'query', name, params } as WithoutId<ToWorker>)) as Queries[Q]['result'];
  }

  /** Kills the worker in the middle of whatever it does, as a crash would. Resolves when the next one serves. */
  async restart(): Promise<{ downMs: number }> {
    const since = Date.now();
    this.#running = false;
    await this.#kill();
    await this.whenRunning();
    return { downMs: Date.now() - since };
  }

  /** Killed too: it has nothing to put in order, and one that hangs would not hear. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#kill();
  }

  #spawn(since: number): void {
    const { port1, port2 } = new MessageChannel();
    const adopt = this.generation > 0;
    const data: WorkerStart = { options: this.#options, changes: this.#snapshot(), adopt, port: port2 };
    const worker = new Worker(fileURLToPath(new URL('./worker.js', import.meta.url)), {
      workerData: data,
      transferList: [port2],
      name: 'slow-path',
    });
    const generation = ++this.generation;
    let failure: Error | undefined;
    this.#worker = worker;
    this.#port = port1;
    port1.on('message', (message: FromWorker) => {
      this.lastAnswer = Date.now();
      if (message.kind === 'notice') return this.#events.noticed(message.notice);
      if (message.kind !== 'started') return this.#settle(message);
      this.#running = true;
      this.#startFailed = undefined;
      this.#events.started({ ...message, generation, downMs: adopt ? Date.now() - since : 0 });
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
    worker.on('error', (error: Error) => {
      failure = error;
    });
    worker.on('exit', () => {
      port1.close();
      this.#running = false;
      this.#rejectAll();
      if (this.#stopping) return;
      if (this.#startFailed !== undefined)
        return this.#startFailed(failure ?? new Error('the slow path ended at once'));
      const lived = Date.now() - since;
      this.#failures = lived > STABLE_MS ? 0 : this.#failures + 1;
      if (failure !== undefined) this.#events.died({ generation, error: failure.message, stack: failure.stack ?? '' });
      const died = Date.now();
      const wait = RESTART_MS[Math.min(this.#failures, RESTART_MS.length - 1)];
      setTimeout(() => {
        if (!this.#stopping) this.#spawn(died);
      }, wait);
    });
  }

  #settle(message: Exclude<FromWorker, { kind: 'started' | 'notice' }>): void {
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    this.#pending.delete(message.id);
    if (message.kind === 'done') return pending.resolve(message.result);
    pending.reject(new DpvsError(isErrorCode(message.code) ? message.code : 'internal', message.detail, message.field));
  }

  #send(message: WithoutId<ToWorker>): Promise<unknown> {
    const port = this.#port;
    if (!this.#running || port === undefined) return Promise.reject(new DpvsError('slow_path_down'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      port.postMessage({ ...message, id });
      loadLibrary().dp_kick();
    });
  }

  async #kill(): Promise<void> {
    const ended = this.#worker?.terminate();
    // terminate() takes effect when the native wait returns.
    loadLibrary().dp_kick();
    await ended;
  }

  /** Resolves when it serves: at once, or after the restart under way. */
  whenRunning(): Promise<void> {
    return this.#running ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  #rejectAll(): void {
    for (const { reject } of this.#pending.values()) reject(new DpvsError('slow_path_down'));
    this.#pending.clear();
  }
}
