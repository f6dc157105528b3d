// The local addresses (LIPs) of one service: round robin, with fallback to the next when a pool is empty.
import type { Ipv4 } from '../inet/index.js';
import type { SaPool } from './sapool.js';

export interface Laddr {
  readonly address: Ipv4;
  readonly device: string;
  readonly pool: SaPool;
  /** Connections of this service through this LIP (ipvsadm -G). */
  readonly conns: number;
}

/** Filled by `take`; the caller makes one and uses it again and again. */
export interface LaddrPick {
  laddr: Laddr | undefined;
  port: number;
}

export declare class LaddrSet {
  /**
   * @param options.jitter with rr and wrr: skip one LIP in 5 % of the picks, so that LIPs and real servers do not go in
   * lock-step (each LIP would only ever see some of the real servers)
   * @param options.random 0 ≤ x < 1, seeded by the caller
   */
  constructor(options: { readonly jitter: boolean; readonly random: () => number });
  jitter: boolean;
  get size(): number;
  /** @throws DpvsError laddr_exists */
  add(address: Ipv4, device: string, pool: SaPool): Laddr;
  /** Its connections go on; their ports go back to the pool. @throws DpvsError no_laddr */
  remove(address: Ipv4): Laddr;
  get(address: Ipv4): Laddr | undefined;
  /** In the order added. */
  list(): readonly Laddr[];
  /**
   * A LIP and a port for a connection to a real server of this bucket; tries up to min(16, size) LIPs. On false `pick` is
   * unchanged. Counts the connection.
   */
  take(bucket: number, pick: LaddrPick): boolean;
  /** A live flow was adopted: reserves its port and counts the connection. False when the port is in use. */
  adopt(address: Ipv4, bucket: number, port: number): boolean;
  /** A connection through this LIP ended (the port is given back to the pool by the caller). Nothing when it was removed. */
  ended(address: Ipv4): void;
}
