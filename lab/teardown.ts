// Removing one run of the lab: exactly what its state file names, and nothing else.
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { must, run } from './exec.js';
import { identify, type ProcessRef, stopAll } from './process-ref.js';
import { labDirectory, RunState } from './run-state.js';

/** Processes inside a namespace of ours are ours: children of what we started, or someone's `lab exec`. */
async function inhabitants(namespaces: readonly string[]): Promise<ProcessRef[]> {
  const found: ProcessRef[] = [];
  for (const namespace of namespaces) {
    const { stdout } = await run(['ip', 'netns', 'pids', namespace]);
    for (const pid of stdout.split('\n').filter(Boolean).map(Number)) {
      const ref = identify(pid);
      if (ref !== undefined && pid !== process.pid) found.push(ref);
    }
  }
  return found;
}

/** An empty cgroup only; its remaining members would be processes that are not ours. */
function removeCgroup(path: string): void {
  try {
    if (readFileSync(join(path, 'cgroup.procs'), 'utf8') === '') rmdirSync(path);
  } catch {
    // gone already
  }
}

/** @returns what could not be removed, one sentence each; the state file stays when there is any. */
export async function teardown(state: RunState): Promise<string[]> {
  const { record } = state;
  const problems: string[] = [];
  if (!state.ofEarlierBoot) {
    await stopAll(record.processes, 5000);
    await stopAll(await inhabitants(record.namespaces), 1000);
  }
  for (const namespace of record.namespaces) {
    if (!existsSync(`/run/netns/${namespace}`)) continue;
    try {
      await must(['ip', 'netns', 'delete', namespace]);
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  for (const cgroup of record.cgroups) removeCgroup(cgroup);
  for (const directory of record.directories) rmSync(directory, { recursive: true, force: true });
  if (problems.length === 0) state.forget();
  return problems;
}

/** Removes what dead owners left behind. @returns the prefixes of the runs that were removed. */
export async function reap(): Promise<string[]> {
  const reaped: string[] = [];
  for (const state of RunState.all()) {
    if (!state.abandoned) continue;
    await teardown(state);
    reaped.push(state.prefix);
  }
  removeStillborn();
  return reaped;
}

/** A run killed between making its directory and writing its state owns nothing but the directory. */
function removeStillborn(): void {
  if (!existsSync(labDirectory())) return;
  for (const name of readdirSync(labDirectory())) {
    const directory = join(labDirectory(), name);
    if (!/^dl[0-9a-f]{4}$/.test(name) || existsSync(join(directory, 'state.json'))) continue;
    const age = Date.now() - (statSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > 60_000) rmSync(directory, { recursive: true, force: true });
  }
}
