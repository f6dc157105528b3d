// Facts → a report: every check asked, its findings counted.
import type { Check } from './check.js';
import { type Facts, speaks } from './facts.js';
import { type Finding, isSkipped, type Severity, skip } from './finding.js';
import { checks as every } from './registry.js';

export interface CheckResult {
  readonly id: string;
  readonly title: string;
  readonly outcome: 'ok' | 'found' | 'skipped';
  /** Why it could not look; empty unless skipped. */
  readonly reason: string;
  readonly findings: readonly Finding[];
}

export interface DoctorReport {
  readonly node: string;
  readonly counts: Readonly<Record<Severity, number>>;
  readonly checks: readonly CheckResult[];
}

export function examine(node: string, facts: Facts, checks: readonly Check[] = every): DoctorReport {
  const asked = checks.filter(({ protocol }) => protocol === undefined || speaks(facts, protocol));
  const results = asked.map((check) => ask(check, facts));
  const findings = results.flatMap((result) => result.findings);
  const count = (severity: Severity): number => findings.filter((each) => each.severity === severity).length;
  return { node, counts: { error: count('error'), warn: count('warn'), info: count('info') }, checks: results };
}

function ask({ id, title, needs = [], decide }: Check, facts: Facts): CheckResult {
  const failed = needs.find((source) => facts.failed[source] !== undefined);
  const verdict = failed === undefined ? decide(facts) : skip(facts.failed[failed] ?? '');
  if (isSkipped(verdict)) return { id, title, outcome: 'skipped', reason: verdict.skipped, findings: [] };
  return { id, title, outcome: verdict.length === 0 ? 'ok' : 'found', reason: '', findings: verdict };
}
