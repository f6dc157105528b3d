// Whether a check is up, by its results: a pure machine. Retries before a failure counts, one success to come back (keepalived's rules).
import type { CheckSpec } from './model.js';

export interface CheckState {
  readonly up: boolean;
  /** It has had a result that counts. */
  readonly settled: boolean;
  /** Failures in a row that are being tried again. */
  readonly retries: number;
}

export interface CheckStep {
  readonly state: CheckState;
  /** null: nothing that anybody needs to be told. */
  readonly change: 'up' | 'down' | null;
  /** Milliseconds until the next run. */
  readonly delayMs: number;
}

type Times = Pick<CheckSpec, 'alpha' | 'retry' | 'delayLoopMs' | 'delayBeforeRetryMs'>;

/** Up until it fails; with alpha down until it succeeds. */
export const initialCheckState = ({ alpha }: Pick<CheckSpec, 'alpha'>): CheckState => ({
  up: !alpha,
  settled: false,
  retries: 0,
});

export function stepCheck(state: CheckState, ok: boolean, times: Times): CheckStep {
  const { delayLoopMs, delayBeforeRetryMs } = times;
  if (ok) {
    const change = state.up && state.settled ? null : 'up';
    return { state: { up: true, settled: true, retries: 0 }, change, delayMs: delayLoopMs };
  }
  // A check that is down has nothing to lose by the next one, so nothing is tried again.
  if (state.up && state.retries < times.retry)
    return { state: { ...state, retries: state.retries + 1 }, change: null, delayMs: delayBeforeRetryMs };
  const change = state.up || !state.settled ? 'down' : null;
  return { state: { up: false, settled: true, retries: 0 }, change, delayMs: delayLoopMs };
}
