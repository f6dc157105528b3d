// The mount table, and the two file systems TOA needs: cgroup2 to attach to, bpf to hold programs while they are loaded.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { runCommand } from './command.js';
import { ToaError } from './errors.js';

export interface Mount {
  readonly source: string;
  readonly directory: string;
  readonly type: string;
}

const runDirectory = '/run/dpvs-toa';

/** Parses /proc/mounts; the kernel writes space, tab, newline and backslash in paths as \ooo (proc_pid_mounts(5)). */
export function parseMounts(text: string): Mount[] {
  const plain = (field: string) =>
    field.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
  return text
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields.length >= 3)
    .map(([source, directory, type]) => ({ source: plain(source), directory: plain(directory), type: plain(type) }));
}

/** The mounts of a type that can be reached: one hidden by a later mount on the same path or above it cannot. */
export function reachableMounts(mounts: readonly Mount[], type: string): string[] {
  return mounts
    .filter((mount, index) => {
      const covers = (other: Mount) =>
        other.directory === '/' || `${mount.directory}/`.startsWith(`${other.directory}/`);
      return mount.type === type && !mounts.slice(index + 1).some(covers);
    })
    .map((mount) => mount.directory);
}

/** The type of the file system a path is on. */
export function fileSystemOf(mounts: readonly Mount[], path: string): string | undefined {
  let best: Mount | undefined;
  for (const mount of mounts) {
    const inside = mount.directory === '/' || `${path}/`.startsWith(`${mount.directory}/`);
    // >= so that of two mounts on one directory the later, which hides the other, wins.
    if (inside && mount.directory.length >= (best?.directory.length ?? 0)) best = mount;
  }
  return best?.type;
}

export function readMounts(): Mount[] {
  return parseMounts(readFileSync('/proc/self/mounts', 'utf8'));
}

export function mount(type: 'bpf' | 'cgroup2', directory: string): void {
  const done = runCommand('mount', ['-t', type, 'none', directory]);
  if (done.status !== 0) throw new ToaError('mount_failed', `${type} on ${directory}: ${done.stderr.trim()}`);
}

/**
 * The root of the cgroup2 hierarchy. `ip netns exec` runs its command in a mount namespace with a bare /sys, where there
 * is none: it is then mounted under /run, in that namespace only, and goes away with it.
 */
export function cgroup2Root(): string {
  const found = reachableMounts(readMounts(), 'cgroup2').find((directory) => existsSync(`${directory}/cgroup.procs`));
  if (found !== undefined) return found;
  const directory = `${runDirectory}/cgroup`;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    mount('cgroup2', directory);
  } catch (error) {
    throw new ToaError('no_cgroup2', error instanceof Error ? error.message : String(error));
  }
  return directory;
}

/** Calls `use` with an empty bpf file system of its own, which is gone afterwards together with whatever was pinned in it. */
export function withBpfFileSystem<Result>(use: (directory: string) => Result): Result {
  mkdirSync(runDirectory, { recursive: true, mode: 0o755 });
  const directory = mkdtempSync(`${runDirectory}/load-`);
  try {
    mount('bpf', directory);
    try {
      return use(directory);
    } finally {
      runCommand('umount', [directory]);
    }
  } finally {
    rmdirSync(directory);
  }
}
