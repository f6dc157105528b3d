// The ports of one LIP: a FIFO of free ports a hash bucket of real servers, so that a LIP's port serves several real servers at once.
import type { Ipv4 } from '../inet/index.js';

export const SAPOOL_FIRST_PORT = 1025;
export const SAPOOL_PORTS = 65535 - SAPOOL_FIRST_PORT + 1;
/** sa_pool/pool_hash_size. */
export const SAPOOL_BUCKETS = 16;

/** What `dpip addr show` prints as sa_used, sa_free, sa_miss. */
export interface SaPoolCounters {
  readonly used: number;
  readonly free: number;
  readonly miss: number;
}

/**
 * The bucket of a real server. Within a bucket a port is in use once, so two real servers (or protocols) in different buckets
 * can share a port: the return tuple (protocol, RIP, rport, LIP, lport) stays unique.
 */
export declare function rsBucket(protocol: number, rip: Ipv4, rport: number, buckets?: number): number;

export declare class SaPool {
  /**
   * @param options.seed orders the ports: ports of a fresh pool come pseudo-randomly, so a restarted node does not reuse those
   * that the real servers still have in TIME_WAIT
   * @param options.buckets 1–128, default 16
   */
  constructor(options?: { readonly seed?: number; readonly buckets?: number });
  readonly buckets: number;
  get used(): number;
  get free(): number;
  /** Times `take` found the bucket empty. */
  get miss(): number;
  counters(): SaPoolCounters;
  /** A free port, the one freed longest ago; 0 when the bucket has none. O(1), no allocation. */
  take(bucket: number): number;
  /** Frees a port, which goes to the tail. @throws AssertionError when it was not in use */
  give(bucket: number, port: number): void;
  /** Marks the port of a live flow as in use (after a restart of the slow path); false when it already was. O(1). */
  reserve(bucket: number, port: number): boolean;
  isUsed(bucket: number, port: number): boolean;
}
