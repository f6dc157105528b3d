// The journal: accepted requests on disk before they are acknowledged, so that the desired state survives kill -9.
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { DpvsError, replaceFile } from '../../api/index.js';
import { makePrivateDirectory } from '../../api/server.js';
import type { Log } from '../../log/index.js';
import { headerLine, readJournal, recordLine, recordOf, requestsOf } from './journal-format.js';
import { LockFile } from './lock-file.js';
import { type MutatingRequest, parseRequest } from './requests.js';

export interface JournalOptions {
  /** Made private (0700). Holds `<name>.journal` and its lock. */
  readonly directory: string;
  readonly name: string;
  readonly log: Log;
  /** The live state, for compaction when the file has grown; without it the caller compacts. */
  readonly live?: () => MutatingRequest[];
}

export interface JournalEntry {
  readonly request: MutatingRequest;
  /** When it was accepted, milliseconds since the epoch. */
  readonly at: number;
}

/** Not worth rewriting below this many bytes. */
const smallFile = 64 * 1024;
const growthFactor = 4;

export class Journal {
  readonly path: string;
  readonly #log: Log;
  readonly #lock: LockFile;
  readonly #live: (() => MutatingRequest[]) | undefined;
  #file: FileHandle | null = null;
  #length = 0;
  #lines = 0;
  /** Bytes after the last compaction: the size of what was live then. */
  #liveLength = 0;
  /** An fsync failed: what is on disk is unknown until the file is written anew. */
  #doubtful = false;
  #keepBefore = false;
  #last: Promise<unknown> = Promise.resolve();

  private constructor({ directory, name, log, live }: JournalOptions) {
    makePrivateDirectory(directory);
    this.path = join(directory, `${name}.journal`);
    this.#log = log;
    this.#live = live;
    this.#lock = LockFile.take(`${this.path}.lock`);
  }

  /**
   * Takes the lock and reads what is there. The caller replays it and then compacts (see replay.ts).
   * @throws {DpvsError} busy: another process has it; journal: it is damaged, with what to do
   */
  static async open(options: JournalOptions): Promise<{ journal: Journal; requests: JournalEntry[] }> {
    let journal: Journal | null = null;
    try {
      journal = new Journal(options);
      return { journal, requests: await journal.#read() };
    } catch (error) {
      await journal?.close();
      if (error instanceof DpvsError) throw error;
      throw new DpvsError('journal', (error as Error).message);
    }
  }

  get bytes(): number {
    return this.#length;
  }

  /**
   * On disk when it resolves. Several requests are one record: a crash leaves all of them or none.
   * @throws {DpvsError} journal: it is not, and the change must be refused
   */
  append(requests: readonly MutatingRequest[], at: number): Promise<void> {
    return this.#inTurn(async () => {
      // What was appended before is committed by now: the live state is what this file says.
      if (this.#live !== undefined && (this.#doubtful || this.#grown)) await this.#rewrite(this.#live(), at);
      if (this.#file === null || this.#doubtful)
        throw new DpvsError('journal', `${this.path} could not be written before`);
      const line = recordLine(this.#lines, recordOf(requests, at));
      try {
        await this.#file.appendFile(line);
      } catch (error) {
        // Half a line must not stay: the next one would make it damage in the middle.
        await this.#file.truncate(this.#length).catch(() => this.#doubt());
        throw this.#failure(error);
      }
      try {
        await this.#file.datasync();
      } catch (error) {
        this.#doubt();
        throw this.#failure(error);
      }
      this.#length += Buffer.byteLength(line);
      this.#lines++;
    });
  }

  /** Rewrites the file as these requests; the old one holds until the new one is on disk. */
  compact(requests: readonly MutatingRequest[], at = Date.now()): Promise<void> {
    return this.#inTurn(() => this.#rewrite(requests, at));
  }

  /** Something of the file is left out of the state: the next compaction keeps the file as `<name>.journal.before`. */
  keepBefore(): void {
    this.#keepBefore = true;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#file?.close();
    this.#file = null;
    this.#lock.release();
  }

  get #grown(): boolean {
    return this.#length > smallFile && this.#length > growthFactor * this.#liveLength;
  }

  #doubt(): void {
    this.#doubtful = true;
  }

  #inTurn<R>(work: () => Promise<R>): Promise<R> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  #failure(error: unknown): DpvsError {
    this.#log.event('journal.failed', { path: this.path, error });
    return new DpvsError('journal', `${this.path}: ${(error as Error).message}`);
  }

  async #read(): Promise<JournalEntry[]> {
    rmSync(`${this.path}.new`, { force: true });
    if (!existsSync(this.path)) {
      await this.#rewrite([], Date.now());
      return [];
    }
    const bytes = readFileSync(this.path);
    const contents = readJournal(bytes);
    if (contents.kind === 'damaged')
      throw new DpvsError('journal', howToRepair(this.path, contents.line, contents.why));
    this.#file = await open(this.path, 'a', 0o600);
    if (contents.torn) {
      this.#log.event('journal.torn', { path: this.path, bytes: bytes.length - contents.length });
      await this.#file.truncate(contents.length);
      await this.#file.sync();
    }
    this.#length = contents.length;
    this.#liveLength = contents.length;
    this.#lines = contents.records.length + 1;
    if (contents.length === 0) await this.#rewrite([], Date.now());
    this.#log.event('journal.opened', { path: this.path, requests: contents.records.length });
    const entries: JournalEntry[] = [];
    for (const { at, method, params } of contents.records.flatMap(requestsOf)) {
      try {
        entries.push({ request: parseRequest(method, params), at });
      } catch (error) {
        // Written by another version of the program.
        this.#log.event('state.replay_refused', { request: { method, params }, error });
        this.keepBefore();
      }
    }
    return entries;
  }

  async #rewrite(requests: readonly MutatingRequest[], at: number): Promise<void> {
    const text = headerLine() + requests.map((request, i) => recordLine(i + 1, { at, ...request })).join('');
    const before = this.#length;
    try {
      if (this.#keepBefore) copyFileSync(this.path, `${this.path}.before`);
      await replaceFile(this.path, text, 0o600);
      await this.#file?.close();
      this.#file = await open(this.path, 'a');
    } catch (error) {
      this.#doubt();
      throw this.#failure(error);
    }
    if (before > 0) this.#log.event('journal.compacted', { path: this.path, before, after: Buffer.byteLength(text) });
    if (this.#keepBefore) {
      const kept = `${this.path}.before`;
      const advice = `what was left out is in ${kept}; to get it back, correct dpvs.conf, stop dpvs and move it to ${this.path}`;
      this.#log.event('journal.kept', { path: kept }, advice);
    }
    this.#keepBefore = false;
    this.#doubtful = false;
    this.#length = Buffer.byteLength(text);
    this.#liveLength = this.#length;
    this.#lines = requests.length + 1;
  }
}

function howToRepair(path: string, line: number, why: string): string {
  const nothing = `to start with nothing: mv ${path} ${path}.damaged`;
  const steps =
    line < 2
      ? nothing
      : `the lines before it are good; to start with them: head -n ${line - 1} ${path} > ${path}.good && mv ${path}.good ${path}\n  ${nothing}`;
  return `${path}, line ${line}: ${why}\n  ${steps}`;
}
