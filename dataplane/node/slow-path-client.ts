// What the control thread needs of a slow path, be it a worker thread or, in tests, an object in the same thread.
import type { Change } from '../control/index.js';
import type { Queries } from '../slowpath/index.js';

export interface SlowPathClient {
  readonly running: boolean;
  readonly generation: number;
  /** Milliseconds since the epoch. */
  readonly lastAnswer: number;
  apply(changes: readonly Change[]): Promise<unknown>;
  query<Q extends keyof Queries>(name: Q, params: Queries[Q]['params']): Promise<Queries[Q]['result']>;
  restart(): Promise<{ downMs: number }>;
  whenRunning(): Promise<void>;
}
