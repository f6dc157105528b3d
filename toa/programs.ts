// The three BPF programs and three maps of TOA as the kernel knows them, by name: the kernel is the only state there is.
import { join } from 'node:path';
import {
  bpftool,
  bytesAsArguments,
  type CgroupPrograms,
  type Program,
  parseCgroup,
  parseCounters,
  parseKeys,
  parseMap,
  parseProgram,
  parseTree,
} from './bpftool.js';
import { ToaError } from './errors.js';
import { prefixKey, prefixText } from './prefix.js';

/** Name of each program and how bpftool calls its hook; getpeername first, so that no address is kept before it can be shown. */
export const hooks = [
  { name: 'dpvs_toa_peer4', attachType: 'getpeername4' },
  { name: 'dpvs_toa_peer6', attachType: 'getpeername6' },
  { name: 'dpvs_toa_ops', attachType: 'sock_ops' },
] as const;

export const maps = ['dpvs_toa_sk', 'dpvs_toa_count', 'dpvs_toa_trust'] as const;
type MapName = (typeof maps)[number];

const maxPrefixes = 256; // TRUST_MAX_PREFIXES of toa.bpf.c

/** Our programs attached to one cgroup, by name. */
export type Attachment = ReadonlyMap<string, Program>;

function ours(names: readonly { id: number; name: string }[]): Attachment {
  const found = names.filter((entry) => hooks.some((hook) => hook.name === entry.name));
  return new Map(found.map((entry) => [entry.name, parseProgram(bpftool(['prog', 'show', 'id', String(entry.id)]))]));
}

export const attachedTo = (cgroup: string): Attachment => ours(parseCgroup(bpftool(['cgroup', 'show', cgroup])));

export function attachedBelow(root: string): { cgroup: string; programs: Attachment }[] {
  return parseTree(bpftool(['cgroup', 'tree', root]))
    .map((entry: CgroupPrograms) => ({ cgroup: entry.cgroup, programs: ours(entry.programs) }))
    .filter((entry) => entry.programs.size > 0);
}

/** Loads the object, pinned below `fileSystem`, the root of a bpf file system. */
export function loadPrograms(object: string, fileSystem: string): Attachment {
  // One level down: bpftool mounts a bpf file system of its own over the parent of this path unless it is one.
  const directory = join(fileSystem, 'programs');
  bpftool(['prog', 'loadall', object, directory], 'load_failed');
  return new Map(
    hooks.map(({ name }) => [name, parseProgram(bpftool(['prog', 'show', 'pinned', join(directory, name)]))]),
  );
}

/** Same instructions: the tag is the kernel's hash of a program without its map references. */
export function isSame(one: Attachment, other: Attachment): boolean {
  return hooks.every(({ name }) => one.has(name) && one.get(name)?.tag === other.get(name)?.tag);
}

export function attachProgram(cgroup: string, attachType: string, id: number): void {
  bpftool(['cgroup', 'attach', cgroup, attachType, 'id', String(id), 'multi'], 'attach_failed');
}

export function detachPrograms(cgroup: string, programs: Attachment): void {
  for (const { name, attachType } of hooks) {
    const program = programs.get(name);
    if (program !== undefined) bpftool(['cgroup', 'detach', cgroup, attachType, 'id', String(program.id)]);
  }
}

/** The id of a map of an attachment; every map is used by the sock_ops program. */
export function mapId(programs: Attachment, name: MapName): number {
  for (const id of programs.get('dpvs_toa_ops')?.map_ids ?? []) {
    if (parseMap(bpftool(['map', 'show', 'id', String(id)])).name === name) return id;
  }
  throw new ToaError('bpftool_output', `no map ${name}`);
}

export function readCounters(programs: Attachment): Record<string, number> {
  return parseCounters(bpftool(['map', 'dump', 'id', String(mapId(programs, 'dpvs_toa_count'))]));
}

export function readTrust(programs: Attachment): string[] {
  return parseKeys(bpftool(['map', 'dump', 'id', String(mapId(programs, 'dpvs_toa_trust'))])).map(prefixText);
}

/** Makes the trust list equal to `prefixes`, adding before removing so that a peer in both is trusted all the time. */
export function writeTrust(programs: Attachment, prefixes: readonly string[]): void {
  const wanted = new Map(prefixes.map((text) => [prefixText(prefixKey(text)), prefixKey(text)]));
  if (wanted.size > maxPrefixes) throw new ToaError('too_many_prefixes', String(wanted.size));
  const id = String(mapId(programs, 'dpvs_toa_trust'));
  const present = readTrust(programs);
  const one = bytesAsArguments(Uint8Array.of(1, 0, 0, 0));
  for (const [text, key] of wanted) {
    if (!present.includes(text)) bpftool(['map', 'update', 'id', id, 'key', ...bytesAsArguments(key), 'value', ...one]);
  }
  for (const text of present) {
    if (!wanted.has(text)) bpftool(['map', 'delete', 'id', id, 'key', ...bytesAsArguments(prefixKey(text))]);
  }
}
