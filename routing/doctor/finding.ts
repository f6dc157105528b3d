// What a check says: findings, or that it could not look.

export type Severity = 'error' | 'warn' | 'info';

export interface Finding {
  /** Stable; scripts may match on it. */
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  /** What was seen. */
  readonly evidence: string;
  /** What to do. */
  readonly advice: string;
}

export interface Skipped {
  readonly skipped: string;
}

export type Verdict = readonly Finding[] | Skipped;
export const isSkipped = (verdict: Verdict): verdict is Skipped => 'skipped' in verdict;
export const skip = (why: string): Skipped => ({ skipped: why });
