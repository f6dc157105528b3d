// Where the neighbours are kept: by device and address, by slot, and in the order in which they are given up when room is needed.
import { formatIp, type Ip } from './ip.js';
import { IpPairMap } from './ip-pair-map.js';
import type { Mac } from './mac.js';
import type { Neighbour, NeighbourState } from './neighbour.js';

/** Recency of use is only as fine as this, so that a busy neighbour is not moved in the LRU for each packet. */
const LRU_GRAIN_MS = 1_000;

export class NeighbourEntry implements Neighbour {
  state: NeighbourState = 'NONE';
  mac: Mac | null = null;
  handles: number[] = [];
  holds = 0;
  /** When the state ends (SEND ends by its tries instead). */
  deadline = Infinity;
  nextRequest = Infinity;
  tries = 0;
  usedAt = -Infinity;

  constructor(
    readonly device: string,
    readonly deviceId: number,
    readonly ip: Ip,
    readonly slot: number,
  ) {}

  get queued(): number {
    return this.handles.length;
  }

  toString(): string {
    return `${formatIp(this.ip)} dev ${this.device}`;
  }
}

export class NeighbourStore {
  /** In order of creation. */
  readonly all = new Set<NeighbourEntry>();
  /** (address, device id) → slot. */
  readonly #index: IpPairMap;
  readonly #deviceIds = new Map<string, number>();
  readonly #slots: (NeighbourEntry | undefined)[];
  /** Freed slots go to the end: the longer a slot rests, the better for whoever still has its number. */
  readonly #freeSlots: number[];
  /** Candidates for eviction, least recently used first: neither held nor static. */
  readonly #unresolved = new Set<NeighbourEntry>();
  readonly #resolved = new Set<NeighbourEntry>();

  constructor(capacity: number) {
    this.#index = new IpPairMap(capacity);
    this.#slots = new Array(capacity).fill(undefined);
    this.#freeSlots = Array.from({ length: capacity }, (_, slot) => slot);
  }

  get(device: string, ip: Ip): NeighbourEntry | undefined {
    const deviceId = this.#deviceIds.get(device);
    if (deviceId === undefined) return undefined;
    const slot = this.#index.get(ip, deviceId);
    return slot === -1 ? undefined : this.#slots[slot];
  }

  bySlot(slot: number): NeighbourEntry | undefined {
    return this.#slots[slot];
  }

  has(entry: NeighbourEntry): boolean {
    return this.#slots[entry.slot] === entry;
  }

  get full(): boolean {
    return this.#freeSlots.length === 0;
  }

  /** Who is given up when the table is full: unresolved before resolved, least recently used first. */
  victim(): NeighbourEntry | undefined {
    const [entry] = this.#unresolved.size > 0 ? this.#unresolved : this.#resolved;
    return entry;
  }

  /** @param slot a particular one; else the one that has been free longest. @returns undefined when it is not free */
  insert(device: string, ip: Ip, slot?: number): NeighbourEntry | undefined {
    const at = slot === undefined ? 0 : this.#freeSlots.indexOf(slot);
    const [taken] = at === -1 ? [] : this.#freeSlots.splice(at, 1);
    if (taken === undefined) return undefined;
    let deviceId = this.#deviceIds.get(device);
    if (deviceId === undefined) {
      deviceId = this.#deviceIds.size;
      this.#deviceIds.set(device, deviceId);
    }
    const entry = new NeighbourEntry(device, deviceId, ip, taken);
    this.#index.set(ip, deviceId, taken);
    this.#slots[taken] = entry;
    this.all.add(entry);
    this.place(entry);
    return entry;
  }

  remove(entry: NeighbourEntry): void {
    this.#index.delete(entry.ip, entry.deviceId);
    this.#slots[entry.slot] = undefined;
    this.#freeSlots.push(entry.slot);
    this.all.delete(entry);
    this.#unresolved.delete(entry);
    this.#resolved.delete(entry);
  }

  /** It is used now: given up later than the others. */
  touch(entry: NeighbourEntry, now: number): void {
    if (now - entry.usedAt < LRU_GRAIN_MS) return;
    entry.usedAt = now;
    this.place(entry);
  }

  /** To the end of the LRU that its state, MAC and holds put it in, if any. Call it when one of them changed. */
  place(entry: NeighbourEntry): void {
    this.#unresolved.delete(entry);
    this.#resolved.delete(entry);
    if (entry.holds > 0 || entry.state === 'STATIC') return;
    (entry.mac === null ? this.#unresolved : this.#resolved).add(entry);
  }
}
