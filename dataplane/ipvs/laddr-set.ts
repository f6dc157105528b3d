// The local addresses (LIPs) of one service: round robin, with fallback to the next when a pool is empty.
import { DpvsError } from '../../api/errors.js';
import { formatIp, type Ip } from '../inet/index.js';
import type { SaPool } from './sapool.js';

/** LIPs a new connection tries before it is refused: the reference's bound on the work of one SYN. */
const MAX_TRIES = 16;
const JITTER = 0.05;

export interface Laddr {
  readonly address: Ip;
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

type Entry = { -readonly [K in keyof Laddr]: Laddr[K] };

export class LaddrSet {
  /** Set when the scheduler is rr or wrr. */
  jitter: boolean;
  readonly #random: () => number;
  readonly #laddrs: Entry[] = [];
  readonly #byAddress = new Map<Ip, Entry>();
  #next = 0;

  /**
   * @param options.jitter with rr and wrr: skip one LIP in 5 % of the picks, so that LIPs and real servers do not go in
   * lock-step (each LIP would only ever see some of the real servers)
   * @param options.random 0 ≤ x < 1, seeded by the caller
   */
  constructor(options: { readonly jitter: boolean; readonly random: () => number }) {
    this.jitter = options.jitter;
    this.#random = options.random;
  }

  get size(): number {
    return this.#laddrs.length;
  }

  /** @throws DpvsError laddr_exists */
  add(address: Ip, device: string, pool: SaPool): Laddr {
    if (this.#byAddress.has(address)) throw new DpvsError('laddr_exists', formatIp(address));
    const laddr: Entry = { address, device, pool, conns: 0 };
    this.#laddrs.push(laddr);
    this.#byAddress.set(address, laddr);
    return laddr;
  }

  /** Its connections go on; their ports go back to the pool. @throws DpvsError no_laddr */
  remove(address: Ip): Laddr {
    const laddr = this.#byAddress.get(address);
    if (laddr === undefined) throw new DpvsError('no_laddr', formatIp(address));
    this.#byAddress.delete(address);
    this.#laddrs.splice(this.#laddrs.indexOf(laddr), 1);
    return laddr;
  }

  get(address: Ip): Laddr | undefined {
    return this.#byAddress.get(address);
  }

  /** In the order added. */
  list(): readonly Laddr[] {
    return this.#laddrs;
  }

  /**
   * A LIP and a port for a connection to a real server of this bucket; tries up to min(16, size) LIPs. On false `pick` is
   * unchanged. Counts the connection.
   */
  take(bucket: number, pick: LaddrPick): boolean {
    const laddrs = this.#laddrs;
    const size = laddrs.length;
    if (size === 0) return false;
    let at = this.#next;
    if (this.jitter && size > 1 && this.#random() < JITTER) at++;
    for (let tries = Math.min(size, MAX_TRIES); tries > 0; tries--) {
      if (at >= size) at %= size;
      const laddr = laddrs[at]!;
      at++;
      const port = laddr.pool.take(bucket);
      if (port !== 0) {
        laddr.conns++;
        pick.laddr = laddr;
        pick.port = port;
        this.#next = at;
        return true;
      }
    }
    // The next attempt goes on with the LIPs that this one did not come to.
    this.#next = at;
    return false;
  }

  /** A live flow was adopted: reserves its port and counts the connection. False when the port is in use. */
  adopt(address: Ip, bucket: number, port: number): boolean {
    const laddr = this.#byAddress.get(address);
    if (laddr === undefined || !laddr.pool.reserve(bucket, port)) return false;
    laddr.conns++;
    return true;
  }

  /** A connection through this LIP ended (the port is given back to the pool by the caller). Nothing when it was removed. */
  ended(address: Ip): void {
    const laddr = this.#byAddress.get(address);
    // A LIP removed and added again still sees the end of connections that it does not count.
    if (laddr !== undefined && laddr.conns > 0) laddr.conns--;
  }
}
