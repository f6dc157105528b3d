// Next hops by index: neighbours in the lower half of the native table, return paths learnt from frames in the upper.
// A flow holds an index, so a changed MAC reaches every flow by one write.
import { layout, loadLibrary, memory } from '../../native/index.js';
import {
  IP_NONE,
  type Ip,
  type Mac,
  macHigh16,
  macLow32,
  type Neighbour,
  type NeighbourEvents,
  NeighbourTable,
  readMac,
  readMapped,
  writeMapped,
} from '../inet/index.js';
import type { Ports } from './ports.js';

const State = { free: 0, unresolved: 1, resolved: 2, failed: 3 } as const;
/** No next hop; `hold` and `release` of it do nothing. */
export const NO_HOP = 0xffffffff;
const Kind = { free: 0, neighbour: 1, static: 2, returnPath: 3 } as const;

/** Exact: 48 bits of MAC and five of port (DP_MAX_PORTS) are what a number holds. */
const returnPathKey = (port: number, mac: Mac): number => port * 2 ** 48 + mac;

interface ReturnPath {
  readonly key: number;
  readonly slot: number;
  holds: number;
}

export interface NextHopOptions {
  readonly reachableMs: number;
  readonly queueLength: number;
  readonly ports: Ports;
  readonly now: () => number;
  readonly sendRequest: NeighbourEvents['sendRequest'];
  readonly resolved: (handles: readonly number[], neighbour: Neighbour) => void;
  readonly failed: (handles: readonly number[], neighbour: Neighbour) => void;
}

export class NextHops {
  readonly neighbours: NeighbourTable;
  readonly #options: NextHopOptions;
  readonly #firstReturnPath = layout('DP_NEXT_HOPS') / 2;
  readonly #table = new Uint8Array(memory('nextHops'));
  readonly #returnPaths = new Map<number, ReturnPath>();
  readonly #returnPathBySlot = new Map<number, ReturnPath>();
  readonly #freeReturnSlots: number[] = [];
  #nextReturnSlot = this.#firstReturnPath;
  readonly #address = new Uint8Array(16);

