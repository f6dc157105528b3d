// The vocabulary of the desired state: its records, and the elementary changes sent to the slow path.
import type { DestCheck, Scope, ServerKey, ServiceKey, VipKey } from '../../api/index.js';

/** What the desired state must know of a port to judge requests. */
export interface DeviceFacts {
  readonly name: string;
  /** As the port was started. */
  readonly mtu: number;
  /** The largest it can be given while it runs, and what sets that limit; absent: that of the start. */
  readonly maxMtu?: { readonly mtu: number; readonly why: string };
}

/** An address of the node as it must be now: what `addr.add` said, a local address of a service, or both. */
export interface DesiredAddress {
  readonly address: string;
  readonly prefixLength: number;
  readonly device: string;
  readonly scope: 'host' | 'link' | 'global';
  readonly broadcast: string | null;
  /** true when asked for, or when a service uses the address as a local address. */
  readonly sapool: boolean;
  /** laddr: only a service's local address, and goes with its last binding. */
  readonly origin: 'user' | 'laddr';
  /** Milliseconds since the epoch; null is forever. */
  readonly validUntil: number | null;
  readonly preferredUntil: number | null;
}

/** One way of a route that has several. */
export interface RouteHop {
  /** null: on-link. */
  readonly gateway: string | null;
  readonly device: string;
  /** Its share of the connections, at least 1. */
  readonly weight: number;
}

export interface DesiredRoute {
  /** The network with its length, host bits zero. */
  readonly destination: string;
  /** null: on-link (or host, kni_host). */
  readonly gateway: string | null;
  readonly source: string | null;
  readonly device: string;
  readonly scope: Scope;
  /** 0: the port's, whatever that is at the time. */
  readonly mtu: number;
  readonly metric: number;
  /** Who brought it: a request, the address (a service's local address) it is derived from, or the kernel, on a kni. */
  readonly origin: 'user' | 'address' | 'laddr' | 'kernel';
  /** The ways of a multipath route, the first of them also above; absent with one way. */
  readonly hops?: readonly RouteHop[];
}

/** A static neighbour. */
export interface DesiredNeighbour {
  readonly address: string;
  /** Lower case, colons. */
  readonly mac: string;
  readonly device: string;
}

/** Only what was ever set; the rest is the configuration file's. */
export interface DesiredLink {
  readonly name: string;
  readonly promisc?: boolean;
  readonly allmulticast?: boolean;
  readonly forward2kni?: boolean;
  readonly up?: boolean;
  readonly mtu?: number;
  /** Lower case, colons. */
  readonly mac?: string;
}

export type SchedulerName = 'rr' | 'wrr' | 'wlc';

export interface DesiredService {
  readonly service: ServiceKey;
  readonly scheduler: SchedulerName;
  /** Seconds; null: the protocol's. */
  readonly connTimeout: number | null;
  /** Absent: no passive health check. */
  readonly destCheck?: DestCheck;
}

/** The API's words for the modes that are built. */
export type BuiltForwarding = 'FullNat' | 'Route' | 'SNAT';

export interface DesiredServer {
  readonly service: ServiceKey;
  readonly server: ServerKey;
  readonly forwarding: BuiltForwarding;
  readonly weight: number;
  /** 0: none. */
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
}

export interface DesiredLaddr {
  readonly service: VipKey;
  readonly address: string;
  readonly device: string;
}

/** Seconds; 0: the configuration file's. */
export interface DesiredTimeouts {
  readonly tcp: number;
  readonly tcpfin: number;
  readonly udp: number;
}

/**
 * One step for the slow path. The `route.*` steps are complete: derived routes come and go as steps of their own, after the
 * address step they follow from (an explicit route hides a derived one of the same key, two addresses of one network share its
 * link route), so that whoever applies steps derives nothing.
 * `set` creates or replaces the whole record, so that a replay is harmless.
 * Steps come in an order in which each holds by itself: an address before the binding that needs it, a service's servers
 * and local addresses out before the service.
 */
export type Change =
  | { readonly kind: 'address.set'; readonly address: DesiredAddress }
  | { readonly kind: 'address.remove'; readonly address: string; readonly device: string }
  | { readonly kind: 'route.set'; readonly route: DesiredRoute }
  | { readonly kind: 'route.remove'; readonly route: DesiredRoute }
  | { readonly kind: 'neighbour.set'; readonly neighbour: DesiredNeighbour }
  | { readonly kind: 'neighbour.remove'; readonly address: string; readonly device: string }
  | { readonly kind: 'link.set'; readonly link: DesiredLink }
  | { readonly kind: 'service.set'; readonly service: DesiredService }
  | { readonly kind: 'service.remove'; readonly service: ServiceKey }
  | { readonly kind: 'server.set'; readonly server: DesiredServer }
  | { readonly kind: 'server.remove'; readonly service: ServiceKey; readonly server: ServerKey }
  | { readonly kind: 'laddr.set'; readonly laddr: DesiredLaddr }
  | { readonly kind: 'laddr.remove'; readonly service: VipKey; readonly address: string; readonly device: string }
  | { readonly kind: 'timeout.set'; readonly timeouts: DesiredTimeouts };
