// The public door of routing/doctor/: what is wrong with this node's routing, what was seen of it, and what to do.
import { collect, type DoctorOptions } from './collect.js';
import { type DoctorReport, examine } from './examine.js';

export type { DoctorOptions } from './collect.js';
export { type CheckResult, type DoctorReport, examine } from './examine.js';
export type { Facts } from './facts.js';
export type { Finding, Severity } from './finding.js';

export async function doctor(options: DoctorOptions): Promise<DoctorReport> {
  return examine(options.name, await collect(options));
}
