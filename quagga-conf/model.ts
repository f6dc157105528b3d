// What a node's routing configuration is made from, with the defaults. What the daemons would misread is refused in check.ts.

export type Flavor = 'quagga' | 'frr';
/** `redistribute`: a type-5 LSA a VIP. `network`: the tutorial's form, a stub link a VIP in the router-LSA. */
export type AnnounceForm = 'redistribute' | 'network';
export type OspfNetworkType = 'broadcast' | 'point-to-point';

export type Authentication =
  | { readonly kind: 'plain' /** at most 8 bytes (RFC 2328 D.3) */; readonly key: string }
  | { readonly kind: 'md5'; readonly keyId: number /** at most 16 bytes */; readonly key: string };

export interface OspfInterface {
  /** The WAN-side kernel-visible interface: `dpdk1.kni`. */
  readonly name: string;
  /** The inter-connection network: `172.10.0.0/30`. */
  readonly network: string;
  readonly networkType: OspfNetworkType;
  /** Seconds. */
  readonly hello: number;
  readonly dead: number;
  /** Explicit, because the speed of a kni is not the port's (virtio-user shows 10 Mb/s). */
  readonly cost: number;
  readonly authentication?: Authentication;
  /** FRR only; bfdd has to run, and the switch has to speak BFD as well. */
  readonly bfd?: boolean;
}

/** `stub` and `totally-stubby` (RFC 2328 section 3.6) take no type-5 LSA, so that only the network form can announce in them. */
export type AreaType = 'normal' | 'stub' | 'totally-stubby';

/** A network that is announced without OSPF being spoken on it. */
export interface PassiveInterface {
  readonly name: string;
  readonly network: string;
}

/** Intervals in milliseconds; a neighbour is lost after `multiplier` of them. */
export interface BfdTimers {
  readonly transmit: number;
  readonly receive: number;
  readonly multiplier: number;
}

/** RFC 7166; FRR only. The key's length is the daemon's to judge. */
export interface Authentication6 {
  readonly keyId: number;
  readonly algorithm: (typeof algorithms6)[number];
  readonly key: string;
}
export const algorithms6 = ['md5', 'hmac-sha-1', 'hmac-sha-256', 'hmac-sha-384', 'hmac-sha-512'] as const;

export interface BgpPeer {
  /** The switch's address on the inter-connection network. */
  readonly address: string;
  readonly remoteAs: number;
  /** TCP MD5 (RFC 2385). */
  readonly password?: string;
}

export interface RoutingModel {
  readonly flavor: Flavor;
  readonly form: AnnounceForm;
  readonly hostname: string;
  readonly password?: string;
  readonly enablePassword?: string;
  /** `zebra.log` and `ospfd.log` are written there; null: no log file. */
  readonly logDirectory: string | null;
  readonly routerId: string;
  /** Dotted or a number. */
  readonly area: string;
  readonly areaType: AreaType;
  /** Whether `authentication` of the interfaces is switched on for the whole area or on each interface; the keys are always there. */
  readonly authenticationScope: 'interface' | 'area';
  readonly interfaces: readonly OspfInterface[];
  /** Announced from the start, as soon as their addresses are on the first interface; the bridge adds others while it runs. */
  readonly vips: readonly string[];
  /** Networks, as `123.2.0.0/16`, whose addresses on the first interface are all announced; redistribute form only. */
  readonly vipRanges?: readonly string[];
  /** Mb/s */
  readonly referenceBandwidth: number;
  /** Of the type-5 LSAs, type 1: the cost to this node counts as well, so that ECMP compares whole paths. */
  readonly externalMetric: number;
  readonly passive: readonly PassiveInterface[];
  /** Used when an interface has `bfd`. */
  readonly bfdTimers: BfdTimers;
  /** ospf6d.conf is made when this is there. */
  readonly ospf6?: { readonly vips: readonly string[]; readonly authentication?: Authentication6 };
  /** bgpd.conf is made instead of ospfd.conf when this is there. Keepalive and hold time are the first interface's hello and dead. */
  readonly bgp?: { readonly localAs: number; readonly peers: readonly BgpPeer[] };
  /** Seconds that the switch goes on forwarding while a daemon is restarted on purpose (RFC 3623, 5187); FRR only. Absent: off. */
  readonly gracefulRestart?: number;
  /** switch.conf, the other end's side in FRR's words, is made when this is there. */
  readonly switchHint?: {
    readonly interface: string;
    /** The node's end of the link, which a BGP switch has as its neighbour. */
    readonly nodeAddress?: string;
    /** How many nodes a VIP may be spread over. */
    readonly maximumPaths: number;
  };
}

/** Hello 1 and dead 4: after SIGKILL of ospfd the switch goes on for the dead interval, 40 s with the tutorial's timers. */
export const interfaceDefaults = { networkType: 'broadcast', hello: 1, dead: 4, cost: 10 } as const;
export const modelDefaults = {
  area: '0.0.0.0',
  areaType: 'normal',
  authenticationScope: 'interface',
  referenceBandwidth: 1000,
  externalMetric: 20,
  maximumPaths: 16,
  /** Longer than a restart with a package upgrade; a node that does not come back is missed after it. */
  gracefulRestart: 60,
} as const;
/** A neighbour that is gone is missed after 0.9 s. */
export const bfdDefaults: BfdTimers = { transmit: 300, receive: 300, multiplier: 3 };
export const defaultLogDirectory: Readonly<Record<Flavor, string>> = {
  quagga: '/var/log/quagga',
  frr: '/var/log/frr',
};
