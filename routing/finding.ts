// What looking at a condition came to.
import type { ErrorCode } from '../api/index.js';

export interface Finding {
  /** null: it holds. */
  readonly failure: { readonly code: ErrorCode; readonly detail: string } | null;
  /** What was seen, when it holds. */
  readonly detail: string;
}

export const holds = (detail: string): Finding => ({ failure: null, detail });
export const fails = (code: ErrorCode, detail: string): Finding => ({ failure: { code, detail }, detail: '' });
