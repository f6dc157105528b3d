// Which test files there are, how long each took last time, and which of them want the machine for themselves.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a file mostly does: wait for OSPF's timers, or compute. */
export type Kind = 'waiting' | 'computing';

export interface TestFile {
  /** The source, relative to the project. */
  readonly path: string;
  readonly kind: Kind;
  readonly timeoutSeconds: number;
  /** Why nothing else may run beside it; null for the others. */
  readonly alone: string | null;
  /** What it took last time, or a guess. */
  readonly expectedSeconds: number;
}

interface Suite {
  readonly folder: string;
  readonly kind: Kind;
  readonly timeoutSeconds: number;
  readonly guessSeconds: number;
}

const suites: readonly Suite[] = [
  { folder: 'test/e2e', kind: 'waiting', timeoutSeconds: 480, guessSeconds: 35 },
  { folder: 'test/packet', kind: 'computing', timeoutSeconds: 480, guessSeconds: 10 },
  { folder: 'test/unit', kind: 'computing', timeoutSeconds: 240, guessSeconds: 5 },
];

/**
 * Seconds beside others on a machine of two CPUs, of those that are far from their suite's guess: for the order of the first run of a
 * checkout, which CI's always is.
 */
const usualSeconds: Readonly<Record<string, number>> = {
  'test/packet/sanitizers.test.ts': 120,
  'test/e2e/doctor-node.test.ts': 110,
  'test/e2e/doctor-wire.test.ts': 105,
  'test/e2e/road6.test.ts': 90,
  'test/e2e/routing-bridge.test.ts': 85,
  'test/e2e/routing-drain.test.ts': 80,
  'test/e2e/failures.test.ts': 75,
  'test/e2e/routing-health.test.ts': 60,
  'test/e2e/announce.test.ts': 55,
  'test/e2e/config-apply.test.ts': 55,
  'test/e2e/crash.test.ts': 55,
  'test/e2e/routing-floor.test.ts': 55,
  'test/e2e/routing-ospf6.test.ts': 55,
  'test/e2e/doctor-lab.test.ts': 50,
  'test/e2e/graceful-restart-stale.test.ts': 50,
  'test/e2e/journal.test.ts': 50,
};

/** A line of this form below a file's first says that it runs alone, and why. */
const marker = /^\/\/ Runs alone: (.+)$/m;

/** Beside the compiled files: gone with them, and never committed. */
const timesFile = (project: string): string => join(project, 'dist', '.test-seconds.json');

function lastTimes(project: string): Record<string, number> {
  try {
    return JSON.parse(readFileSync(timesFile(project), 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}

export function rememberTimes(project: string, results: readonly { file: string; seconds: number }[]): void {
  const times = lastTimes(project);
  for (const { file, seconds } of results) times[file] = Math.round(seconds * 10) / 10;
  writeFileSync(timesFile(project), `${JSON.stringify(times, null, 1)}\n`);
}

/** The sources, not dist/: a compiled test whose source is gone must not run. */
function sources(project: string, folder: string): string[] {
  return readdirSync(join(project, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name))
    .sort();
}

/** The longest first, so that no long one begins when all others have ended. */
export function testFiles(project: string, words: readonly string[]): TestFile[] {
  const times = lastTimes(project);
  return suites
    .flatMap(({ folder, kind, timeoutSeconds, guessSeconds }) =>
      sources(project, folder)
        .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
        .map((path) => ({
          path,
          kind,
          timeoutSeconds,
          alone: marker.exec(readFileSync(join(project, path), 'utf8'))?.[1] ?? null,
          expectedSeconds: times[path] ?? usualSeconds[path] ?? guessSeconds,
        })),
    )
    .sort((a, b) => b.expectedSeconds - a.expectedSeconds);
}
