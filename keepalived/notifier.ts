// notify_up, quorum_up and their like: one after another for each virtual server, so that an up never overtakes a down.
import type { Log } from '../log/index.js';
import type { Script } from './model.js';
import { runScript, type ScriptEnd } from './script.js';

/** keepalived waits for ever; a script that hangs would keep all that follow from running. */
const longestMs = 60_000;
/** Behind one that runs. A server that flaps faster than its script needs no more than the last states. */
const mostWaiting = 8;

export type RunScript = (script: Script, timeoutMs: number) => Promise<ScriptEnd>;

export class Notifier {
  readonly #queues = new Map<string, Script[]>();
  readonly #running = new Map<string, Promise<void>>();

  constructor(
    readonly log: Log,
    readonly run: RunScript = runScript,
  ) {}

  /** @param queue the virtual server's name */
  notify(queue: string, script: Script | null, timeoutMs = longestMs): void {
    if (script === null) return;
    const waiting = this.#queues.get(queue) ?? [];
    this.#queues.set(queue, waiting);
    waiting.push(script);
    while (waiting.length > mostWaiting) {
      const left = waiting.shift();
      this.log.event('keepalived.script_failed', { command: left?.command, why: 'too many wait: left out' });
    }
    if (!this.#running.has(queue))
      this.#running.set(
        queue,
        this.#work(queue, waiting, timeoutMs).finally(() => this.#running.delete(queue)),
      );
  }

  async idle(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  async #work(queue: string, waiting: Script[], timeoutMs: number): Promise<void> {
    for (let script = waiting.shift(); script !== undefined; script = waiting.shift()) {
      const { code, signal, timedOut, said } = await this.run(script, timeoutMs);
      const fields = { virtualServer: queue, command: script.command, code, signal, said: said || undefined };
      if (code === 0) this.log.event('keepalived.script', fields);
      else this.log.event('keepalived.script_failed', { ...fields, timedOut });
    }
  }
}
