// The public door of the control part: desired state, its elementary changes, and the journal that keeps it.
export type * from './changes.js';
export { type AddressOnDevice, derivedRoutes, effectiveRoutes, routeKey } from './derived-routes.js';
export { DesiredState, type Plan, type ServiceState } from './desired-state.js';
export { Journal, type JournalEntry, type JournalOptions } from './journal.js';
export { limits } from './limits.js';
export { LockFile } from './lock-file.js';
export { replay } from './replay.js';
export {
  isMutating,
  type MutatingMethod,
  type MutatingRequest,
  parseRequest,
  type RequestParams,
} from './requests.js';
