// The test runner: files that wait (e2e: OSPF's timers) beside files that compute, then those that measure time, alone; a line
// a file, and at the end the plain line 'N passed, N failed'.
// npm test -- [--serial] [WORD…]: only the files whose path holds one of the words.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Result, runFile } from './test-file.js';
import { type Kind, rememberTimes, type TestFile, testFiles } from './test-files.js';

const project = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const cpus = availableParallelism();
/** A topology is busy while it starts and idle while it waits; one CPU is left to what computes. */
const atOnce: Readonly<Record<Kind, number>> = { waiting: cpus + 1, computing: Math.max(1, cpus - 1) };

/** The instrumented library is built beside the first tests; only this file needs it. */
const needsSanitizers = 'test/packet/sanitizers.test.ts';

function buildSanitizers(): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn('make', ['-s', '-C', 'native', 'asan'], { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(code === 0 ? '' : `make -C native asan ended with ${code}\n${said}`));
  });
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

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const serial = process.argv.includes('--serial');
const started = performance.now();
const files = testFiles(project, words);
const sanitizers = files.some(({ path }) => path === needsSanitizers) ? buildSanitizers() : Promise.resolve('');
const results: Result[] = [];

/** Beside others, a topology may get a third of a CPU. */
const patienceBesideOthers = 3;

async function runOne({ path, kind, timeoutSeconds, alone }: TestFile): Promise<void> {
  const patience = serial || kind === 'computing' || alone !== null ? 1 : patienceBesideOthers;
  const broken = path === needsSanitizers ? await sanitizers : '';
  const result =
    broken === ''
      ? await runFile(project, path, { timeoutSeconds, patience })
      : { file: path, passed: 0, failed: 1, skipped: 0, seconds: 0, details: broken, failures: [broken] };
  report(result);
  results.push(result);
}

/** Each lane takes files of the first queue, and of the next when that is empty, until all are. */
async function runAll(lanes: readonly (readonly TestFile[][])[]): Promise<void> {
  const lane = async (queues: readonly TestFile[][]): Promise<void> => {
    for (;;) {
      const file = queues.find(({ length }) => length > 0)?.shift();
      if (file === undefined) return;
      await runOne(file);
    }
  };
  await Promise.all(lanes.map(lane));
}

if (serial) await runAll([[[...files]]]);
else {
  const together = (kind: Kind): TestFile[] => files.filter((file) => file.alone === null && file.kind === kind);
  const [waiting, computing] = [together('waiting'), together('computing')];
  await runAll([
    ...Array.from({ length: atOnce.waiting }, () => [waiting, computing]),
    ...Array.from({ length: atOnce.computing }, () => [computing, waiting]),
  ]);
  await runAll([[files.filter(({ alone }) => alone !== null)]]);
}
rememberTimes(project, results);

const sum = (pick: (result: Result) => number): number => results.reduce((total, result) => total + pick(result), 0);
const [passed, failed, skipped] = [sum((r) => r.passed), sum((r) => r.failed), sum((r) => r.skipped)];
const took = (performance.now() - started) / 1000;
console.log();
console.log(
  `${results.length} files in ${took.toFixed(0)} s (${sum((r) => r.seconds).toFixed(0)} s one after the other)`,
);
for (const { file, failures } of results.filter((result) => result.failed > 0)) {
  console.log(`failed: ${file}`);
  for (const failure of failures) console.log(`        ${failure}`);
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
if (failed > 0 || passed === 0) process.exitCode = 1;
