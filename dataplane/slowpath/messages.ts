// What the control thread and the slow-path worker say to each other.
import type { Change } from '../control/index.js';
import type { Notice } from './dest-checks.js';
import type { Queries } from './queries.js';
import type { SlowPathOptions } from './slow-path.js';

export interface WorkerStart {
  readonly options: SlowPathOptions;
  readonly changes: readonly Change[];
  readonly adopt: boolean;
  readonly port: import('node:worker_threads').MessagePort;
}

export type ToWorker =
  | { readonly kind: 'apply'; readonly id: number; readonly changes: readonly Change[] }
  | {
      readonly [Q in keyof Queries]: {
        readonly kind: 'query';
        readonly id: number;
        readonly name: Q;
        readonly params: Queries[Q]['params'];
      };
    }[keyof Queries];

export type FromWorker =
  | { readonly kind: 'started'; readonly kept: number; readonly ended: number; readonly requeued: number }
  | { readonly kind: 'notice'; readonly notice: Notice }
  | { readonly kind: 'done'; readonly id: number; readonly result: unknown }
  | {
      readonly kind: 'refused';
      readonly id: number;
      readonly code: string;
      readonly detail: string;
      readonly field: string;
    };
