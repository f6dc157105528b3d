// The PUB socket beside a control socket: events for whoever listens. Nobody listening costs nothing; a slow listener loses events.
import { rmSync } from 'node:fs';
import { Publisher } from 'zeromq';
import { type Log, RepeatedCondition } from '../log/index.js';
import { longestBatch } from './batches.js';
import { ipcPath, makePrivateSocket, prepareIpcPath } from './ipc-path.js';
import type { EventTopic } from './schema.js';

export interface EventPublisherOptions {
  /** `ipc://…`, see paths.ts. */
  readonly endpoint: string;
  readonly log: Log;
}

/** Events that wait for the socket; beyond, they are dropped and counted. A whole batch of changes fits, with what follows from each. */
const longestQueue = 8 * longestBatch;

export class EventPublisher {
  readonly #publisher = new Publisher({ linger: 100 });
  readonly #dropped: RepeatedCondition;
  #sends: Promise<unknown> = Promise.resolve();
  #queued = 0;

  private constructor(
    readonly endpoint: string,
    log: Log,
  ) {
    this.#dropped = new RepeatedCondition(log, 'api.event_dropped');
  }

  /** @throws {DpvsError} as ApiServer.listen */
  static async listen({ endpoint, log }: EventPublisherOptions): Promise<EventPublisher> {
    const events = new EventPublisher(endpoint, log);
    const path = await prepareIpcPath(endpoint);
    await events.#publisher.bind(endpoint);
    makePrivateSocket(path);
    return events;
  }

  /** Two frames: the topic, for the subscriber's filter, and a JSON body with `topic`, `at` and the fields. */
  publish(topic: EventTopic, fields: Readonly<Record<string, unknown>> = {}): void {
    if (this.#queued >= longestQueue) {
      this.#dropped.hit({ topic });
      return;
    }
    const body = JSON.stringify({ topic, at: new Date().toISOString(), ...fields });
    this.#queued++;
    this.#sends = this.#sends
      .then(() => (this.#publisher.closed ? undefined : this.#publisher.send([topic, body])))
      .catch(() => this.#dropped.hit({ topic }))
      .finally(() => this.#queued--);
  }

  async close(): Promise<void> {
    await this.#sends;
    this.#dropped.flush();
    rmSync(ipcPath(this.endpoint), { force: true });
    this.#publisher.close();
  }
}
