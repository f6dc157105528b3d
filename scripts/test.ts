// The test runner: unit and packet tests in parallel, e2e tests one after the other (they share the machine's two CPUs
// with what they test), a line a file, and at the end the plain line 'N passed, N failed'.
// npm test -- [--serial] [WORD…]: only the files whose path holds one of the words.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const parallel = 2;

interface Suite {
  readonly folder: string;
  readonly atOnce: number;
  readonly timeoutSeconds: number;
}

const suites: readonly Suite[] = [
  { folder: 'test/unit', atOnce: parallel, timeoutSeconds: 120 },
  { folder: 'test/packet', atOnce: parallel, timeoutSeconds: 240 },
  { folder: 'test/e2e', atOnce: 1, timeoutSeconds: 300 },
];

interface Result {
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  /** What to show of a file that failed, or why it was skipped. */
  readonly details: string;
}

/** The sources, not dist/: a compiled test whose source is gone must not run. */
function testFiles(folder: string): string[] {
  let names: string[] = [];
  try {
    names = readdirSync(join(project, folder), { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name))
    .sort();
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

function runFile(file: string, timeoutSeconds: number): Promise<Result> {
  const start = performance.now();
  const compiled = join(project, 'dist', file.replace(/\.ts$/, '.js'));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--enable-source-maps', compiled], {
      cwd: project,
      env: { ...process.env, TAP_TIMEOUT: String(timeoutSeconds) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
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
      resolve({ file, passed, failed: bad ? Math.max(1, failed) : 0, skipped, seconds, details });
    });
  });
}

function skipReason(tap: string): string {
  const reasons = [...tap.matchAll(/# SKIP:? (.+)$/gm)].map((match) => match[1]);
  return [...new Set(reasons)].join('; ');
}

function report(result: Result): void {
  const { file, passed, failed, skipped, seconds, details } = result;
  const verdict = failed > 0 ? 'FAIL' : passed === 0 && skipped > 0 ? 'skip' : 'ok  ';
  const parts = [`${passed} passed`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (skipped > 0) parts.push(`${skipped} skipped`);
  const why = failed === 0 && details !== '' ? `  (${details})` : '';
  console.log(`${verdict} ${seconds.toFixed(1).padStart(6)} s  ${relative('test', file)}: ${parts.join(', ')}${why}`);
  if (failed > 0)
    console.log(
      details
        .split('\n')
        .map((line) => `       | ${line}`)
        .join('\n'),
    );
}

async function runSuite(suite: Suite, words: readonly string[], serial: boolean): Promise<Result[]> {
  const waiting = testFiles(suite.folder).filter((file) => words.length === 0 || words.some((w) => file.includes(w)));
  const results: Result[] = [];
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const result = await runFile(file, suite.timeoutSeconds);
      report(result);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: serial ? 1 : suite.atOnce }, worker));
  return results;
}

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const serial = process.argv.includes('--serial');
const results: Result[] = [];
for (const suite of suites) results.push(...(await runSuite(suite, words, serial)));

const sum = (pick: (result: Result) => number): number => results.reduce((total, result) => total + pick(result), 0);
const [passed, failed, skipped] = [sum((r) => r.passed), sum((r) => r.failed), sum((r) => r.skipped)];
console.log();
for (const { file } of results.filter((result) => result.failed > 0)) console.log(`failed: ${file}`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
if (failed > 0 || passed === 0) process.exitCode = 1;
