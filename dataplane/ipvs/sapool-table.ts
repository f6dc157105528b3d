// The sapools of the node by LIP: one a LIP, shared by the services that use it, kept until its last port is back.
import assert from 'node:assert/strict';
import { formatIp, type Ip, ipHash } from '../inet/index.js';
import { SaPool } from './sapool.js';

interface Holder {
  readonly pool: SaPool;
  users: number;
}

export class SaPoolTable {
  readonly #pools = new Map<Ip, Holder>();
  readonly #seed: number;
  readonly #buckets: number | undefined;

  constructor(options: { readonly seed?: number; readonly buckets?: number } = {}) {
    this.#seed = options.seed ?? 0;
    this.#buckets = options.buckets;
  }

  get size(): number {
    return this.#pools.size;
  }

  /** The LIP's pool, made when it is not there; counts one more user (an address with the sapool flag, a service). */
  open(lip: Ip): SaPool {
    const holder = this.#pools.get(lip) ?? {
      pool: new SaPool({ seed: this.#seed ^ ipHash(lip), buckets: this.#buckets }),
      users: 0,
    };
    holder.users++;
    this.#pools.set(lip, holder);
    return holder.pool;
  }

  /** One user less. Without users the pool goes when its last port is given back. */
  close(lip: Ip): void {
    const holder = this.#pools.get(lip);
    assert(holder !== undefined && holder.users > 0, `sapool of ${formatIp(lip)} is not open`);
    holder.users--;
    this.#drop(lip, holder);
  }

  get(lip: Ip): SaPool | undefined {
    return this.#pools.get(lip)?.pool;
  }

  /** Gives a port back to the LIP's pool, also when it has no users any more. */
  give(lip: Ip, bucket: number, port: number): void {
    const holder = this.#pools.get(lip);
    if (holder === undefined) assert.fail(`no sapool of ${formatIp(lip)} to give port ${port} back to`);
    holder.pool.give(bucket, port);
    if (holder.users === 0) this.#drop(lip, holder);
  }

  #drop(lip: Ip, holder: Holder): void {
    if (holder.users === 0 && holder.pool.used === 0) this.#pools.delete(lip);
  }
}