  constructor(options: NextHopOptions) {
    this.#options = options;
    this.neighbours = new NeighbourTable(
      {
        sendRequest: options.sendRequest,
        changed: (neighbour) => this.#mirror(neighbour),
        resolved: (neighbour, handles) => options.resolved(handles, neighbour),
        failed: (neighbour, handles) => options.failed(handles, neighbour),
      },
      { reachableMs: options.reachableMs, queueLength: options.queueLength, maxNeighbours: this.#firstReturnPath },
    );
  }

  /** The neighbour's slot, asked for when unknown; -1 when the table is full. Not held yet. */
  slotOf(device: string, ip: Ip): number {
    const neighbour = this.neighbours.resolve(device, ip, this.#options.now());
    if (neighbour === undefined) return -1;
    // A fresh slot must not show flows what its last owner left.
    if (neighbour.mac === null) this.#mirror(neighbour);
    return neighbour.slot;
  }

  /** Back to where a frame came from: the reference's way of answering clients without a route to them. -1 when full. */
  returnPath(port: number, mac: Mac): number {
    const key = returnPathKey(port, mac);
    const known = this.#returnPaths.get(key);
    if (known !== undefined) return known.slot;
    const slot = this.#freeReturnSlots.pop() ?? this.#nextReturnSlot++;
    if (slot >= layout('DP_NEXT_HOPS')) {
      this.#nextReturnSlot--;
      return -1;
    }
    this.#addReturnPath({ key, slot, holds: 0 });
    this.#write(slot, mac, port, State.resolved, IP_NONE, Kind.returnPath);
    return slot;
  }

  /** Where a next hop leads; undefined while unresolved. */
  where(slot: number): { port: number; mac: Mac } | undefined {
    const at = slot * layout('next_hop.size');
    if (this.#table[at + layout('next_hop.state')] !== State.resolved) return undefined;
    const port = this.#table[at + layout('next_hop.port')] | (this.#table[at + layout('next_hop.port') + 1] << 8);
    return { port, mac: readMac(this.#table, at + layout('next_hop.dst_mac')) };
  }

  /** Has the slot an owner here? Not so for one that a dead slow path left and nothing adopted. */
  isKnown(slot: number): boolean {
    return this.#returnPathBySlot.has(slot) || this.neighbours.bySlot(slot) !== undefined;
  }

  /** The port that a slot in use leads to. */
  portOf(slot: number): number {
    return this.#table[slot * layout('next_hop.size') + layout('next_hop.port')];
  }

  isReturnPath(slot: number): boolean {
    return slot >= this.#firstReturnPath;
  }

  /** A flow entry refers to the slot from now on. */
  hold(slot: number): void {
    const path = this.#returnPathBySlot.get(slot);
    if (path !== undefined) path.holds++;
    else {
      const neighbour = this.neighbours.bySlot(slot);
      if (neighbour !== undefined) this.neighbours.hold(neighbour);
    }
  }

  release(slot: number): void {
    const path = this.#returnPathBySlot.get(slot);
    if (path === undefined) {
      const neighbour = this.neighbours.bySlot(slot);
      if (neighbour !== undefined && neighbour.holds > 0) this.neighbours.release(neighbour, this.#options.now());
    } else if (--path.holds <= 0) {
      this.#free(path);
    }
  }

  /** Nothing came of what the slot was asked for. A return path that no flow refers to goes; a neighbour ages by itself. */
  abandon(slot: number): void {
    const path = this.#returnPathBySlot.get(slot);
    if (path?.holds === 0) this.#free(path);
  }

  /** Takes over what native memory knows, after a restart of the slow path. Holds come with the connections; then `adopted`. */
  adopt(): void {
    const info = new DataView(memory('nextHopInfo'));
    const size = layout('next_hop.size');
    const infoSize = layout('next_hop_info.size');
    const unresolved: number[] = [];
    const slots = layout('DP_NEXT_HOPS');
    for (let slot = 0; slot < slots; slot++) {
      if (info.getUint32(slot * infoSize + layout('next_hop_info.kind'), true) === Kind.free) continue;
      const mac = readMac(this.#table, slot * size + layout('next_hop.dst_mac'));
      if (mac === 0) unresolved.push(slot);
      else if (slot < this.#firstReturnPath) this.#adoptNeighbour(slot, info, mac);
      else this.#addReturnPath({ key: returnPathKey(this.portOf(slot), mac), slot, holds: 0 });
    }
    // After the others: the info of a slot outlives its neighbour, which may have been resolved in another since.
    for (const slot of unresolved) this.#adoptNeighbour(slot, info, null);
    const last = Math.max(this.#firstReturnPath - 1, ...this.#returnPathBySlot.keys());
    this.#nextReturnSlot = last + 1;
    for (let slot = last; slot >= this.#firstReturnPath; slot--)
      if (!this.#returnPathBySlot.has(slot)) this.#freeReturnSlots.push(slot);
  }

  /** All by the port leave with its present MAC from now on. Returns how many had another. */
  sourceChanged(port: number): number {
    return loadLibrary().dp_next_hops_source(port) as number;
  }

  /** The connections hold what they need; return paths nobody holds go. */
  adopted(): void {
    for (const path of [...this.#returnPathBySlot.values()]) if (path.holds === 0) this.#free(path);
  }

  /** A static one too, in the slot that flows refer to: the configuration finds it there. */
  #adoptNeighbour(slot: number, info: DataView, mac: Mac | null): void {
    const name = this.#options.ports.byIndex(this.portOf(slot))?.name;
    const ip = readMapped(info, slot * layout('next_hop_info.size') + layout('next_hop_info.address'));
    if (name === undefined || ip === IP_NONE || this.neighbours.get(name, ip) !== undefined) return;
    this.neighbours.adopt(slot, name, ip, mac, this.#options.now());
  }

  #free({ key, slot }: ReturnPath): void {
    this.#returnPaths.delete(key);
    this.#returnPathBySlot.delete(slot);
    this.#freeReturnSlots.push(slot);
    this.#write(slot, 0 as Mac, 0, State.free, IP_NONE, Kind.free);
  }

  #addReturnPath(path: ReturnPath): void {
    this.#returnPaths.set(path.key, path);
    this.#returnPathBySlot.set(path.slot, path);
  }

  #mirror(neighbour: Neighbour): void {
    const port = this.#options.ports.byName(neighbour.device);
    const state = neighbour.mac === null ? State.unresolved : State.resolved;
    const kind = neighbour.state === 'STATIC' ? Kind.static : Kind.neighbour;
    this.#write(neighbour.slot, neighbour.mac ?? (0 as Mac), port.index, state, neighbour.ip, kind);
  }

  #write(slot: number, mac: Mac, port: number, state: number, ip: Ip, kind: number): void {
    writeMapped(ip, new DataView(this.#address.buffer), 0);
    loadLibrary().dp_next_hop_set(slot, macHigh16(mac), macLow32(mac), port, state, this.#address, kind);
  }
}
