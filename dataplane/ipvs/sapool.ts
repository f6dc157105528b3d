// The ports of one LIP: a FIFO of free ports a hash bucket of real servers, so that a LIP's port serves several real servers at once.
import assert from 'node:assert/strict';
import { type Ip, ipHash } from '../inet/index.js';

export const SAPOOL_FIRST_PORT = 1025;
export const SAPOOL_PORTS = 65535 - SAPOOL_FIRST_PORT + 1;
/** sa_pool/pool_hash_size. */
export const SAPOOL_BUCKETS = 16;
const MAX_BUCKETS = 128;

/** Marks of a port. RESERVED is in use and still in the queue. */
const FREE = 0;
const USED = 1;
const RESERVED = 2;

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
export function rsBucket(protocol: number, rip: Ip, rport: number, buckets = SAPOOL_BUCKETS): number {
  // Real servers are often neighbours in one network with one port: the high half must depend on every low bit.
  let h = Math.imul(ipHash(rip) ^ Math.imul(rport, 0x9e3779b1), 0x85ebca6b) ^ protocol;
  h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35);
  return ((h >>> 16) * buckets) >>> 16;
}

/**
 * One bucket. The queue of free ports is made of two parts: ports never taken yet, which come from a permutation and need no
 * memory, and behind them the ring of those given back. The pages of the ring are touched only as far as it was filled.
 */
class PortQueue {
  /** Never more than all ports are free. */
  readonly #ring = new Uint16Array(SAPOOL_PORTS);
  #head = 0;
  #length = 0;
  #fresh = SAPOOL_PORTS;
  #index: number;
  /** Two bits a port: sixteen buckets of a thousand LIPs add up. */
  readonly #marks = new Uint8Array(65536 / 4);

  constructor(
    seed: number,
    readonly stride: number,
  ) {
    this.#index = (seed >>> 0) % SAPOOL_PORTS;
  }

  take(): number {
    for (;;) {
      const port = this.#pop();
      if (port === 0) return 0;
      const mark = this.#mark(port);
      this.#setMark(port, USED);
      if (mark === FREE) return port;
      // It was reserved while it waited here; now it is in use and no longer in the queue.
    }
  }

  give(port: number): void {
    const mark = this.#mark(port);
    // A reserved port has kept its place in the queue.
    this.#setMark(port, FREE);
    if (mark !== USED) return;
    let tail = this.#head + this.#length;
    if (tail >= SAPOOL_PORTS) tail -= SAPOOL_PORTS;
    this.#ring[tail] = port;
    this.#length++;
  }

  reserve(port: number): void {
    this.#setMark(port, RESERVED);
  }

  isUsed(port: number): boolean {
    return this.#mark(port) !== FREE;
  }

  #mark(port: number): number {
    return (this.#marks[port >> 2]! >> ((port & 3) * 2)) & 3;
  }

  #setMark(port: number, mark: number): void {
    const shift = (port & 3) * 2;
    this.#marks[port >> 2] = (this.#marks[port >> 2]! & ~(3 << shift)) | (mark << shift);
  }

  #pop(): number {
    if (this.#fresh > 0) {
      this.#fresh--;
      const port = SAPOOL_FIRST_PORT + this.#index;
      this.#index += this.stride;
      if (this.#index >= SAPOOL_PORTS) this.#index -= SAPOOL_PORTS;
      return port;
    }
    if (this.#length === 0) return 0;
    const port = this.#ring[this.#head]!;
    if (++this.#head === SAPOOL_PORTS) this.#head = 0;
    this.#length--;
    return port;
  }
}

export class SaPool {
  readonly buckets: number;
  readonly #seed: number;
  readonly #stride: number;
  readonly #queues: (PortQueue | undefined)[];
  readonly #usedIn: Uint32Array;
  #used = 0;
  #miss = 0;

  /**
   * @param options.seed orders the ports: ports of a fresh pool come pseudo-randomly, so a restarted node does not reuse those
   * that the real servers still have in TIME_WAIT
   * @param options.buckets 1–128, default 16
   */
  constructor(options: { readonly seed?: number; readonly buckets?: number } = {}) {
    this.buckets = options.buckets ?? SAPOOL_BUCKETS;
    assert(
      Number.isInteger(this.buckets) && this.buckets >= 1 && this.buckets <= MAX_BUCKETS,
      `${this.buckets} buckets`,
    );
    this.#seed = options.seed ?? 0;
    this.#stride = strideOf(this.#seed);
    this.#queues = new Array(this.buckets).fill(undefined);
    this.#usedIn = new Uint32Array(this.buckets);
  }

  get used(): number {
    return this.#used;
  }

  get free(): number {
    return SAPOOL_PORTS * this.buckets - this.#used;
  }

  /** Ports of the bucket in use, of `portsOfBucket`. */
  usedIn(bucket: number): number {
    return this.#usedIn[bucket]!;
  }

  get portsOfBucket(): number {
    return SAPOOL_PORTS;
  }

  /** Times `take` found the bucket empty. */
  get miss(): number {
    return this.#miss;
  }

  counters(): SaPoolCounters {
    return { used: this.used, free: this.free, miss: this.miss };
  }

  /** A free port, the one freed longest ago; 0 when the bucket has none. No allocation after the bucket's first. */
  take(bucket: number): number {
    const port = this.#queue(bucket).take();
    if (port === 0) this.#miss++;
    else this.#count(bucket, 1);
    return port;
  }

  /** Frees a port, which goes to the tail. @throws AssertionError when it was not in use */
  give(bucket: number, port: number): void {
    const queue = this.#queues[bucket];
    if (!queue?.isUsed(port)) assert.fail(`sapool: port ${port} of bucket ${bucket} was given back but is not in use`);
    queue.give(port);
    this.#count(bucket, -1);
  }

  /**
   * Marks the port of a live flow as in use (after a restart of the slow path); false when it already was. Given back, it is at
   * its old place in the queue and not at the tail.
   */
  reserve(bucket: number, port: number): boolean {
    assert(port >= SAPOOL_FIRST_PORT && port <= 65535, `sapool: port ${port} is out of range`);
    const queue = this.#queue(bucket);
    if (queue.isUsed(port)) return false;
    queue.reserve(port);
    this.#count(bucket, 1);
    return true;
  }

  isUsed(bucket: number, port: number): boolean {
    return this.#queues[bucket]?.isUsed(port) ?? false;
  }

  #count(bucket: number, change: number): void {
    this.#used += change;
    this.#usedIn[bucket]! += change;
  }

  #queue(bucket: number): PortQueue {
    const queue = this.#queues[bucket];
    if (queue !== undefined) return queue;
    assert(Number.isInteger(bucket) && bucket >= 0 && bucket < this.buckets, `sapool: no bucket ${bucket}`);
    const made = new PortQueue(Math.imul(this.#seed + bucket + 1, 0x9e3779b1), this.#stride);
    this.#queues[bucket] = made;
    return made;
  }
}

/** A step that visits every port once: SAPOOL_PORTS is 31 * 2081, so anything that is a multiple of neither. */
function strideOf(seed: number): number {
  let stride = 1 + ((Math.imul(seed ^ 0x5bd1e995, 0x85ebca6b) >>> 0) % (SAPOOL_PORTS - 1));
  while (stride % 31 === 0 || stride % 2081 === 0) stride = (stride % (SAPOOL_PORTS - 1)) + 1;
  return stride;
}
