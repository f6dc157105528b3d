// Runs the steps of a change one after another, times them, and undoes those that were done when a later one fails.
import { DpvsError, type ErrorCode } from '../api/index.js';
import { KernelError } from '../kni/index.js';
import type { Step } from './schema.js';
import { VtyshError } from './vtysh.js';

export interface StepResult {
  readonly outcome: 'done' | 'already' | 'skipped';
  readonly detail?: string;
}

/** One look of a proof. */
export interface Seen {
  /** null: all of it is so. */
  readonly missing: string | null;
  /** What the step says then, where it is more than that it is done. */
  readonly result?: StepResult;
  /** The patience for the whole proof, where it turns out to need more. */
  readonly deadlineMs?: number;
}

/** A step that failed for a reason the user can act on. */
export class StepError extends Error {
  constructor(
    readonly step: string,
    readonly code: ErrorCode,
    readonly detail: string,
  ) {
    super(`${step}: ${detail}`);
    this.name = 'StepError';
  }
}

/** What other parts throw → a code and a detail. @throws whatever is a bug */
export function explain(error: unknown): { code: ErrorCode; detail: string } {
  if (error instanceof StepError) return { code: error.code, detail: error.detail };
  if (error instanceof DpvsError) return { code: error.code, detail: error.detail || error.message };
  if (error instanceof VtyshError) return { code: 'routing_daemon', detail: error.message };
  if (error instanceof KernelError)
    return { code: error.code === 'ENODEV' ? 'kni_down' : 'busy', detail: error.message };
  throw error;
}

export class Steps {
  readonly list: Step[] = [];
  readonly #undo: { readonly name: string; readonly work: () => Promise<void> }[] = [];

  /** @throws {StepError} */
  async run(name: string, work: () => Promise<StepResult>, undo?: () => Promise<void>): Promise<StepResult> {
    const start = performance.now();
    try {
      const result = await work();
      this.#record(name, result.outcome, start, result.detail ?? '');
      if (result.outcome === 'done' && undo !== undefined) this.#undo.push({ name: `undo ${name}`, work: undo });
      return result;
    } catch (error) {
      const { code, detail } = explain(error);
      this.#record(name, 'failed', start, detail);
      // It may have been done in part.
      if (undo !== undefined) this.#undo.push({ name: `undo ${name}`, work: undo });
      throw new StepError(name, code, detail);
    }
  }

  /** A step whose failure does not stop the rest. @returns whether it succeeded */
  async try(name: string, work: () => Promise<StepResult>): Promise<boolean> {
    try {
      await this.run(name, work);
      return true;
    } catch (error) {
      if (error instanceof StepError) return false;
      throw error;
    }
  }

  /**
   * A step that changes nothing: looks every `everyMs` until nothing is missing.
   * @throws {StepError} not_verified after `deadlineMs`, with what was missing last
   */
  prove(name: string, look: () => Promise<Seen>, deadlineMs: number, everyMs = 50): Promise<StepResult> {
    return this.run(name, async () => {
      const start = performance.now();
      let allowed = deadlineMs;
      for (;;) {
        const { missing, result, deadlineMs: longer } = await look();
        if (missing === null) return result ?? { outcome: 'done' };
        allowed = Math.max(allowed, longer ?? 0);
        if (performance.now() - start >= allowed)
          throw new StepError(name, 'not_verified', `${missing} after ${(allowed / 1000).toFixed(1)} s`);
        await new Promise((resolve) => setTimeout(resolve, everyMs));
      }
    });
  }

  /** false: something that was to be undone could not be, and is in the list as failed. */
  undone = true;

  /** Last done, first undone. */
  async undo(): Promise<void> {
    for (const { name, work } of this.#undo.splice(0).reverse()) {
      const succeeded = await this.try(name, async () => {
        await work();
        return { outcome: 'done' };
      });
      this.undone &&= succeeded;
    }
  }

  #record(name: string, outcome: Step['outcome'], start: number, detail: string): void {
    this.list.push({ name, outcome, ms: Math.round((performance.now() - start) * 10) / 10, detail });
  }
}

/** Beyond one or a few VIPs every proof takes longer: netlink, zebra and the daemon. */
export const perVipMs = 10;
