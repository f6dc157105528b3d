// One test file: run it, and read its TAP.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Result {
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  /** What to show of a file that failed, or why it was skipped. */
  readonly details: string;
  /** What failed, a line each: why it ended badly, and the assertions. */
  readonly failures: readonly string[];
}

/** Counts of a finished TAP stream: tap's closing comment holds the leaf assertions of all subtests. */
function counts(tap: string): { passed: number; failed: number; skipped: number } | undefined {
  const summary = [...tap.matchAll(/^# (\{ total: .*\})$/gm)].at(-1)?.[1];
  if (summary === undefined) return undefined;
  const field = (name: string): number => Number(new RegExp(`\\b${name}: (\\d+)`).exec(summary)?.[1] ?? 0);
  return { passed: field('pass'), failed: field('fail'), skipped: field('skip') + field('todo') };
}

/** The TAP without what passed: failures with their diagnostics, comments, anything a test printed. */
const withoutPasses = (tap: string): string =>
  tap
    .split('\n')
    .filter((line) => !/^\s*(ok \d|1\.\.\d|TAP version|# time=|# \{|# Subtest)/.test(line))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();

/** Without the subtests that fail because of an assertion in them. */
const failedAssertions = (tap: string): string[] =>
  [...tap.matchAll(/^\s*not ok \d+ - (.+)$/gm)].map(([, name]) => name).filter((name) => !/ # time=\S+$/.test(name));

function skipReason(tap: string): string {
  const reasons = [...tap.matchAll(/# SKIP:? (.+)$/gm)].map((match) => match[1]);
  return [...new Set(reasons)].join('; ');
}

export interface RunOptions {
  readonly timeoutSeconds: number;
  /** How many times longer than usual the lab waits before it gives something up. */
  readonly patience: number;
}

/** What runs now: it must not outlive a runner that is told to end. */
const running = new Set<ChildProcess>();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    for (const child of running) child.kill('SIGTERM');
    process.exit(1);
  });

/** @param file the source, relative to the project */
export function runFile(project: string, file: string, { timeoutSeconds, patience }: RunOptions): Promise<Result> {
  const start = performance.now();
  const compiled = join(project, 'dist', file.replace(/\.ts$/, '.js'));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--enable-source-maps', compiled], {
      cwd: project,
      env: { ...process.env, TAP_TIMEOUT: String(timeoutSeconds), DPVS_LAB_PATIENCE: String(patience) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    let tap = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (tap += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), 10_000).unref();
    }, timeoutSeconds * 1000);
    child.once('error', (error) => (stderr += error.message));
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      const seconds = (performance.now() - start) / 1000;
      const counted = counts(tap);
      const { passed, failed, skipped } = counted ?? { passed: 0, failed: 0, skipped: 0 };
      const reasons: string[] = [];
      if (late) reasons.push(`stopped after ${timeoutSeconds} s`);
      else if (signal !== null) reasons.push(`ended by ${signal}`);
      else if (code !== 0 && failed === 0) reasons.push(`exit code ${code} although no assertion failed`);
      if (counted === undefined) reasons.push('no TAP summary: it did not run to its end');
      else if (passed + failed + skipped === 0) reasons.push('it tests nothing');
      const bad = failed > 0 || reasons.length > 0;
      // Everything that ends badly counts as at least one failure, whatever the assertions before it said.
      const details = bad
        ? [...reasons, withoutPasses(tap), stderr.trim()].filter(Boolean).join('\n')
        : skipReason(tap);
      const failures = [...reasons, ...failedAssertions(tap)];
      resolve({ file, passed, failed: bad ? Math.max(1, failed) : 0, skipped, seconds, details, failures });
    });
  });
}
