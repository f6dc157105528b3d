// Running a system tool (mount, bpftool) to its end and looking at its answer.
import { spawnSync } from 'node:child_process';

export interface CommandResult {
  /** Exit status; undefined when the tool could not be started. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

// bpftool and mount are in sbin, which the PATH of a service or of a plain user may lack.
const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`;

export function runCommand(command: string, args: readonly string[]): CommandResult {
  const done = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: path, LC_ALL: 'C' },
    maxBuffer: 64 << 20,
  });
  return { status: done.error ? undefined : (done.status ?? 1), stdout: done.stdout ?? '', stderr: done.stderr ?? '' };
}
