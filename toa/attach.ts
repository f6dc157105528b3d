// Attaching to a cgroup, pinning and detaching. Doing it again changes nothing; a newer build replaces an older one.
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bpftool } from './bpftool.js';
import { ToaError } from './errors.js';
import { fileSystemOf, mount, readMounts, withBpfFileSystem } from './mounts.js';
import { checkObject } from './preflight.js';
import {
  type Attachment,
  attachedTo,
  attachProgram,
  detachPrograms,
  hooks,
  isSame,
  loadPrograms,
  mapId,
  maps,
  writeTrust,
} from './programs.js';

export interface AttachRequest {
  /** Directory in the cgroup2 file system. */
  readonly cgroup: string;
  /** Prefixes of the peers whose option is believed. */
  readonly trust: readonly string[];
  readonly object: string;
  readonly pin?: string;
}

export type AttachResult = 'attached' | 'unchanged' | 'replaced';

function attachAll(cgroup: string, programs: Attachment): void {
  const done = new Map<string, NonNullable<ReturnType<Attachment['get']>>>();
  try {
    for (const { name, attachType } of hooks) {
      const program = programs.get(name)!;
      attachProgram(cgroup, attachType, program.id);
      done.set(name, program);
    }
  } catch (error) {
    detachPrograms(cgroup, done);
    throw error;
  }
}

/** All or nothing. When replacing, the new programs are attached before the old ones go, so no connection falls between. */
export function attach({ cgroup, trust, object, pin }: AttachRequest): AttachResult {
  checkObject(object);
  return withBpfFileSystem((directory) => {
    const loaded = loadPrograms(object, directory);
    const present = attachedTo(cgroup);
    const same = isSame(loaded, present);
    const programs = same ? present : loaded;
    writeTrust(programs, trust);
    if (!same) {
      attachAll(cgroup, loaded);
      detachPrograms(cgroup, present);
    }
    if (pin !== undefined) pinAll(programs, pin);
    if (same) return 'unchanged';
    return present.size > 0 ? 'replaced' : 'attached';
  });
}

/** True when something was attached. */
export function detach(cgroup: string): boolean {
  const present = attachedTo(cgroup);
  detachPrograms(cgroup, present);
  return present.size > 0;
}

function pinAll(programs: Attachment, pin: string): void {
  const directory = resolve(pin);
  const standard = '/sys/fs/bpf';
  const isBelow = `${directory}/`.startsWith(`${standard}/`);
  if (isBelow && fileSystemOf(readMounts(), standard) !== 'bpf') mount('bpf', standard);
  if (fileSystemOf(readMounts(), directory) !== 'bpf') throw new ToaError('pin_refused', directory);
  mkdirSync(directory, { recursive: true });
  removePins(directory);
  for (const { name } of hooks) {
    bpftool(['prog', 'pin', 'id', String(programs.get(name)!.id), join(directory, name)], 'pin_refused');
  }
  for (const name of maps) {
    bpftool(['map', 'pin', 'id', String(mapId(programs, name)), join(directory, name)], 'pin_refused');
  }
}

function removePins(directory: string): void {
  for (const name of [...hooks.map((hook) => hook.name), ...maps]) rmSync(join(directory, name), { force: true });
}

/** Removes what --pin left in a directory, and the directory if nothing else is in it. */
export function unpin(directory: string): void {
  removePins(directory);
  if (existsSync(directory) && readdirSync(directory).length === 0) rmdirSync(directory);
}
