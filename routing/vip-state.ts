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

export interface Draining {
  readonly kind: 'draining';
  readonly since: number;
  /** `leaving`: until the area's database shows that others are preferred; `emptying`: until its flows have ended. */
  readonly stage: 'leaving' | 'emptying';
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
  /** The routing daemon announces it, verified. */
  | { readonly kind: 'announced'; readonly since: number }
  /** Still announced, but worse than by other nodes, until its flows have ended. */
  | Draining
  /** It was announced and is taken back, because of the reason. It comes back by itself, unless it was `parked` by a drain. */
  | (NotAnnounced & { readonly kind: 'withdrawn'; readonly reason: Reason; readonly parked: boolean });

export type VipInput =
  /** What the conditions say now: `serve` fails for good reason to withdraw, `begin` only for not announcing yet. */
  | { readonly kind: 'assessed'; readonly serve: Reason | null; readonly begin: Reason | null }
  /** An attempt succeeded. */
  | { readonly kind: 'announced' }
  | { readonly kind: 'failed'; readonly reason: Reason }
  /** Something of what was set up is not there any more. */
  | { readonly kind: 'drifted'; readonly reason: Reason }
  /** Nothing of it is set up any more. */
  | { readonly kind: 'released' }
  /** The operator wants other nodes to take it over. */
  | { readonly kind: 'drain' }
  /** The area prefers other nodes now. */
  | { readonly kind: 'left' }
  /** No flow is left, or the operator's patience has ended. */
  | { readonly kind: 'emptied'; readonly reason: Reason }
  /** The operator wants it back. */
  | { readonly kind: 'undrain' };

/** `improve`: as good again as before the drain. */
export type Order = 'none' | 'announce' | 'withdraw' | 'improve';
export interface Next {
  readonly state: VipState;
  readonly order: Order;
}

const firstRetryMs = 1_000;
const longestRetryMs = 30_000;

/** After the n-th failure in a row: 1, 2, 4, … 30 s. */
export const retryDelay = (failures: number): number => Math.min(firstRetryMs * 2 ** (failures - 1), longestRetryMs);

export const isHeld = (state: VipState): boolean =>
  state.kind === 'announced' || state.kind === 'draining' || state.held;

/** In the routing daemon's database, as far as the bridge knows. */
export const isUp = (state: VipState): state is Extract<VipState, { kind: 'announced' | 'draining' }> =>
  state.kind === 'announced' || state.kind === 'draining';

/** By a drain: not announced again before `undrain`. */
export const isParked = (state: VipState): state is Extract<VipState, { kind: 'withdrawn' }> =>
  state.kind === 'withdrawn' && state.parked;

export const drained: Reason = { at: 'drain', code: 'drained', detail: 'dpvs-route undrain brings it back' };

/** What the journal says of a drain: none, one that was under way, or one that had ended. */
export type DrainIntent = 'none' | 'under way' | 'ended';

/** @param held whether the journal says that it was wanted before */
export function initialState(now: number, held: boolean, drain: DrainIntent = 'none'): VipState {
  if (drain === 'under way') return { kind: 'draining', since: now, stage: 'leaving' };
  if (drain === 'ended') return { kind: 'withdrawn', since: now, held, reason: drained, parked: true };
  return { kind: 'configured', since: now, held, reason: null };
}

/** @param now milliseconds, monotonic */
export function advance(state: VipState, input: VipInput, now: number): Next {
  const stay = (same: VipState): Next => ({ state: same, order: 'none' });
  switch (input.kind) {
    case 'announced':
      // An attempt that was under way when it was drained: what it has set up is taken back.
      if (isParked(state)) return stay({ ...state, held: true });
      return stay(isUp(state) ? state : { kind: 'announced', since: now });
    case 'failed': {
      if (state.kind === 'draining' || isParked(state)) return stay(state);
      const failures = state.kind === 'ready' ? state.failures + 1 : 1;
      const since = state.kind === 'ready' ? state.since : now;
      const retryAt = now + retryDelay(failures);
      return stay({ kind: 'ready', since, held: isHeld(state), failures, retryAt, reason: input.reason });
    }
    case 'drifted':
      if (state.kind !== 'announced') return stay(state);
      return stay({ kind: 'ready', since: now, held: true, failures: 0, retryAt: now, reason: input.reason });
    case 'released':
      return stay(isUp(state) || !state.held ? state : { ...state, held: false });
    case 'drain':
      if (state.kind === 'announced') return stay({ kind: 'draining', since: now, stage: 'leaving' });
      if (state.kind === 'draining') return stay(state);
      return park(state, drained, now);
    case 'left':
      return stay(state.kind === 'draining' ? { ...state, stage: 'emptying' } : state);
    case 'emptied':
      return state.kind === 'draining' ? park(state, input.reason, now) : stay(state);
    case 'undrain':
      if (state.kind === 'draining') return { state: { kind: 'announced', since: now }, order: 'improve' };
      if (!isParked(state)) return stay(state);
      return stay({ kind: 'configured', since: now, held: state.held, reason: null });
    case 'assessed':
      if (input.serve !== null) return cannotServe(state, input.serve, now);
      return canServe(state, input.begin, now);
  }
}

function park(state: VipState, reason: Reason, now: number): Next {
  const held = isHeld(state);
  const since = state.kind === 'withdrawn' ? state.since : now;
  return { state: { kind: 'withdrawn', since, held, reason, parked: true }, order: held ? 'withdraw' : 'none' };
}

function cannotServe(state: VipState, reason: Reason, now: number): Next {
  const order = isHeld(state) ? 'withdraw' : 'none';
  switch (state.kind) {
    case 'announced':
      return { state: { kind: 'withdrawn', since: now, held: true, reason, parked: false }, order };
    case 'draining':
      return { state: { kind: 'withdrawn', since: now, held: true, reason, parked: true }, order };
    case 'ready':
      return { state: { kind: 'configured', since: now, held: state.held, reason }, order };
    case 'configured':
      return { state: { ...state, reason }, order };
    case 'withdrawn':
      return { state: state.parked ? state : { ...state, reason }, order };
  }
}

function canServe(state: VipState, missing: Reason | null, now: number): Next {
  switch (state.kind) {
    case 'announced':
    case 'draining':
      // A lost adjacency or a dead ospfd is no reason to withdraw: nobody is left to be told, and it may come back.
      return { state, order: 'none' };
    case 'ready':
      if (missing !== null)
        return { state: { kind: 'configured', since: now, held: state.held, reason: missing }, order: 'none' };
      return { state, order: now >= state.retryAt ? 'announce' : 'none' };
    case 'withdrawn':
      // After SIGKILL in a drain, what it left behind.
      if (state.parked) return { state, order: state.held ? 'withdraw' : 'none' };
      return becomeReady(state, missing, now);
    case 'configured':
      return becomeReady(state, missing, now);
  }
}

function becomeReady(
  state: Extract<VipState, { kind: 'configured' | 'withdrawn' }>,
  missing: Reason | null,
  now: number,
): Next {
  if (missing !== null) return { state: { ...state, reason: missing }, order: 'none' };
  return {
    state: { kind: 'ready', since: now, held: state.held, failures: 0, retryAt: now, reason: null },
    order: 'announce',
  };
}
