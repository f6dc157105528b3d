// All real servers of all services as a struct of arrays, by destIndex: what schedulers read and connections count on.
import type { Ipv4 } from '../inet/index.js';
import type { ServerColumns } from './schedulers/index.js';

export type Forwarding = 'FullNat' | 'Route' | 'SNAT' | 'Masq' | 'Tunnel';

/**
 * free → live (`allocate`) → retired (`retire`: removed from its service, connections go on) → drained (no connection left)
 * → free (`free`: the caller says that native counters and flow entries of the slot are no longer in use).
 */
export type DestState = 'free' | 'live' | 'retired';

export declare class DestTable implements ServerColumns {
  constructor(capacity?: number);
  readonly capacity: number;
  readonly weights: Int32Array;
  readonly active: Int32Array;
  readonly inactive: Int32Array;
  /** ServerFlag bits. */
  readonly flags: Uint8Array;
  readonly addresses: Uint32Array;
  readonly ports: Uint16Array;
  /** 0: no threshold. */
  readonly upperThresholds: Uint32Array;
  readonly lowerThresholds: Uint32Array;
  get used(): number;

  /** @param destIndex a particular slot (adopted after a restart). @throws DpvsError no_room; AssertionError when not free */
  allocate(destIndex?: number): number;
  stateOf(destIndex: number): DestState;
  retire(destIndex: number): void;
  /** A retired slot is used again, with its connections, because the same real server was added again. */
  revive(destIndex: number): void;
  /** Retired slots without a connection: the caller clears what native memory has on them, then calls `free`. */
  drained(): number[];
  /** @throws AssertionError unless retired and without connections */
  free(destIndex: number): void;

  address(destIndex: number): Ipv4;
  setFlag(destIndex: number, flag: number, on: boolean): void;
  setThresholds(destIndex: number, upper: number, lower: number): void;
  /** A new connection: inactive until `activated`. Sets OVERLOAD at the upper threshold. */
  opened(destIndex: number): void;
  /** It became ESTABLISHED. */
  activated(destIndex: number): void;
  /** It left ESTABLISHED. */
  deactivated(destIndex: number): void;
  /** It is gone. Clears OVERLOAD below the lower threshold, or without one below three quarters of the upper. */
  closed(destIndex: number, wasActive: boolean): void;
}
