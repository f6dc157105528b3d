// The typed configuration: what keepalived.conf says after parsing, inheritance and cross-checks. Times are milliseconds.
import type { ServerSpec, ServiceSpec } from '../api/index.js';
import type { Place } from './diagnostic.js';
import type { Entry } from './tree.js';

export type Scheduler = NonNullable<ServiceSpec['scheduler']>;
export type Forwarding = NonNullable<ServerSpec['forwarding']>;
/** A service of a VIP; the API's key of the same form. */
export interface VipService {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

/** What a shell gets, and as whom. */
export interface Script {
  readonly command: string;
  /** null: as this process. */
  readonly user: string | null;
  readonly group: string | null;
}

/** Where a check connects to, and from where. */
export interface Target {
  readonly address: string;
  readonly port: number;
  readonly bindAddress: string | null;
  readonly bindPort: number | null;
}

interface CheckTimes {
  /** Down until it has succeeded once. */
  readonly alpha: boolean;
  readonly delayLoopMs: number;
  /** The first run is at a random time up to this. */
  readonly warmupMs: number;
  /** Failures that are tried again before they count. */
  readonly retry: number;
  readonly delayBeforeRetryMs: number;
  readonly logAllFailures: boolean;
}

export interface TcpCheck extends CheckTimes {
  readonly kind: 'TCP_CHECK';
  readonly target: Target;
  readonly connectTimeoutMs: number;
}

export interface UrlCheck {
  readonly path: string;
  /** MD5 of the body in hex. */
  readonly digest: string | null;
  /** Ranges of codes that are good, both ends included. */
  readonly statusCodes: readonly (readonly [number, number])[];
  /** The Host header; null: the address. */
  readonly virtualHost: string | null;
}

export interface HttpCheck extends CheckTimes {
  readonly kind: 'HTTP_GET' | 'SSL_GET';
  readonly target: Target;
  readonly connectTimeoutMs: number;
  readonly urls: readonly UrlCheck[];
  /** Say the virtual host in the TLS handshake. */
  readonly sni: boolean;
}

export interface UdpCheck extends CheckTimes {
  readonly kind: 'UDP_CHECK';
  readonly target: Target;
  readonly connectTimeoutMs: number;
  readonly payload: string | null;
  /** null: no reply is asked for; what it begins with may be empty. */
  readonly reply: { readonly begins: string; readonly minLength: number; readonly maxLength: number } | null;
}

export interface MiscCheck extends CheckTimes {
  readonly kind: 'MISC_CHECK';
  readonly script: Script;
  readonly timeoutMs: number;
  /** Exit codes 2 to 255 set the weight to 0 to 253. */
  readonly dynamic: boolean;
}

export type CheckSpec = TcpCheck | HttpCheck | UdpCheck | MiscCheck;

export interface RealServer {
  readonly at: Place;
  readonly address: string;
  /** null: the service's. */
  readonly port: number | null;
  readonly forwarding: Forwarding;
  readonly weight: number;
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
  /** A failed server stays, with weight 0. */
  readonly inhibit: boolean;
  readonly notifyUp: Script | null;
  readonly notifyDown: Script | null;
  readonly checks: readonly CheckSpec[];
}

export interface SorryServer {
  readonly at: Place;
  readonly address: string;
  readonly port: number | null;
  readonly forwarding: Forwarding;
  readonly inhibit: boolean;
}

export interface LocalAddress {
  readonly address: string;
  readonly device: string;
}

export interface VirtualServer {
  readonly at: Place;
  /** As the file says it: `192.168.100.254 80`, `group web`. */
  readonly name: string;
  readonly services: readonly VipService[];
  readonly scheduler: Scheduler;
  /** Seconds. */
  readonly connTimeout: number | undefined;
  /** null: those that are there are left alone. */
  readonly localAddresses: readonly LocalAddress[] | null;
  readonly quorum: number;
  readonly hysteresis: number;
  readonly quorumUp: Script | null;
  readonly quorumDown: Script | null;
  /** Scripts of what goes down also run when the program stops. */
  readonly omega: boolean;
  readonly sorryServer: SorryServer | null;
  readonly realServers: readonly RealServer[];
}

export interface KeepalivedConfig {
  readonly virtualServers: readonly VirtualServer[];
  /** For the stock keepalived: the sections of VRRP as they stand in the file. Empty: no VRRP. */
  readonly vrrp: readonly Entry[];
  readonly globalDefs: readonly Entry[];
}
