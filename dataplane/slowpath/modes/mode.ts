// What the forwarding modes differ in when a connection begins. What they have in common is in ../scheduling.ts.
import type { Service } from '../../ipvs/index.js';
import type { NewConnection } from '../answers.js';
import type { UpcallBatch } from '../upcalls.js';

/** As enum dp_flow_flags in dp.h. */
export const Flow = {
  nat: 1,
  out: 2,
  toa: 4,
  seq: 8,
  mss: 16,
  noTimestamp: 32,
  ttl: 64,
  rewriteL2: 512,
  returnPath: 1024,
  snat: 4096,
} as const;

/** What `Mode.open` returns when nothing speaks against it; every reason to drop is 0 or more. */
export const OPENED = -1;

export interface Mode {
  /**
   * Fills the translated addresses and ports, flags, next hops, MTUs and local port of `c` for a new connection to `dest`; its
   * tuple, server and service are there. Returns the reason to drop instead (`drop()`), with all that it took given back, or
   * OPENED. Next hops are held by the caller; so is a local port, until the connection ends. No allocation.
   */
  open(upcalls: UpcallBatch, i: number, service: Service, dest: number, c: NewConnection): number;
}
