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
  /**
   * Wanted; something is missing before it can be announced. `complete`: all of it is set up, and only a neighbour that hears of it is
   * missing. It stays as it is then: a withdrawal would reach nobody, and the adjacency that comes back brings it to everybody at once.
   */
  | (NotAnnounced & { readonly kind: 'configured'; readonly complete: boolean; readonly reason: Reason | null })
  /** Everything is there; an attempt runs, or waits after `failures` that failed in a row. */
  | (NotAnnounced & {
      readonly kind: 'ready';
      readonly reason: Reason | null;
      readonly failures: number;
      /** Tried by itself next time. */
      readonly alone: boolean;
      readonly retryAt: number;
    })
  /** The routing daemon announces it, verified. */
  | { readonly kind: 'announced'; readonly since: number }
  /** Still announced, but worse than by other nodes, until its flows have ended. */
  | Draining
  /** It was announced and is taken back, because of the reason. It comes back by itself, unless it was `parked` by the operator. */
  | (NotAnnounced & { readonly kind: 'withdrawn'; readonly reason: Reason; readonly parked: boolean });

export type VipInput =
  /**
   * What the conditions say now: `serve` fails for good reason to withdraw, `begin` for not announcing yet, `hear` for not calling it
   * announced although it is set up.
   */
  | {
      readonly kind: 'assessed';
      readonly serve: Reason | null;
      readonly begin: Reason | null;
      readonly hear: Reason | null;
    }
  /** An attempt succeeded. `hear`: as above. */
  | { readonly kind: 'announced'; readonly hear: Reason | null }
  /** `setUp`: already before the proof, which one VIP can spoil for all. */
  | { readonly kind: 'failed'; readonly reason: Reason; readonly setUp?: boolean }
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
  /** The operator wants it back, or, for the reason, it was made as good again as before. */
  | { readonly kind: 'undrain'; readonly reason?: Reason }
  /** Nobody wants it any more; something of it may be set up. */
  | { readonly kind: 'unwanted'; readonly reason: Reason };

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

/** In the routing daemon's database, as far as the bridge knows, whether or not a neighbour hears of it. */
export const isUp = (state: VipState): boolean =>
  state.kind === 'announced' || state.kind === 'draining' || isUnheard(state);

/** Others may be sending to it, as far as the bridge knows: announced, or about to be proved or put right. */
export const mayBeInUse = (state: VipState): boolean => isHeld(state) && state.kind !== 'withdrawn';

/** All of it is set up, and no neighbour hears of it. */
export const isUnheard = (state: VipState): state is Extract<VipState, { kind: 'configured' }> =>
  state.kind === 'configured' && state.complete;

export const reasonOf = (state: VipState): Reason | null => ('reason' in state ? state.reason : null);

/** By a drain, or because it is not wanted: not announced again before the operator says so. */
export const isParked = (state: VipState): state is Extract<VipState, { kind: 'withdrawn' }> =>
  state.kind === 'withdrawn' && state.parked;

export const drained: Reason = { at: 'drain', code: 'drained', detail: 'dpvs-route undrain brings it back' };

export const byHand: Reason = { at: 'command', code: 'withdrawn', detail: 'dpvs-route withdraw' };

/** What the journal says that the operator wants: it announced, drained (under way or ended), or nothing of it. */
export type Intent = 'announced' | 'draining' | 'drained' | 'unwanted';

/** @param held whether the journal says that it was wanted before */
export function initialState(now: number, held: boolean, intent: Intent = 'announced'): VipState {
  if (intent === 'draining') return { kind: 'draining', since: now, stage: 'leaving' };
  if (intent === 'drained') return { kind: 'withdrawn', since: now, held, reason: drained, parked: true };
  if (intent === 'unwanted') return { kind: 'withdrawn', since: now, held: true, reason: byHand, parked: true };
  return { kind: 'configured', since: now, held, complete: false, reason: null };
}

