// The states of a wanted VIP and what moves it between them. Pure: states and inputs in, states and orders out.

export interface Reason {
  /** The condition that fails, or the step that failed. */
  readonly at: string;
  readonly code: string;
  readonly detail: string;
}

interface NotAnnounced {
  readonly since: number;
  /**
   * Something of it may be set up all the same (by a bridge that was killed, or before ospfd was lost): while this holds, a node that
   * cannot serve goes on taking it back.
   */
  readonly held: boolean;
}

export type VipState =
  /** Wanted; something is missing before it can be announced. */
  | (NotAnnounced & { readonly kind: 'configured'; readonly reason: Reason | null })
  /** Everything is there; an attempt runs, or waits after `failures` that failed in a row. */
  | (NotAnnounced & {
      readonly kind: 'ready';
      readonly reason: Reason | null;
      readonly failures: number;
      readonly retryAt: number;
    })
  /** ospfd announces it, verified. */
  | { readonly kind: 'announced'; readonly since: number }
  /** It was announced and is taken back, because of the reason; it comes back by itself. */
  | (NotAnnounced & { readonly kind: 'withdrawn'; readonly reason: Reason });

export type VipInput =
  /** What the conditions say now: `serve` fails for good reason to withdraw, `begin` only for not announcing yet. */
  | { readonly kind: 'assessed'; readonly serve: Reason | null; readonly begin: Reason | null }
  /** An attempt succeeded. */
  | { readonly kind: 'announced' }
  | { readonly kind: 'failed'; readonly reason: Reason }
  /** Something of what was set up is not there any more. */
  | { readonly kind: 'drifted'; readonly reason: Reason }
  /** Nothing of it is set up any more. */
  | { readonly kind: 'released' };

export type Order = 'none' | 'announce' | 'withdraw';
export interface Next {
  readonly state: VipState;
  readonly order: Order;
}

const firstRetryMs = 1_000;
const longestRetryMs = 30_000;

/** After the n-th failure in a row: 1, 2, 4, … 30 s. */
export const retryDelay = (failures: number): number => Math.min(firstRetryMs * 2 ** (failures - 1), longestRetryMs);

export const isHeld = (state: VipState): boolean => state.kind === 'announced' || state.held;

/** @param held whether the journal says that it was wanted before */
export const initialState = (now: number, held: boolean): VipState => ({
  kind: 'configured',
  since: now,
  held,
  reason: null,
});

/** @param now milliseconds, monotonic */
export function advance(state: VipState, input: VipInput, now: number): Next {
  const stay = (same: VipState): Next => ({ state: same, order: 'none' });
  switch (input.kind) {
    case 'announced':
      return stay(state.kind === 'announced' ? state : { kind: 'announced', since: now });
    case 'failed': {
      const failures = state.kind === 'ready' ? state.failures + 1 : 1;
      const since = state.kind === 'ready' ? state.since : now;
      const retryAt = now + retryDelay(failures);
      return stay({ kind: 'ready', since, held: isHeld(state), failures, retryAt, reason: input.reason });
    }
    case 'drifted':
      if (state.kind !== 'announced') return stay(state);
      return stay({ kind: 'ready', since: now, held: true, failures: 0, retryAt: now, reason: input.reason });
    case 'released':
      return stay(state.kind === 'announced' || !state.held ? state : { ...state, held: false });
    case 'assessed':
      if (input.serve !== null) return cannotServe(state, input.serve, now);
      return canServe(state, input.begin, now);
  }
}

function cannotServe(state: VipState, reason: Reason, now: number): Next {
  const order = isHeld(state) ? 'withdraw' : 'none';
  switch (state.kind) {
    case 'announced':
      return { state: { kind: 'withdrawn', since: now, held: true, reason }, order };
    case 'ready':
      return { state: { kind: 'configured', since: now, held: state.held, reason }, order };
    case 'configured':
    case 'withdrawn':
      return { state: { ...state, reason }, order };
  }
}

function canServe(state: VipState, missing: Reason | null, now: number): Next {
  switch (state.kind) {
    case 'announced':
      // A lost adjacency or a dead ospfd is no reason to withdraw: nobody is left to be told, and it may come back.
      return { state, order: 'none' };
    case 'ready':
      if (missing !== null)
        return { state: { kind: 'configured', since: now, held: state.held, reason: missing }, order: 'none' };
      return { state, order: now >= state.retryAt ? 'announce' : 'none' };
    case 'configured':
    case 'withdrawn':
      if (missing !== null) return { state: { ...state, reason: missing }, order: 'none' };
      return {
        state: { kind: 'ready', since: now, held: state.held, failures: 0, retryAt: now, reason: null },
        order: 'announce',
      };
  }
}
