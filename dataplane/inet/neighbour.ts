// What a neighbour is, how long its states last, and what its table tells its owner.
import type { Ip } from './ip.js';
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

/** Milliseconds; the reference's numbers. */
export const NEIGHBOUR_TIMEOUT = { none: 2_000, send: 3_000, reachable: 60_000, probe: 30_000, delay: 3_000 } as const;
/** Requests in SEND, and unicast requests at the start of PROBE, a second apart. */
export const NEIGHBOUR_TRIES = 3;
export const NEIGHBOUR_RETRY_MS = NEIGHBOUR_TIMEOUT.send / NEIGHBOUR_TRIES;
/** In PROBE, once the unicasts were in vain: a broadcast finds a neighbour that changed its MAC silently. */
export const NEIGHBOUR_BROADCAST_PROBE_MS = 3_000;

export interface Neighbour {
  readonly device: string;
  readonly ip: Ip;
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
  /** Ask for `target` by broadcast (IPv6: solicited-node multicast), or by unicast to `unicast` (RFC 1122, 2.3.2.1). */
  sendRequest(device: string, target: Ip, unicast: Mac | null): void;
  /**
   * The MAC became known, another or unknown (null, also when it is removed): mirror `slot` in the native next-hop table. Comes
   * before `resolved`.
   */
  changed(neighbour: Neighbour): void;
  /** The MAC is there: send these packets, oldest first, at least one. Ownership of the handles passes to the handler. */
  resolved(neighbour: Neighbour, handles: readonly number[]): void;
  /** No answer, evicted, or deleted: drop these packets, at least one (RFC 1122, 2.3.2.2: host unreachable). */
  failed(neighbour: Neighbour, handles: readonly number[]): void;
}

export interface NeighbourTableOptions {
  /** Milliseconds REACHABLE lasts: neigh_defs/timeout. Default 60 000; may be changed later by `reachableMs`. */
  readonly reachableMs?: number;
  /** Packets a neighbour may have waiting: neigh_defs/unres_queue_length. Default 128. */
  readonly queueLength?: number;
  /** Packets all neighbours together may have waiting: they keep mbufs from the ports. Default 4096. */
  readonly totalQueued?: number;
  /** Default 8192: the API allows 4096 static ones. Slots are 0 … maxNeighbours - 1. */
  readonly maxNeighbours?: number;
}

export interface NeighbourCounters {
  /** Requests sent, of any kind. */
  requests: number;
  /** Unresolved ones whose MAC became known. */
  resolved: number;
  /** SEND or PROBE that ended without an answer. */
  failed: number;
  /** Neighbours removed to make room. */
  evicted: number;
  /** `resolve` or `learn` found no room. */
  tableFull: number;
  /** `enqueue` refused: the neighbour's queue, or the total, was full. */
  queueFull: number;
}
