// ARP, IPv4 and IPv6 headers: bytes to fields, with what is wrong.
import { formatIp4, formatIp6, formatMac, u16, u32 } from './bytes.js';
import { internetChecksum, isChecksumValid } from './checksum.js';

export interface ArpPacket {
  readonly op: 'request' | 'reply' | number;
  readonly senderMac: string;
  readonly senderIp: string;
  readonly targetMac: string;
  readonly targetIp: string;
}
export interface Ip4Header {
  readonly src: string;
  readonly dst: string;
  readonly ttl: number;
  readonly tos: number;
  readonly id: number;
  readonly df: boolean;
  readonly mf: boolean;
  readonly fragmentOffset: number;
  readonly protocol: number;
  readonly headerLength: number;
  readonly totalLength: number;
  readonly checksum: number;
  readonly options: readonly number[];
}
export interface Ip6Header {
  readonly src: string;
  readonly dst: string;
  readonly hopLimit: number;
  readonly trafficClass: number;
  readonly flowLabel: number;
  readonly payloadLength: number;
  /** The upper-layer protocol, behind the extension headers. */
  readonly protocol: number;
  /** A part of a packet: what follows is not parsed. An atomic fragment (RFC 6946) is a whole one. */
  readonly fragment: boolean;
  /** The extension headers' numbers, in order. */
  readonly extensions: readonly number[];
}

export function dissectArp(bytes: Uint8Array): { arp?: ArpPacket; rest: Uint8Array; problems: string[] } {
  if (bytes.length < 28) return { rest: bytes, problems: [`arp: ${bytes.length} bytes`] };
  const problems: string[] = [];
  if (u32(bytes, 0) !== 0x00010800 || u16(bytes, 4) !== 0x0604) problems.push('arp: not IPv4 over Ethernet');
  const op = u16(bytes, 6);
  const arp: ArpPacket = {
    op: op === 1 ? 'request' : op === 2 ? 'reply' : op,
    senderMac: formatMac(bytes.subarray(8, 14)),
    senderIp: formatIp4(bytes.subarray(14, 18)),
    targetMac: formatMac(bytes.subarray(18, 24)),
    targetIp: formatIp4(bytes.subarray(24, 28)),
  };
  return { arp, rest: bytes.subarray(28), problems };
}

interface L3Result<H> {
  readonly header?: H;
  readonly body: Uint8Array;
  /** After the end of the packet. */
  readonly rest: Uint8Array;
  readonly problems: string[];
  /** The packet claims more bytes than there are. */
  readonly truncated: boolean;
}

const none = (bytes: Uint8Array, problem: string) => ({
  body: bytes,
  rest: bytes.subarray(0, 0),
  problems: [problem],
  truncated: true,
});

export function dissectIp4(bytes: Uint8Array, partial: boolean): L3Result<Ip4Header> {
  if (bytes.length < 20) return none(bytes, `ip4: ${bytes.length} bytes`);
  const headerLength = (bytes[0] & 0xf) * 4;
  const totalLength = u16(bytes, 2);
  const problems: string[] = [];
  const version = bytes[0] >>> 4;
  if (version !== 4) problems.push(`ip4: version ${version}`);
  if (headerLength < 20 || headerLength > bytes.length) {
    return none(bytes, `ip4: header length ${headerLength} of ${bytes.length} bytes`);
  }
  const flags = u16(bytes, 6);
  const header: Ip4Header = {
    src: formatIp4(bytes.subarray(12, 16)),
    dst: formatIp4(bytes.subarray(16, 20)),
    ttl: bytes[8],
    tos: bytes[1],
    id: u16(bytes, 4),
    df: (flags & 0x4000) !== 0,
    mf: (flags & 0x2000) !== 0,
    fragmentOffset: (flags & 0x1fff) * 8,
    protocol: bytes[9],
    headerLength,
    totalLength,
    checksum: u16(bytes, 10),
    options: [...bytes.subarray(20, headerLength)],
  };
  if (!isChecksumValid(bytes.subarray(0, headerLength))) {
    const right = Uint8Array.from(bytes.subarray(0, headerLength)).fill(0, 10, 12);
    problems.push(`ip4: checksum ${hex(header.checksum)}, should be ${hex(internetChecksum(right))}`);
  }
  if ((flags & 0x8000) !== 0) problems.push('ip4: reserved flag set');
  if (totalLength < headerLength) problems.push(`ip4: total length ${totalLength} below header ${headerLength}`);
  const truncated = totalLength > bytes.length;
  if (truncated && !partial) problems.push(`ip4: total length ${totalLength} over ${bytes.length} bytes`);
  const end = Math.max(headerLength, Math.min(totalLength, bytes.length));
  return { header, body: bytes.subarray(headerLength, end), rest: bytes.subarray(end), problems, truncated };
}

/** RFC 8200 section 4: hop-by-hop, routing and destination options are skipped; a fragment's header ends the walk. */
export function dissectIp6(bytes: Uint8Array, partial: boolean): L3Result<Ip6Header> {
  if (bytes.length < 40) return none(bytes, `ip6: ${bytes.length} bytes`);
  const problems: string[] = [];
  if (bytes[0] >>> 4 !== 6) problems.push(`ip6: version ${bytes[0] >>> 4}`);
  const payloadLength = u16(bytes, 4);
  const truncated = 40 + payloadLength > bytes.length;
  if (truncated && !partial) problems.push(`ip6: payload length ${payloadLength} over ${bytes.length - 40} bytes`);
  const end = Math.min(40 + payloadLength, bytes.length);
  let protocol = bytes[6];
  let at = 40;
  const extensions: number[] = [];
  let fragment = false;
  while ([0, 43, 44, 60].includes(protocol) && at + 8 <= end && !fragment) {
    extensions.push(protocol);
    const length = protocol === 44 ? 8 : (bytes[at + 1] + 1) * 8;
    fragment = protocol === 44 && (u16(bytes, at + 2) & 0xfff9) !== 0;
    protocol = bytes[at];
    at += length;
  }
  if (at > end) problems.push('ip6: extension headers run over the packet');
  const header: Ip6Header = {
    src: formatIp6(bytes.subarray(8, 24)),
    dst: formatIp6(bytes.subarray(24, 40)),
    hopLimit: bytes[7],
    trafficClass: (u16(bytes, 0) >>> 4) & 0xff,
    flowLabel: u32(bytes, 0) & 0xfffff,
    payloadLength,
    protocol,
    fragment,
    extensions,
  };
  return { header, body: bytes.subarray(Math.min(at, end), end), rest: bytes.subarray(end), problems, truncated };
}

const hex = (value: number): string => `0x${value.toString(16).padStart(4, '0')}`;
