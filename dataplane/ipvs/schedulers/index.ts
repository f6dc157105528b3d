// The schedulers by name.
import type { Scheduler, SchedulerName, ServerView } from './scheduler.js';

export {
  isEligible,
  type Scheduler,
  type SchedulerName,
  type ServerColumns,
  ServerFlag,
  type ServerView,
} from './scheduler.js';

/** @param start which member is first, so that workers and nodes do not all begin with the same server */
export declare function createScheduler(name: SchedulerName, view: ServerView, start?: number): Scheduler;
