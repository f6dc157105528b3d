// Bytes to a typed tree of headers, with a list of everything wrong with them. Checksums are recomputed from scratch.
import { formatMac, u16 } from './bytes.js';
import { type ArpPacket, dissectArp, dissectIp4, dissectIp6, type Ip4Header, type Ip6Header } from './dissect-l3.js';
import type { IcmpMessage, TcpSegment, UdpDatagram } from './dissect-l4.js';
import { dissectIcmp, dissectTcp, dissectUdp } from './dissect-l4.js';
import { EtherType, IcmpType, IpProtocol } from './headers.js';
import type { TcpOption } from './tcp-options.js';

export interface EthHeader {
  readonly dst: string;
  readonly src: string;
  /** What follows the last VLAN tag. */
  readonly type: number;
}
export interface VlanTag {
  readonly tpid: number;
  readonly id: number;
  readonly priority: number;
  readonly dropEligible: boolean;
}

export interface Dissection {
  readonly bytes: Uint8Array;
  readonly eth?: EthHeader;
  readonly vlans: readonly VlanTag[];
  readonly arp?: ArpPacket;
  readonly ip4?: Ip4Header;
  readonly ip6?: Ip6Header;
  readonly tcp?: TcpSegment;
  readonly udp?: UdpDatagram;
  readonly icmp?: IcmpMessage;
  readonly icmp6?: IcmpMessage;
  /** What the innermost understood header carries. */
  readonly payload: Uint8Array;
  /** Bytes after the IP packet or the ARP message: Ethernet padding. */
  readonly trailer: Uint8Array;
  /** The packet an ICMP error quotes; it may be cut short. */
  readonly quoted?: Dissection;
  /** "layer: what is wrong"; empty for a packet nobody could object to. */
  readonly problems: readonly string[];
}

export interface DissectOptions {
  /** Where the bytes begin. */
  readonly from?: 'eth' | 'ip';
  /** The packet was cut short by someone entitled to (an ICMP error): what cannot be checked is no problem. */
  readonly partial?: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Draft = Omit<Mutable<Dissection>, 'vlans' | 'problems'> & { vlans: VlanTag[]; problems: string[] };

export function dissect(bytes: Uint8Array, { from = 'eth', partial = false }: DissectOptions = {}): Dissection {
  const empty = new Uint8Array(0);
  const draft: Draft = { bytes, vlans: [], payload: bytes, trailer: empty, problems: [] };
  const type = from === 'eth' ? dissectEth(draft) : bytes[0] >>> 4 === 6 ? EtherType.ip6 : EtherType.ip4;
  if (type === EtherType.arp) readArp(draft);
  else if (type === EtherType.ip4) readIp4(draft, partial);
  else if (type === EtherType.ip6) readIp6(draft, partial);
  return draft;
}

/** @returns the type after all tags; draft.payload is what follows. */
function dissectEth(draft: Draft): number | undefined {
  const { bytes } = draft;
  if (bytes.length < 14) {
    draft.problems.push(`eth: ${bytes.length} bytes`);
    return undefined;
  }
  let at = 12;
  let type = u16(bytes, at);
  while (type === EtherType.vlan || type === EtherType.qinq) {
    if (bytes.length < at + 6) {
      draft.problems.push('vlan: cut short');
      return undefined;
    }
    const control = u16(bytes, at + 2);
    draft.vlans.push({
      tpid: type,
      id: control & 0xfff,
      priority: control >>> 13,
      dropEligible: (control & 0x1000) !== 0,
    });
    at += 4;
    type = u16(bytes, at);
  }
  draft.eth = { dst: formatMac(bytes.subarray(0, 6)), src: formatMac(bytes.subarray(6, 12)), type };
  draft.payload = bytes.subarray(at + 2);
  return type;
}

function readArp(draft: Draft): void {
  const { arp, rest, problems } = dissectArp(draft.payload);
  draft.problems.push(...problems);
  if (arp === undefined) return;
  draft.arp = arp;
  draft.trailer = rest;
  draft.payload = rest.subarray(0, 0);
}

function readIp4(draft: Draft, partial: boolean): void {
  const { header, body, rest, problems, truncated } = dissectIp4(draft.payload, partial);
  draft.problems.push(...problems);
  if (header === undefined) return;
  draft.ip4 = header;
  draft.payload = body;
  draft.trailer = rest;
  // Only the first fragment has a layer-4 header, and none of them can be checked alone.
  if (header.fragmentOffset > 0) return;
  readL4(draft, header, header.protocol, truncated || header.mf);
}

function readIp6(draft: Draft, partial: boolean): void {
  const { header, body, rest, problems, truncated } = dissectIp6(draft.payload, partial);
  draft.problems.push(...problems);
  if (header === undefined) return;
  draft.ip6 = header;
  draft.payload = body;
  draft.trailer = rest;
  if (header.fragment) return;
  readL4(draft, header, header.protocol, truncated);
}

function readL4(draft: Draft, ip: { src: string; dst: string }, protocol: number, partial: boolean): void {
  const body = draft.payload;
  const v6 = draft.ip6 !== undefined;
  if (protocol === IpProtocol.tcp) take(draft, 'tcp', dissectTcp(body, ip, partial));
  else if (protocol === IpProtocol.udp) take(draft, 'udp', dissectUdp(body, ip, partial));
  else if (protocol === IpProtocol.icmp && !v6) take(draft, 'icmp', dissectIcmp(body, undefined, partial));
  else if (protocol === IpProtocol.icmp6 && v6) take(draft, 'icmp6', dissectIcmp(body, ip, partial));
  const errors: readonly number[] = [IcmpType.unreachable, 4, IcmpType.redirect, IcmpType.timeExceeded, 12];
  const error6 = draft.icmp6 !== undefined && draft.icmp6.type >= 1 && draft.icmp6.type <= 4;
  if ((draft.icmp !== undefined && errors.includes(draft.icmp.type)) || error6) {
    draft.quoted = dissect(draft.payload, { from: 'ip', partial: true });
    draft.problems.push(...draft.quoted.problems.map((problem) => `quoted ${problem}`));
  }
}

interface L4Result<T> {
  readonly header?: T;
  readonly payload: Uint8Array;
  readonly problems: readonly string[];
}

function take<K extends 'tcp' | 'udp' | 'icmp' | 'icmp6'>(draft: Draft, layer: K, result: L4Result<Draft[K]>): void {
  draft.problems.push(...result.problems.map((problem) => `${layer}: ${problem}`));
  if (result.header === undefined) return;
  draft[layer] = result.header;
  draft.payload = result.payload;
}

/** The TCP options without the EOL padding at their end; none if there is no TCP. */
export function realOptions({ tcp }: Dissection): readonly TcpOption[] {
  const options = tcp?.options ?? [];
  return options.at(-1)?.kind === 'eol' ? options.slice(0, -1) : options;
}