/** @param now milliseconds, monotonic */
export function advance(state: VipState, input: VipInput, now: number): Next {
  const stay = (same: VipState): Next => ({ state: same, order: 'none' });
  switch (input.kind) {
    case 'announced':
      // An attempt that was under way when it was drained: what it has set up is taken back.
      if (isParked(state)) return stay({ ...state, held: true });
      if (isUp(state) && !isUnheard(state)) return stay(state);
      return stay(input.hear === null ? { kind: 'announced', since: now } : unheard(state, input.hear, now));
    case 'failed': {
      if (state.kind === 'draining' || isParked(state)) return stay(state);
      const failures = state.kind === 'ready' ? state.failures + 1 : 1;
      const since = state.kind === 'ready' ? state.since : now;
      const retryAt = now + retryDelay(failures);
      const alone = input.setUp ?? false;
      return stay({ kind: 'ready', since, held: isHeld(state), failures, retryAt, alone, reason: input.reason });
    }
    case 'drifted':
      if (state.kind !== 'announced' && !isUnheard(state)) return stay(state);
      return stay({
        kind: 'ready',
        since: now,
        held: true,
        failures: 0,
        retryAt: now,
        alone: false,
        reason: input.reason,
      });
    case 'released':
      if (state.kind === 'announced' || state.kind === 'draining' || isUnheard(state)) return stay(state);
      return stay({ ...state, held: false });
    case 'drain':
      if (state.kind === 'draining') return stay(state);
      if (mayBeInUse(state)) return stay({ kind: 'draining', since: now, stage: 'leaving' });
      return park(state, drained, now);
    case 'left':
      return stay(state.kind === 'draining' ? { ...state, stage: 'emptying' } : state);
    case 'emptied':
      return state.kind === 'draining' ? park(state, input.reason, now) : stay(state);
    case 'undrain':
      if (state.kind === 'draining') return { state: { kind: 'announced', since: now }, order: 'improve' };
      if (!isParked(state)) return stay(state);
      return stay({ kind: 'configured', since: now, held: state.held, complete: false, reason: null });
    case 'unwanted': {
      const since = state.kind === 'withdrawn' ? state.since : now;
      return {
        state: { kind: 'withdrawn', since, held: true, reason: input.reason, parked: true },
        order: 'withdraw',
      };
    }
    case 'assessed':
      if (input.serve !== null) return cannotServe(state, input.serve, now);
      return canServe(state, input, now);
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
      return { state: { kind: 'configured', since: now, held: state.held, complete: false, reason }, order };
    case 'configured':
      return { state: { ...state, complete: false, reason }, order };
    case 'withdrawn':
      return { state: state.parked ? state : { ...state, reason }, order };
  }
}

type Missing = Pick<Extract<VipInput, { kind: 'assessed' }>, 'begin' | 'hear'>;

function canServe(state: VipState, missing: Missing, now: number): Next {
  const { begin, hear } = missing;
  switch (state.kind) {
    case 'announced':
    case 'draining':
      if (state.kind === 'draining' || (begin === null && hear === null)) return { state, order: 'none' };
      return { state: withNobodyToTell(state, missing, now), order: 'none' };
    case 'ready':
      if (begin !== null)
        return {
          state: { kind: 'configured', since: now, held: state.held, complete: false, reason: begin },
          order: 'none',
        };
      return { state, order: now >= state.retryAt ? 'announce' : 'none' };
    case 'withdrawn':
      // After SIGKILL in a drain, what it left behind.
      if (state.parked) return { state, order: state.held ? 'withdraw' : 'none' };
      return becomeReady(state, begin, now);
    case 'configured':
      if (!state.complete) return becomeReady(state, begin, now);
      if (begin === null && hear === null) return { state: { kind: 'announced', since: now }, order: 'none' };
      return { state: withNobodyToTell(state, missing, now), order: 'none' };
  }
}

/** No reason to withdraw. What the daemon had is lost with the daemon, not with an adjacency. */
function withNobodyToTell(state: VipState, { begin, hear }: Missing, now: number): VipState {
  return begin === null ? unheard(state, hear, now) : { ...unheard(state, begin, now), complete: false };
}

function unheard(state: VipState, reason: Reason | null, now: number): Extract<VipState, { kind: 'configured' }> {
  const since = state.kind === 'configured' ? state.since : now;
  return { kind: 'configured', since, held: true, complete: true, reason };
}

function becomeReady(
  state: Extract<VipState, { kind: 'configured' | 'withdrawn' }>,
  missing: Reason | null,
  now: number,
): Next {
  if (missing !== null) return { state: { ...state, reason: missing }, order: 'none' };
  return {
    state: { kind: 'ready', since: now, held: state.held, failures: 0, retryAt: now, alone: false, reason: null },
    order: 'announce',
  };
}
