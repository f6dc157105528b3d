// Runs all checks: each at its times, so many at once, and keeps what each of them said last.
import { type CheckState, initialCheckState, stepCheck } from './check-state.js';
import type { CheckResult, RunCheck } from './checkers/index.js';
import type { Clock } from './clock.js';
import type { CheckSpec } from './model.js';

/** Sockets and processes of checks at one moment: well below the 1024 files a process may have open by default. */
export const checksAtOnce = 256;

/** A check, and which server it is about. The id says both, and is the same after a reload that changed neither. */
export interface Check {
  readonly id: string;
  readonly spec: CheckSpec;
}

/** What is known of a check. Times by the clock of the engine. */
export interface CheckView {
  readonly check: Check;
  readonly state: CheckState;
  readonly last: (CheckResult & { readonly at: number; readonly tookMs: number }) | null;
}

export interface EngineOptions {
  readonly run: RunCheck;
  readonly clock: Clock;
  /** 0 to below 1; spreads the first runs. */
  readonly random?: () => number;
  readonly atOnce?: number;
  /** After every result. */
  readonly heard: (view: CheckView, change: 'up' | 'down' | null) => void;
}

interface Run {
  check: Check;
  state: CheckState;
  last: CheckView['last'];
  /** It is under way, and schedules the next one when it ends. */
  busy: boolean;
  cancel: () => void;
  readonly abort: AbortController;
}

export class CheckEngine {
  readonly #options: EngineOptions;
  readonly #runs = new Map<string, Run>();
  readonly #waiting: Run[] = [];
  #running = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** From now on these, and no others. A check that is there already goes on where it is, at its new times if they are new. */
  set(checks: readonly Check[]): void {
    const wanted = new Map(checks.map((check) => [check.id, check]));
    for (const [id, run] of this.#runs)
      if (!wanted.has(id)) {
        this.#runs.delete(id);
        this.#end(run);
      }
    for (const check of wanted.values()) {
      const run = this.#runs.get(check.id);
      if (run === undefined) this.#begin(check);
      else this.#change(run, check);
    }
  }

  view(id: string): CheckView | undefined {
    return this.#runs.get(id);
  }

  get now(): number {
    return this.#options.clock.now();
  }

  stop(): void {
    this.set([]);
  }

  #begin(check: Check): void {
    const { random = Math.random } = this.#options;
    const run: Run = {
      check,
      state: initialCheckState(check.spec),
      last: null,
      busy: false,
      cancel: () => {},
      abort: new AbortController(),
    };
    this.#runs.set(check.id, run);
    this.#schedule(run, check.spec.warmupMs * random());
  }

  #change(run: Run, check: Check): void {
    const sooner = check.spec.delayLoopMs < run.check.spec.delayLoopMs;
    run.check = check;
    if (!sooner || run.busy || this.#waiting.includes(run)) return;
    run.cancel();
    this.#schedule(run, check.spec.delayLoopMs);
  }

  #end(run: Run): void {
    run.cancel();
    run.abort.abort();
    const at = this.#waiting.indexOf(run);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  #schedule(run: Run, delayMs: number): void {
    run.cancel = this.#options.clock.after(delayMs, () => {
      this.#waiting.push(run);
      this.#startWaiting();
    });
  }

  /** First come, first served: a check that waits is late, and the next time of it counts from when it has ended. */
  #startWaiting(): void {
    const { atOnce = checksAtOnce } = this.#options;
    while (this.#running < atOnce) {
      const run = this.#waiting.shift();
      if (run === undefined) return;
      this.#running++;
      void this.#perform(run).finally(() => {
        this.#running--;
        this.#startWaiting();
      });
    }
  }

  async #perform(run: Run): Promise<void> {
    const { clock, heard } = this.#options;
    const start = clock.now();
    run.busy = true;
    const result = await this.#options.run(run.check.spec, run.abort.signal);
    run.busy = false;
    // Taken away meanwhile: what it says is about a server that nobody asks about any more.
    if (run.abort.signal.aborted) return;
    const at = clock.now();
    const { state, change, delayMs } = stepCheck(run.state, result.ok, run.check.spec);
    run.state = state;
    run.last = { ...result, at, tookMs: at - start };
    this.#schedule(run, delayMs);
    heard(run, change);
  }
}
