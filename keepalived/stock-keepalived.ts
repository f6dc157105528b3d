// The stock keepalived as a child, for VRRP only (`keepalived -P`): started, reloaded, started again when it ends or when the kernel
// interfaces are new ones, ended with this process.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { replaceFileSync, runDirectory } from '../api/index.js';
import type { Log } from '../log/index.js';

/** Between its end and the next start, doubled up to the longest while it ends at once. */
const shortestWaitMs = 1_000;
const longestWaitMs = 30_000;
/** It sends priority 0 and takes its addresses back. */
const stopMs = 10_000;

export class StockKeepalived {
  readonly #path: string;
  readonly #pidFiles: readonly [string, string];
  #child: ChildProcess | null = null;
  /** null: no VRRP is wanted. */
  #text: string | null = null;
  #waitMs = shortestWaitMs;
  /** It was ended on purpose, and is to be there again at once. */
  #restarting = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    name: string,
    readonly log: Log,
    readonly program = 'keepalived',
  ) {
    const path = (what: string): string => join(runDirectory(), `${name}.${what}`);
    this.#path = path('vrrp.conf');
    this.#pidFiles = [path('keepalived.pid'), path('vrrp.pid')];
  }

  get state(): 'none' | 'running' | 'starting' {
    if (this.#text === null) return 'none';
    return this.#child === null ? 'starting' : 'running';
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** null: none. The same text again changes nothing. */
  set(text: string | null): void {
    if (text === this.#text) return;
    const before = this.#text;
    this.#text = text;
    if (text === null) return this.#end();
    try {
      replaceFileSync(this.#path, text, 0o600);
    } catch (error) {
      this.#text = before;
      this.log.event('keepalived.vrrp_ended', { why: `${this.#path}: ${(error as Error).message}` });
      return;
    }
    // As keepalived itself: what stayed in the file keeps its state.
    if (this.#child !== null) this.#child.kill('SIGHUP');
    else this.#start();
  }

  /** The kernel's interfaces are new ones: keepalived remembers the numbers of the old. */
  restart(): void {
    if (this.#text === null) return;
    this.#waitMs = shortestWaitMs;
    this.#restarting = this.#child !== null;
    if (this.#child !== null) this.#child.kill('SIGTERM');
    else this.#start();
  }

  /** VIPs leave this node before anything else goes. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#text = null;
    this.#end();
    if (child === null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    const late = setTimeout(() => child.kill('SIGKILL'), stopMs);
    if (child.exitCode === null && child.signalCode === null) await gone;
    clearTimeout(late);
  }

  #end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#child?.kill('SIGTERM');
    rmSync(this.#path, { force: true });
  }

  #start(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const [pidFile, vrrpPidFile] = this.#pidFiles;
    const args = ['-P', '-n', '-l', '-f', this.#path, '-p', pidFile, '-r', vrrpPidFile];
    // VIPs must not outlive the program that looks after them.
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', this.program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.log.event('keepalived.vrrp_started', { pid: child.pid, config: this.#path });
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) =>
        this.log.event('keepalived.vrrp_said', {}, line.replace(/^\w{3} \w{3} +\d+ [\d:]+ \d+: /, '')),
      );
    const started = performance.now();
    let over = false;
    const ended = (why: string): void => {
      if (over) return;
      over = true;
      this.#child = null;
      if (this.#text === null) return;
      if (this.#restarting) {
        this.#restarting = false;
        return this.#start();
      }
      this.log.event('keepalived.vrrp_ended', { why });
      this.#waitMs = performance.now() - started > longestWaitMs ? shortestWaitMs : this.#waitMs;
      this.#timer = setTimeout(() => this.#start(), this.#waitMs);
      this.#waitMs = Math.min(this.#waitMs * 2, longestWaitMs);
    };
    child.once('error', (error) => ended(error.message));
    child.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
  }
}

/** Whether the program is there; what to do, where it is not. */
export function stockKeepalivedMissing(program = 'keepalived'): string | null {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' });
  return error === undefined
    ? null
    : `VRRP is spoken by the stock keepalived, and there is none: apt-get install --no-install-recommends keepalived`;
}
