// What a test may say about each header. Fields named after the header's own can be set to make a packet wrong; left out they are right.
import type { TcpOption } from './tcp-options.js';

/** 'bad' is a value that is certain to be wrong. */
export type Checksum = number | 'bad';

export interface EthSpec {
  readonly src: string;
  readonly dst: string;
  /** From the next layer when left out. */
  readonly type?: number;
}
export interface VlanSpec {
  readonly id: number;
  readonly priority?: number;
  readonly dropEligible?: boolean;
  /** 0x8100 (802.1Q) or 0x88a8 (802.1ad). */
  readonly tpid?: number;
  readonly type?: number;
}
export interface ArpSpec {
  readonly op: 'request' | 'reply' | number;
  readonly senderMac: string;
  readonly senderIp: string;
  readonly targetMac?: string;
  readonly targetIp: string;
  readonly hardwareType?: number;
  readonly protocolType?: number;
  readonly hardwareLength?: number;
  readonly protocolLength?: number;
}
export interface Ip4Spec {
  readonly src: string;
  readonly dst: string;
  readonly ttl?: number;
  readonly tos?: number;
  readonly id?: number;
  readonly df?: boolean;
  readonly mf?: boolean;
  /** RFC 3514's bit, reserved: must be zero. */
  readonly reservedFlag?: boolean;
  /** In bytes, a multiple of eight. */
  readonly fragmentOffset?: number;
  /** Filled up with EOL (zero) to a multiple of four. */
  readonly options?: readonly number[];
  readonly protocol?: number;
  readonly version?: number;
  /** In 32-bit words. */
  readonly ihl?: number;
  readonly totalLength?: number;
  readonly checksum?: Checksum;
}
export interface Ip6Spec {
  readonly src: string;
  readonly dst: string;
  readonly hopLimit?: number;
  readonly trafficClass?: number;
  readonly flowLabel?: number;
  readonly nextHeader?: number;
  /** Between the header and the next layer, in order. */
  readonly extensions?: readonly Ip6Extension[];
  readonly version?: number;
  readonly payloadLength?: number;
}
/** An extension header (RFC 8200, 4): what it is and its bytes but for the first, which says what is next. */
export interface Ip6Extension {
  readonly header: number;
  readonly rest: readonly number[];
}
export interface TcpSpec {
  readonly sport: number;
  readonly dport: number;
  readonly seq?: number;
  readonly ack?: number;
  /** Letters of SFRPAUEC in any order: SYN FIN RST PSH ACK URG ECE CWR. */
  readonly flags?: string;
  readonly window?: number;
  readonly urgent?: number;
  readonly options?: readonly TcpOption[];
  /** In 32-bit words. */
  readonly dataOffset?: number;
  readonly checksum?: Checksum;
}
export interface UdpSpec {
  readonly sport: number;
  readonly dport: number;
  readonly length?: number;
  /** 'none' is the zero of a sender that computed no checksum (RFC 768; not allowed over IPv6). */
  readonly checksum?: Checksum | 'none';
}
export interface IcmpSpec {
  readonly type: number;
  readonly code?: number;
  /** Echo: identifier and sequence number. */
  readonly id?: number;
  readonly seq?: number;
  /** Fragmentation needed: the next hop's MTU (RFC 1191). */
  readonly mtu?: number;
  readonly checksum?: Checksum;
}

export type Layer =
  | ({ readonly layer: 'eth' } & EthSpec)
  | ({ readonly layer: 'vlan' } & VlanSpec)
  | ({ readonly layer: 'arp' } & ArpSpec)
  | ({ readonly layer: 'ip4' } & Ip4Spec)
  | ({ readonly layer: 'ip6' } & Ip6Spec)
  | ({ readonly layer: 'tcp' } & TcpSpec)
  | ({ readonly layer: 'udp' } & UdpSpec)
  | ({ readonly layer: 'icmp' } & IcmpSpec)
  | ({ readonly layer: 'icmp6' } & IcmpSpec)
  | { readonly layer: 'payload'; readonly bytes: Uint8Array };

export const EtherType = { ip4: 0x0800, arp: 0x0806, vlan: 0x8100, qinq: 0x88a8, ip6: 0x86dd, lldp: 0x88cc } as const;
export const NextHeader = { hopByHop: 0, routing: 43, fragment: 44, destination: 60, none: 59 } as const;
export const IpProtocol = { icmp: 1, igmp: 2, tcp: 6, udp: 17, icmp6: 58, ospf: 89, vrrp: 112, sctp: 132 } as const;
export const Icmp6Type = {
  unreachable: 1,
  tooBig: 2,
  timeExceeded: 3,
  parameter: 4,
  echoRequest: 128,
  echoReply: 129,
  solicitation: 135,
  advertisement: 136,
} as const;
export const IcmpType = { echoReply: 0, unreachable: 3, redirect: 5, echoRequest: 8, timeExceeded: 11 } as const;
/** Codes of destination unreachable. */
export const Unreachable = { net: 0, host: 1, protocol: 2, port: 3, fragmentationNeeded: 4 } as const;

/** The eight flag bits from the lowest, in the order of the text form. */
const FLAG_BITS = { F: 0x01, S: 0x02, R: 0x04, P: 0x08, A: 0x10, U: 0x20, E: 0x40, C: 0x80 } as const;
const TEXT_ORDER = ['S', 'F', 'R', 'P', 'A', 'U', 'E', 'C'] as const;

export function encodeTcpFlags(text: string): number {
  return [...text].reduce((bits, letter) => {
    if (!Object.hasOwn(FLAG_BITS, letter)) throw new RangeError(`no TCP flag ${letter}`);
    return bits | FLAG_BITS[letter as keyof typeof FLAG_BITS];
  }, 0);
}

/** "SA", "PA", "FA": always in the same order. */
export const decodeTcpFlags = (bits: number): string =>
  TEXT_ORDER.filter((letter) => (bits & FLAG_BITS[letter]) !== 0).join('');
