// A condition that may repeat a million times a second: its first occurrence is logged, the rest is counted and summed up.
import type { EventName } from './events.js';
import type { Log, LogFields } from './logger.js';

export interface RepeatedConditionOptions {
  /** At most one line in this many seconds. */
  readonly everySeconds?: number;
  /** Milliseconds, monotonic; for tests. */
  readonly now?: () => number;
}

/**
 * ```ts
 * const noPort = new RepeatedCondition(log, 'conn.no_port');
 * noPort.hit({ service });          // logged at once
 * noPort.hit({ service });          // counted; a line with `repeated: 1` follows within 10 s
 * ```
 * A hit is a comparison and an addition: cheap enough for each upcall.
 */
export class RepeatedCondition {
  readonly #log: Log;
  readonly #event: EventName;
  readonly #intervalMs: number;
  readonly #now: () => number;
  #quietUntil = Number.NEGATIVE_INFINITY;
  #since = 0;
  #suppressed = 0;
  #latest: LogFields = {};
  #timer: NodeJS.Timeout | null = null;
  /** Occurrences since the start. */
  total = 0;

  constructor(
    log: Log,
    event: EventName,
    { everySeconds = 10, now = () => performance.now() }: RepeatedConditionOptions = {},
  ) {
    this.#log = log;
    this.#event = event;
    this.#intervalMs = everySeconds * 1000;
    this.#now = now;
  }

  /** It happened `count` times. The fields of the latest hit are the ones in the summary. */
  hit(fields: LogFields = {}, count = 1): void {
    this.total += count;
    const now = this.#now();
    const quiet = now < this.#quietUntil;
    if (quiet || this.#suppressed > 0) {
      this.#suppressed += count;
      this.#latest = fields;
      if (!quiet) this.flush();
      else if (this.#timer === null) this.#scheduleSummary(this.#quietUntil - now);
      return;
    }
    this.#log.event(this.#event, count === 1 ? fields : { ...fields, count });
    this.#since = now;
    this.#quietUntil = now + this.#intervalMs;
  }

  /** Logs the summary of what was counted, if anything was. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#suppressed === 0) return;
    const now = this.#now();
    const seconds = Math.max(1, Math.round((now - this.#since) / 1000));
    this.#log.event(this.#event, { ...this.#latest, repeated: this.#suppressed, seconds, total: this.total });
    this.#suppressed = 0;
    this.#since = now;
    this.#quietUntil = now + this.#intervalMs;
  }

  #scheduleSummary(delayMs: number): void {
    this.#timer = setTimeout(() => this.flush(), delayMs);
    this.#timer.unref();
  }
}
