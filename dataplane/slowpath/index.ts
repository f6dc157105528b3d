// The public door of the slow path: the policy for first packets, ARP, ICMP, timers. The control thread starts it as a worker.

export { addTally, type ConnSummaryPart, emptyTally, SUMMARY_SECONDS } from './conn-summary.js';
export type { Notice } from './dest-checks.js';
export type { PortSlot } from './ports.js';
export type { PoolRuntime, Queries, ServiceRuntime } from './queries.js';
export { SlowPath, type SlowPathOptions } from './slow-path.js';
export { SlowPathThread, type SlowPathThreadEvents } from './thread.js';
