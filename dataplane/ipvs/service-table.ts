// The services by protocol, VIP and port, and the real servers of each.
import type { Ipv4 } from '../inet/index.js';
import type { DestTable, Forwarding } from './dest-table.js';
import type { LaddrSet } from './laddr-set.js';
import type { Scheduler, SchedulerName, ServerView } from './schedulers/index.js';

export const Protocol = { tcp: 6, udp: 17 } as const;
/** IP protocol number. */
export type Protocol = (typeof Protocol)[keyof typeof Protocol];

export interface ServiceOptions {
  /** Default wlc. */
  readonly scheduler?: SchedulerName;
  /** Seconds; null for the protocol's own. */
  readonly connTimeout?: number | null;
}

export interface ServerOptions {
  readonly forwarding?: Forwarding;
  /** Default 1. */
  readonly weight?: number;
  /** 0: none. */
  readonly upperThreshold?: number;
  readonly lowerThreshold?: number;
}

export interface Service extends ServerView {
  /** Never used again for another service. */
  readonly id: number;
  readonly protocol: Protocol;
  readonly vip: Ipv4;
  readonly port: number;
  readonly scheduler: Scheduler;
  readonly connTimeout: number | null;
  readonly laddrs: LaddrSet;
  /** false once it was removed; its connections go on. */
  readonly live: boolean;
}

export declare class ServiceTable {
  /** @param options.start first real server of a new service's scheduler; @param options.seed for the LIPs' jitter */
  constructor(options?: {
    readonly maxServices?: number;
    readonly maxServers?: number;
    readonly seed?: number;
    readonly start?: number;
  });
  readonly dests: DestTable;
  get size(): number;
  /** Changes with every modification. */
  get generation(): number;

  /** No allocation. */
  lookup(protocol: Protocol, vip: Ipv4, port: number): Service | undefined;
  /** Has the address a service of any protocol and port? */
  hasVip(ip: Ipv4): boolean;
  /** In the order added. */
  list(): Service[];
  /** @throws DpvsError service_exists, no_room, not_support (port 0) */
  add(protocol: Protocol, vip: Ipv4, port: number, options?: ServiceOptions): Service;
  /** What is not given stays. @throws DpvsError no_service */
  edit(protocol: Protocol, vip: Ipv4, port: number, options: ServiceOptions): Service;
  /** Retires its real servers. The caller closes its LIPs' pools. @throws DpvsError no_service */
  remove(protocol: Protocol, vip: Ipv4, port: number): Service;

  /**
   * A retired server of the same service, address and port gets its slot, and with it its connections, back.
   * @param destIndex a particular slot (after a restart of the slow path)
   * @throws DpvsError server_exists, no_room, no_service (removed), invalid_parameter
   */
  addServer(service: Service, rip: Ipv4, rport: number, options?: ServerOptions, destIndex?: number): number;
  /** What is not given stays. @throws DpvsError no_server, invalid_parameter */
  editServer(service: Service, rip: Ipv4, rport: number, options: ServerOptions): number;
  /** Retires the slot and returns it. @throws DpvsError no_server */
  removeServer(service: Service, rip: Ipv4, rport: number): number;
  /** -1 when there is none. */
  findServer(service: Service, rip: Ipv4, rport: number): number;
  /** The service the slot belongs to or, retired, belonged to; undefined for a free slot. */
  serviceOf(destIndex: number): Service | undefined;
  forwardingOf(destIndex: number): Forwarding;
  /** Frees a drained slot for reuse; see DestTable.free. */
  free(destIndex: number): void;
}
