// Shows a view once, or again and again with -i and -c.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Terminal } from '../common/index.js';

export interface Presenter<T> {
  fetch(): Promise<T>;
  text(now: T): string[];
  /** What happened between two samples; absent where repeating means showing it anew. */
  rates?(before: T, now: T, seconds: number): string[];
  /** What --json prints when it is not the sample itself. */
  json?(now: T): unknown;
}

export interface Repetition {
  readonly json: boolean;
  readonly intervalMs: number | undefined;
  readonly count: number | undefined;
  readonly color: boolean;
}

/** @returns the last sample */
export async function present<T>(how: Presenter<T>, options: Repetition, terminal: Terminal): Promise<T> {
  const put = (lines: readonly string[]): void => terminal.write(lines.map((line) => `${line}\n`).join(''));
  const { intervalMs } = options;
  const json = (sample: T): unknown => (how.json === undefined ? sample : how.json(sample));
  let now = await how.fetch();
  if (intervalMs === undefined) {
    put(options.json ? [JSON.stringify(json(now), null, 2)] : how.text(now));
    return now;
  }
  const rates = options.json ? undefined : how.rates?.bind(how);
  if (rates !== undefined) put(how.text(now));
  for (let shown = 0; shown < (options.count ?? Number.POSITIVE_INFINITY); shown++) {
    // A rate needs two samples; anything else is shown first and waits after.
    const before = now;
    const since = performance.now();
    if (rates !== undefined || shown > 0) {
      await sleep(intervalMs);
      now = await how.fetch();
    }
    const lines =
      rates !== undefined
        ? rates(before, now, (performance.now() - since) / 1000)
        : options.json
          ? [JSON.stringify(json(now))]
          : how.text(now);
    put(options.color ? lines.map((line) => terminal.paint(shown % 2 === 0 ? 'green' : 'blue', line)) : lines);
  }
  return now;
}
