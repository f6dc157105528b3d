// What a command of the bridge answers: what was checked, what was done, what would be.
import { type Condition, firstFailure } from './conditions.js';
import { conditionReason, type Outcome } from './core.js';
import type { Report, Step } from './schema.js';
import type { Reason } from './vip-state.js';

type About = Pick<Report, 'action' | 'vips' | 'device'> &
  Partial<Pick<Report, 'dryRun' | 'flows' | 'graceSeconds' | 'cutFlows'>>;

const complete = (about: About, rest: Pick<Report, 'done' | 'steps' | 'error'>): Report => ({
  action: about.action,
  vips: about.vips,
  device: about.device,
  dryRun: about.dryRun ?? false,
  flows: about.flows ?? null,
  graceSeconds: about.graceSeconds ?? null,
  cutFlows: about.cutFlows ?? null,
  ...rest,
});

export function outcomeReport(about: About, { steps, error }: Outcome, before: readonly Step[] = []): Report {
  const failure = error === null ? null : { code: error.code, detail: `${error.step}: ${error.detail}` };
  return complete(about, { done: error === null, steps: [...before, ...steps.list], error: failure });
}

/** Nothing had to be done, or nothing was to be done. */
export const stepsReport = (about: About, steps: readonly Step[]): Report =>
  complete(about, { done: true, steps: [...steps], error: null });

/** The conditions up to the one that fails. */
export function refusal(about: About, conditions: readonly Condition[], failure: Condition): Report {
  const steps = conditions.slice(0, conditions.indexOf(failure) + 1).map(checkedStep);
  return complete(about, { done: false, steps, error: errorOf(conditionReason(failure)) });
}

const errorOf = (reason: Pick<Reason, 'code' | 'detail'> | null): Report['error'] =>
  reason === null ? null : { code: reason.code, detail: reason.detail };

export function checkedStep({ name, failure, detail }: Condition): Step {
  return { name, outcome: failure === null ? 'holds' : 'failed', ms: 0, detail: failure?.detail ?? detail };
}

export const wouldStep = (name: string, detail: string): Step => ({ name, outcome: 'would', ms: 0, detail });

/** Of several VIPs those of the first that fails, else of the first. */
export function worstOf(each: readonly (readonly Condition[])[]): readonly Condition[] {
  return each.find((conditions) => firstFailure(conditions) !== null) ?? each[0];
}
