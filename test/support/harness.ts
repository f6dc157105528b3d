// The harness packet tests run against: ports in and out of the real native code, a stepped slow path and a virtual clock.

import type { ConnectionInfo, Counter, Method, Params, Result } from '../../api/index.js';
import type { Notice } from '../../dataplane/slowpath/index.js';
import type { KernelRoute, KniAddressEvent } from '../../kni/index.js';
import type { NativeConfig } from '../../native/index.js';

/** A value that may come now or later: the implementation chooses, the tests always await. */
export type Awaitable<T> = T | Promise<T>;

/**
 * `dpdk0` is the LAN port and `dpdk1` the WAN port, as in the tutorial's first script. `*.kni` is the kernel's side of the
 * port's kni: what is sent there is what the kernel transmits, what is received there is what the kernel would see.
 */
export const portNames = ['dpdk0', 'dpdk1', 'dpdk0.kni', 'dpdk1.kni'] as const;
export type PortName = (typeof portNames)[number];

export interface HarnessPort {
  /** Lower case with colons; a port and its kni have the same one. */
  readonly mac: string;
  /** Bytes of the largest IP packet, 1500 unless told. */
  readonly mtu: number;
}

/** What dpvs.conf would say, where a test needs something else than the defaults. Seconds, as in the file. */
export interface HarnessOptions {
  /** Lcores that poll; they are stepped in turn. Default 1. */
  readonly lcores?: number;
  /** conn_pool_size: connections that fit. The implementation may round up to what its tables allow. */
  readonly connections?: number;
  /** Flow entries that fit; default twice the connections. */
  readonly flows?: number;
  readonly mtu?: number;
  /** ipv4_defs/forwarding. Default off. */
  readonly forwarding?: boolean;
  /** ipv4_defs/default_ttl. Default 64. */
  readonly defaultTtl?: number;
  /** neigh_defs/unres_queue_length. Default 128. */
  readonly unresolvedQueue?: number;
  /** neigh_defs/timeout. Default 60. */
  readonly neighbourTimeout?: number;
  /** ipvs_defs/conn/conn_init_timeout. Default 3. */
  readonly connInitTimeout?: number;
  /** ipvs_defs/conn/xmit_ttl. Default off. */
  readonly decrementTtl?: boolean;
  /** ipvs_defs/tcp/timeout, by the words of the file (none established syn_sent …). */
  readonly tcpTimeouts?: Readonly<Record<string, number>>;
  /** ipvs_defs/udp/timeout (oneway normal last). */
  readonly udpTimeouts?: Readonly<Record<string, number>>;
  /** What dpvs.conf has no word for: rates, ring sizes. */
  readonly native?: Partial<NativeConfig>;
  /** global_defs/kni off: the two kni ports are absent and a punt is a counted drop. Default on. */
  readonly kni?: boolean;
}

export interface Harness {
  readonly ports: Readonly<Record<PortName, HarnessPort>>;

  /** The control API, method by method. @throws {DpvsError} what it refuses. */
  configure<M extends Method>(method: M, params: Params<M>): Awaitable<Result<M>>;

  /** The kernel got or lost an address on a kni. */
  kernelAddress(event: Pick<KniAddressEvent, 'port' | 'address' | 'prefixLength' | 'change'>): Promise<void>;

  /** The kernel's main table is now this. */
  kernelRoutes(routes: readonly KernelRoute[]): Promise<void>;

  /** Puts frames (Ethernet header first, no FCS) on the port's receive side. They move when stepped. */
  send(port: PortName, frames: readonly Uint8Array[]): void;

  /**
   * One round polls every lcore once (one burst of each queue) and then lets the slow path take what came up. Without a
   * number: rounds until nothing moves any more (receive sides and upcall rings empty, nothing given back for execution).
   * Does not move the clock.
   */
  step(rounds?: number): Awaitable<void>;

  /** Takes the frames that came out of the port since the last call, oldest first. */
  receive(port: PortName): Uint8Array[];

  /** The same as node.counters: every reason of every kind, also those at zero. */
  counters(): Awaitable<readonly Counter[]>;

  /** Packets kept inside: waiting for a neighbour, in an upcall ring. Not those waiting in a receive side. */
  held(): Awaitable<number>;

  /** Moves the virtual clock by milliseconds, running every timer that falls due in between, and settles as step() does. */
  advance(ms: number): Awaitable<void>;

  /** Every connection, as conn.list shows them (all pages). */
  connections(): Awaitable<readonly ConnectionInfo[]>;

  /** mbufs not in any pool: what a leak would raise. After settling it must equal held(). Omitted if not measurable. */
  mbufsInUse?(): Awaitable<number>;

  /** Kills the slow path and starts another over the same native state (the API's slowpath.restart). */
  restartSlowPath?(): Awaitable<void>;

  /** What the slow path told since the last call: servers inhibited or released. */
  notices?(): Notice[];

  /** The next change finds the slow path dead: it is accepted and kept, and only the slow path started next learns of it. */
  crashOnNextChange?(): void;

  /** The kernel refuses what the next change gives a kni. */
  refuseNextKni?(): void;

  /** Frees everything. The harness is dead afterwards; another may be created in the same process. */
  close(): Awaitable<void>;
}

/** What test/support/native-harness.ts exports as `createHarness`. */
export type CreateHarness = (options?: HarnessOptions) => Awaitable<Harness>;
