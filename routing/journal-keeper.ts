// Keeps the journal equal to the book. What the node has done is written down afterwards, as soon as the disk takes it: a full or
// read-only disk holds no withdrawal up. What is newly wished for is written down first, or refused.
import { DpvsError } from '../api/index.js';
import type { Log } from '../log/index.js';
import type { Journal, JournalEntry } from './journal.js';

const retryMs = 1_000;

export class JournalKeeper {
  readonly #journal: Journal;
  readonly #log: Log;
  readonly #entries: () => readonly JournalEntry[];
  #trouble: string | null = null;
  #soon: NodeJS.Immediate | null = null;
  #retry: NodeJS.Timeout | null = null;

  /** @param entries the book's, as they are now */
  constructor(journal: Journal, log: Log, entries: () => readonly JournalEntry[]) {
    this.#journal = journal;
    this.#log = log;
    this.#entries = entries;
  }

  /** Why the journal cannot be written; null: it was, the last time. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** On disk when it returns, or else as soon as it can be. Throws only what is a bug. */
  save(): void {
    try {
      this.write(this.#entries());
    } catch (error) {
      if (!(error instanceof DpvsError)) throw error;
    }
  }

  /** Once for all changes that this turn of the event loop makes: a journal of many VIPs is milliseconds each time. */
  saveSoon(): void {
    this.#soon ??= setImmediate(() => this.save());
  }

  /** @param entries the book's, or as they are to become. @throws {DpvsError} journal: they are not on disk */
  write(entries: readonly JournalEntry[]): void {
    this.#cancel();
    try {
      this.#journal.write(entries);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
    if (this.#trouble !== null) this.#log.event('bridge.journal_written', { path: this.#journal.path });
    this.#trouble = null;
  }

  /** The last attempt. */
  close(): void {
    if (this.#soon !== null || this.#retry !== null) this.save();
    this.#cancel();
  }

  #fail(error: unknown): void {
    const reason = error instanceof DpvsError ? error.detail : String(error);
    if (this.#trouble === null) this.#log.event('bridge.journal_failed', { path: this.#journal.path, reason });
    this.#trouble = reason;
    this.#retry = setTimeout(() => this.save(), retryMs);
    this.#retry.unref();
  }

  #cancel(): void {
    if (this.#soon !== null) clearImmediate(this.#soon);
    if (this.#retry !== null) clearTimeout(this.#retry);
    [this.#soon, this.#retry] = [null, null];
  }
}
