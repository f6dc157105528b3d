// Recognises a refusal by its code.
import { DpvsError, type ErrorCode } from '../api/index.js';

export const isDpvsError = (error: unknown, ...codes: ErrorCode[]): error is DpvsError =>
  error instanceof DpvsError && (codes.length === 0 || codes.includes(error.code));
