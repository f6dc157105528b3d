// The schedulers by name.
import { RoundRobin } from './rr.js';
import type { Scheduler, SchedulerName, ServerView } from './scheduler.js';
import { WeightedLeastConnection } from './wlc.js';
import { WeightedRoundRobin } from './wrr.js';

export {
  isEligible,
  type Scheduler,
  type SchedulerName,
  type ServerColumns,
  ServerFlag,
  type ServerView,
} from './scheduler.js';

/** @param start which member is first, so that workers and nodes do not all begin with the same server */
export function createScheduler(name: SchedulerName, view: ServerView, start = 0): Scheduler {
  switch (name) {
    case 'rr':
      return new RoundRobin(view, start);
    case 'wrr':
      return new WeightedRoundRobin(view, start);
    case 'wlc':
      return new WeightedLeastConnection(view, start);
  }
}
