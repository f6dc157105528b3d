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
  { folder: 'test/e2e', kind: 'waiting', timeoutSeconds: 480, guessSeconds: 60 },
  { folder: 'test/packet', kind: 'computing', timeoutSeconds: 480, guessSeconds: 10 },
  { folder: 'test/unit', kind: 'computing', timeoutSeconds: 240, guessSeconds: 5 },
];

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
          expectedSeconds: times[path] ?? guessSeconds,
        })),
    )
    .sort((a, b) => b.expectedSeconds - a.expectedSeconds);
}
