// The public door of the lab: topologies in network namespaces for the demo, the e2e tests and for playing.
// It drives the project's programs from outside, as an operator would; nothing of the product imports it.
export type { Reply, RequestStream } from './client.js';
export { type Daemon, type DaemonOptions, startDaemon } from './daemon.js';
export { diagnose } from './diagnosis.js';
export type { Driver } from './dpvs-conf.js';
export { DpvsNode, wanKni } from './dpvs-node.js';
export { Hopeless, LabError } from './errors.js';
export { eventually, sleep } from './eventually.js';
export { must, type Outcome, run } from './exec.js';
export { type FailureKind, failureKinds } from './failures.js';
export { Frr, isFull, type Neighbour } from './frr.js';
export { KernelNode } from './kernel-node.js';
export { type BuildOptions, Lab } from './lab.js';
export { NodeApi } from './node-api.js';
export { type Outage, openAround, outage } from './outage.js';
export * as plan from './plan.js';
export { type Missing, missing } from './prerequisites.js';
export { identify, isAlive, type ProcessRef, sendSignal, waitForEnd } from './process-ref.js';
export type { Sample } from './request-stream.js';
export { RunState } from './run-state.js';
export { countsText, type Spread, spread } from './spread.js';
export { reap, teardown } from './teardown.js';
export { postWarden } from './warden.js';
