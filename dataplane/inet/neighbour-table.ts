// The ARP table: neighbour states and their timeouts, packets waiting for an answer, slots for the native next-hop table.
import type { Ipv4 } from './ipv4.js';
import type { Mac } from './mac.js';

/**
 * NONE       nothing known, nothing asked: forgotten after 2 s, asked again when used
 * SEND       asked (a broadcast a second, three times); packets wait; after 3 s NONE and the packets fail
 * REACHABLE  answered our request, or a TCP acknowledgement confirmed it, less than 60 s ago
 * PROBE      older than that: the MAC is used on while it is asked (3 unicasts, then broadcasts); after 30 s NONE
 * DELAY      the MAC came unasked (RFC 4861, 7.2.4: not a proof): 3 s for a confirmation before PROBE
 * STATIC     set by the user, never changes by itself
 */
export type NeighbourState = 'NONE' | 'SEND' | 'REACHABLE' | 'PROBE' | 'DELAY' | 'STATIC';

export interface Neighbour {
  readonly device: string;
  readonly ip: Ipv4;
  /** Index in the native next-hop table; of another neighbour only after this one is removed and no one holds it. */
  readonly slot: number;
  readonly state: NeighbourState;
  /** null while unresolved (NONE and SEND). */
  readonly mac: Mac | null;
  /** Packets waiting. */
  readonly queued: number;
  /** Flows that use the slot, by `hold` and `release`. */
  readonly holds: number;
}

/** Called synchronously, after the table is consistent; the handlers may call the table. */
export interface NeighbourEvents {
  /** Ask for `target` by broadcast, or by unicast to `unicast` (RFC 1122, 2.3.2.1). */
  sendArpRequest(device: string, target: Ipv4, unicast: Mac | null): void;
  /** The MAC became known, another or unknown (null): mirror `slot` in the native next-hop table. Comes before `resolved`. */
  changed(neighbour: Neighbour): void;
  /** The MAC is there: send these packets, oldest first. Ownership of the handles passes to the handler. */
  resolved(neighbour: Neighbour, handles: readonly number[]): void;
  /** No answer, evicted, or deleted: drop these packets (RFC 1122, 2.3.2.2: host unreachable). */
  failed(neighbour: Neighbour, handles: readonly number[]): void;
}

export interface NeighbourTableOptions {
  /** Milliseconds REACHABLE lasts: neigh_defs/timeout. Default 60 000; may be changed later by `reachableMs`. */
  readonly reachableMs?: number;
  /** Packets a neighbour may have waiting: neigh_defs/unres_queue_length. Default 128. */
  readonly queueLength?: number;
  /** Packets all neighbours together may have waiting. Default 4096. */
  readonly totalQueued?: number;
  /** Default 4096. Slots are 0 … maxNeighbours - 1. */
  readonly maxNeighbours?: number;
}

export interface NeighbourCounters {
  requests: number;
  resolved: number;
  failed: number;
  /** Neighbours removed to make room. */
  evicted: number;
  /** `resolve` found no room. */
  tableFull: number;
  /** `enqueue` refused: the neighbour's queue, or the total, was full. */
  queueFull: number;
}

export declare class NeighbourTable {
  constructor(events: NeighbourEvents, options?: NeighbourTableOptions);
  reachableMs: number;
  readonly counters: Readonly<NeighbourCounters>;
  get size(): number;
  /** Packets waiting in all. */
  get queued(): number;
  /** When `tick` next has something to do; Infinity when never. */
  get nextDeadline(): number;

  /**
   * Finds or makes the neighbour because a packet is to go there, and asks for it when nothing is known. With `mac` null the
   * packet waits by `enqueue`. When the table is full the least recently used goes: unresolved first, then resolved; never
   * static or held ones.
   * @returns undefined when there is no room
   */
  resolve(device: string, ip: Ipv4, now: number): Neighbour | undefined;
  /** A packet waits for the MAC; false when full: the caller drops it. Only for a neighbour in SEND. */
  enqueue(neighbour: Neighbour, handle: number): boolean;
  /**
   * An ARP packet said that `ip` is at `mac`. `solicited`: a reply to us. Without an entry one is made unless `create` is false
   * (RFC 826: make one only when we are the target; so false for gratuitous ARP).
   * @returns undefined when nothing was learned (a group or zero MAC, STATIC, no entry, no room)
   */
  learn(
    device: string,
    ip: Ipv4,
    mac: Mac,
    now: number,
    how: { readonly solicited: boolean; readonly create?: boolean },
  ): Neighbour | undefined;
  /** The way there works (RFC 4861, 7.3.1: a TCP acknowledgement came): REACHABLE afresh. */
  confirm(neighbour: Neighbour, now: number): void;
  /** @throws DpvsError already_exist (as STATIC), invalid_parameter (a group or zero MAC), no_room */
  addStatic(device: string, ip: Ipv4, mac: Mac): Neighbour;
  /** After a restart of the slow path: the neighbour that native memory has in `slot`, to be verified (DELAY). */
  adopt(slot: number, device: string, ip: Ipv4, mac: Mac, now: number): Neighbour;
  /** Forgets it. A held one stays as NONE until it is released. @throws DpvsError not_exist */
  delete(device: string, ip: Ipv4): void;
  /** Forgets what was learned, on one device or all; with `statics` the static ones too (the device goes). */
  flush(device?: string, statics?: boolean): void;

  get(device: string, ip: Ipv4): Neighbour | undefined;
  bySlot(slot: number): Neighbour | undefined;
  /** In order of creation. */
  list(device?: string): Neighbour[];

  /** A flow entry refers to the slot from now on: the neighbour is not removed, nor its slot used for another. */
  hold(neighbour: Neighbour): void;
  release(neighbour: Neighbour, now: number): void;

  /** Repeats requests, ages states, removes the forgotten. Call it when `nextDeadline` has come or at any interval. */
  tick(now: number): void;
}
