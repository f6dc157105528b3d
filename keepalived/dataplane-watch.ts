// Looks once a second whether the dataplane answers, and whether it is the same as before: a new one is told everything anew.
import type { DataplaneApi } from '../api/index.js';
import type { Log } from '../log/index.js';

const everyMs = 1_000;
const answerMs = 5_000;

export class DataplaneWatch {
  #identity: string | null = null;
  #trouble: string | null = 'not asked yet';
  #told = false;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(
    readonly api: DataplaneApi,
    readonly log: Log,
    /** It answers, and is another one than before, or the first. */
    readonly found: () => void,
  ) {}

  /** Why it cannot be asked; null: it answers. */
  get trouble(): string | null {
    return this.#trouble;
  }

  async start(): Promise<void> {
    await this.#look();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    try {
      const { pid, startedAt } = await this.api.call('node.status', {}, answerMs);
      if (this.#stopped) return;
      const identity = `${pid} ${startedAt}`;
      const another = identity !== this.#identity;
      if (another || this.#told) this.log.event('keepalived.dataplane_found', { pid });
      this.#identity = identity;
      this.#trouble = null;
      this.#told = false;
      if (another) this.found();
    } catch (error) {
      this.#trouble = (error as Error).message;
      if (!this.#told && !this.#stopped) this.log.event('keepalived.dataplane_lost', { why: this.#trouble });
      this.#told = true;
    }
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#look(), everyMs);
  }
}
