// What one run of the lab owns, on disk: namespaces, processes, directories. Written before or as each comes to be, so
// that whoever comes later can remove exactly these, however the run ended.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from './errors.js';
import { identify, isAlive, type ProcessRef } from './process-ref.js';

/** Read at each use, so that a test can point it elsewhere. */
export const labDirectory = (): string => process.env.DPVS_LAB_DIR ?? '/run/dpvs-lab';

export interface ProcessRecord extends ProcessRef {
  readonly member: string;
  readonly what: string;
}

export interface RunRecord {
  readonly prefix: string;
  /** PIDs and start times mean nothing after a reboot. */
  bootId: string;
  /** Who cleans up; null for a lab that stays until `lab down`. */
  owner: ProcessRef | null;
  readonly startedAt: string;
  readonly namespaces: string[];
  /** Directories outside the run's own that were made for it. */
  readonly directories: string[];
  /** Directories of the cgroup tree; they can only be removed when empty. */
  readonly cgroups: string[];
  readonly processes: ProcessRecord[];
  /** How the lab was asked for (driver and so on), so that another process can take it up. */
  readonly options: Record<string, unknown>;
}

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
const prefixPattern = /^dl[0-9a-f]{4}$/;

export function myself(): ProcessRef {
  const me = identify(process.pid);
  if (me === undefined) throw new LabError('/proc is not mounted here', 'mount -t proc proc /proc');
  return me;
}

export class RunState {
  private constructor(readonly record: RunRecord) {}

  static create(options: Record<string, unknown>): RunState {
    mkdirSync(labDirectory(), { recursive: true, mode: 0o755 });
    for (let tries = 0; tries < 64; tries++) {
      const prefix = `dl${Math.floor(Math.random() * 0x10000)
        .toString(16)
        .padStart(4, '0')}`;
      try {
        // Exclusive by itself: of two runs that drew the same prefix, one gets EEXIST.
        mkdirSync(join(labDirectory(), prefix), { mode: 0o755 });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
        throw error;
      }
      const state = new RunState({
        prefix,
        bootId: bootId(),
        owner: myself(),
        startedAt: new Date().toISOString(),
        namespaces: [],
        directories: [],
        cgroups: [],
        processes: [],
        options,
      });
      state.save();
      return state;
    }
    throw new LabError(`no free prefix in ${labDirectory()}`, 'npm run lab -- down --all');
  }

  static load(prefix: string): RunState {
    if (!prefixPattern.test(prefix)) throw new LabError(`${prefix} is not a lab's prefix`, 'npm run lab -- status');
    try {
      return new RunState(JSON.parse(readFileSync(join(labDirectory(), prefix, 'state.json'), 'utf8')) as RunRecord);
    } catch {
      throw new LabError(`no lab ${prefix}`, 'npm run lab -- status');
    }
  }

  /** Every run on this machine, whoever owns it. */
  static all(): RunState[] {
    let names: string[] = [];
    try {
      names = readdirSync(labDirectory()).filter((name) => prefixPattern.test(name));
    } catch {
      return [];
    }
    return names.flatMap((name) => {
      try {
        return [RunState.load(name)];
      } catch {
        return [];
      }
    });
  }

  get prefix(): string {
    return this.record.prefix;
  }

  get directory(): string {
    return join(labDirectory(), this.prefix);
  }

  /** Made by an earlier boot: its PIDs belong to strangers now. */
  get ofEarlierBoot(): boolean {
    return this.record.bootId !== bootId();
  }

  /** Left behind by an owner that is gone. */
  get abandoned(): boolean {
    return this.ofEarlierBoot || (this.record.owner !== null && !isAlive(this.record.owner));
  }

  get kept(): boolean {
    return this.record.owner === null && !this.ofEarlierBoot;
  }

  namespace(member: string): string {
    return `${this.prefix}-${member}`;
  }

  /** Everyone who has a namespace in it. */
  get members(): readonly string[] {
    return this.record.namespaces.map((namespace) => namespace.slice(this.prefix.length + 1));
  }

  addProcess(record: ProcessRecord): void {
    // Restarts pile up otherwise: what has ended need not be remembered.
    const living = this.record.processes.filter(isAlive);
    this.record.processes.splice(0, this.record.processes.length, ...living, record);
    this.save();
  }

  add(kind: 'namespaces' | 'directories' | 'cgroups', name: string): void {
    if (!this.record[kind].includes(name)) this.record[kind].push(name);
    this.save();
  }

  setOwner(owner: ProcessRef | null): void {
    this.record.owner = owner;
    this.save();
  }

  save(): void {
    const path = join(this.directory, 'state.json');
    writeFileSync(`${path}.new`, `${JSON.stringify(this.record, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  forget(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
