// The sapools of the node by LIP: one a LIP, shared by the services that use it, kept until its last port is back.
import type { Ipv4 } from '../inet/index.js';
import type { SaPool } from './sapool.js';

export declare class SaPoolTable {
  constructor(options?: { readonly seed?: number; readonly buckets?: number });
  /** The LIP's pool, made when it is not there; counts one more user (an address with the sapool flag, a service). */
  open(lip: Ipv4): SaPool;
  /** One user less. Without users the pool goes when its last port is given back. */
  close(lip: Ipv4): void;
  get(lip: Ipv4): SaPool | undefined;
  /** Gives a port back to the LIP's pool, also when it has no users any more. */
  give(lip: Ipv4, bucket: number, port: number): void;
  get size(): number;
}
