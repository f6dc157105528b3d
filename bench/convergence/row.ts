// A line of the table: what happened, how long it took, and what it cost those who asked meanwhile.
import type { Outage } from '../../lab/index.js';

export interface Row {
  readonly event: string;
  /** Milliseconds; several runs of the same, of which the table shows the middle one. */
  readonly tookMs: readonly number[];
  /** New connections that failed, of all; null: nobody asked. */
  readonly outage: Outage | null;
  readonly aim: string;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

export function tableOf(rows: readonly Row[]): string[] {
  return [
    '| event | took | failed of new connections | longest without an answer | aim |',
    '|---|---|---|---|---|',
    ...rows.map(({ event, tookMs, outage, aim }) => {
      const took =
        tookMs.length === 0 ? '–' : seconds(median(tookMs)) + (tookMs.length > 1 ? ` (${tookMs.length} runs)` : '');
      const failed = outage === null ? '–' : `${outage.failed} of ${outage.requests}`;
      const silence = outage === null ? '–' : seconds(outage.longestSilenceMs);
      return `| ${[event, took, failed, silence, aim].join(' | ')} |`;
    }),
  ];
}
