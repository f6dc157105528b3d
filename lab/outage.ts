// Reading a request stream: what failed, and for how long the service was not all there.
import type { Sample } from './request-stream.js';

export interface Outage {
  readonly requests: number;
  readonly failed: number;
  /** From `since` to the sending of the last request that failed; 0 when none did. */
  readonly durationMs: number;
  /** The longest time without a single success (a node down halves the service, it need not stop it). */
  readonly longestSilenceMs: number;
}

/** Looks at the samples sent at or after `since` (Unix time in milliseconds), in the order of their sending. */
export function outage(samples: readonly Sample[], since: number): Outage {
  const seen = samples.filter(({ at }) => at >= since).sort((a, b) => a.at - b.at);
  const failed = seen.filter(({ ok }) => !ok);
  const answered = seen
    .filter(({ ok }) => ok)
    .map(({ at, ms }) => at + ms)
    .sort((a, b) => a - b);
  const longestSilenceMs = answered.reduce(
    (longest, time, i) => Math.max(longest, time - (answered[i - 1] ?? since)),
    0,
  );
  return {
    requests: seen.length,
    failed: failed.length,
    durationMs: Math.max(0, (failed.at(-1)?.at ?? since) - since),
    longestSilenceMs,
  };
}

/**
 * Whether the request's connection was open around `moment` (Unix time in milliseconds; when it was noticed, a little
 * after it happened). Connections that are open when a switch moves their flow to another node are lost.
 */
export function openAround({ at, ms }: Sample, moment: number): boolean {
  return at < moment && at + ms > moment - 250;
}
