// Bounded retries: look again until what is seen is what is wanted, or say what was seen last.
import { inspect } from 'node:util';
import { Hopeless, LabError } from './errors.js';

export interface Patience {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/**
 * How many times longer than on an idle machine things may take before they are given up: the test runner sets it, as it runs several
 * topologies at once. What comes in time does not wait for it.
 */
export const patienceFactor = Math.max(1, Number(process.env.DPVS_LAB_PATIENCE) || 1);

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Looks until `want(seen)` holds; returns that sight. A look that throws counts as one that saw its error, unless it is
 * Hopeless.
 * @throws {LabError} with `what` and the last thing seen, when the time is over.
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T> | T,
  want: (seen: T) => boolean,
  patience: Patience = {},
): Promise<T> {
  const { everyMs = 100 } = patience;
  const timeoutMs = (patience.timeoutMs ?? 10_000) * patienceFactor;
  const deadline = performance.now() + timeoutMs;
  let last = 'nothing yet';
  for (;;) {
    try {
      const seen = await look();
      if (want(seen)) return seen;
      last = typeof seen === 'string' ? seen.trim() : inspect(seen, { depth: 6, breakLength: 120, maxArrayLength: 20 });
    } catch (error) {
      if (error instanceof Hopeless) throw new Hopeless(`${what}: ${error.message}`, error.suggestion);
      last = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() >= deadline)
      throw new LabError(`${what}: not within ${(timeoutMs / 1000).toFixed(1)} s; last seen: ${last}`);
    await sleep(everyMs);
  }
}
