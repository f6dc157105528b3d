// The desired state: everything the API was asked for. Judges a request whole, then turns it into changes.
import type { Change, DesiredAddress, DesiredRoute, DeviceFacts } from './changes.js';
import type { MutatingMethod, MutatingRequest, RequestParams } from './requests.js';

/** A judged request: nothing has changed yet. */
export interface Plan {
  readonly request: MutatingRequest;
}

/** Types first; the implementation follows. */
export interface DesiredStateApi {
  /** Judges a request; @throws {DpvsError} and changes nothing. */
  plan(request: MutatingRequest, now?: number): Plan;
  /** Carries a plan out; the plan must be the latest, and nothing else committed in between. */
  commit(plan: Plan): Change[];
  /** plan and commit in one. */
  apply<M extends MutatingMethod>(method: M, params: RequestParams<M>, now?: number): Change[];
  /** Requests that recreate this state when applied in order to an empty one. */
  dump(now?: number): MutatingRequest[];
  /** Changes that bring an empty slow path to this state. */
  snapshot(): Change[];
  /** Requests that remove the addresses whose valid lifetime has passed. */
  expired(now: number): MutatingRequest[];
  addresses(): DesiredAddress[];
  /** Explicit routes only. */
  routes(): DesiredRoute[];
  /** Explicit and derived: what route.list shows. */
  effectiveRoutes(): DesiredRoute[];
}

export type DesiredStateConstructor = new (devices: readonly DeviceFacts[]) => DesiredStateApi;
