// Cgroups: which one the user means, the one a server of `dpvs-toa run` lives in, and clearing away those left empty.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ToaError } from './errors.js';

const runPrefix = 'dpvs-toa-';
/** An empty cgroup younger than this may be one whose server is just about to move in. */
const sweepAgeMs = 10_000;

/** The caller's place in the cgroup2 hierarchy: the line of /proc/self/cgroup with hierarchy 0 (cgroups(7)). */
export function ownCgroup(procSelfCgroup: string): string {
  const line = procSelfCgroup.split('\n').find((text) => text.startsWith('0::'));
  // A path above the cgroup namespace's root reads /../..; the root is the nearest we can reach.
  const path = line?.slice(3) ?? '/';
  return path.startsWith('/..') ? '/' : path;
}

function ownDirectory(root: string): string {
  return resolve(root, `.${ownCgroup(readFileSync('/proc/self/cgroup', 'utf8'))}`);
}

/** `auto` is the root (every server of the machine, as with toa.ko), `self` the caller's, else a directory or a path as systemd shows it. */
export function findCgroup(spec: string, root: string): string {
  if (spec === 'auto') return root;
  if (spec === 'self') return ownDirectory(root);
  const asDirectory = resolve(spec);
  const inside = asDirectory === root || asDirectory.startsWith(`${root}/`);
  const directory = inside ? asDirectory : join(root, spec);
  if (!existsSync(join(directory, 'cgroup.procs'))) throw new ToaError('no_cgroup', spec);
  return directory;
}

/** A cgroup for one server, below the caller's so that resource limits and systemd's tracking go on holding for it. */
export function makeRunCgroup(root: string, pid: number): string {
  const parent = ownDirectory(root);
  sweepRunCgroups(parent);
  const directory = join(parent, `${runPrefix}${pid}`);
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw new ToaError('cgroup_refused', error instanceof Error ? error.message : String(error));
  }
  return directory;
}

function isPopulated(directory: string): boolean {
  return /^populated 1$/m.test(readFileSync(join(directory, 'cgroup.events'), 'utf8'));
}

/** Removes the cgroups of servers that have ended: cgroup2 has no release agent, and programs live as long as the cgroup. */
export function sweepRunCgroups(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!/^dpvs-toa-\d+$/.test(name)) continue;
    const directory = join(parent, name);
    try {
      if (!isPopulated(directory) && Date.now() - statSync(directory).mtimeMs > sweepAgeMs) rmdirSync(directory);
    } catch {
      // Somebody else removed it or moved in meanwhile: both are fine.
    }
  }
}

export function sweepOwnRunCgroups(root: string): void {
  sweepRunCgroups(ownDirectory(root));
}
