// An oracle for columns: the C library's own formatting, through printf(1).
import { spawnSync } from 'node:child_process';

/** Lines of output: printf(1) repeats the format until the arguments are used up. */
export function printf(format: string, ...values: (string | number)[]): string[] {
  const run = spawnSync('printf', [`${format}\\n`, ...values.map(String)], { encoding: 'utf8' });
  return run.stdout.split('\n').slice(0, -1);
}
