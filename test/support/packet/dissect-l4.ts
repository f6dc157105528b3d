// TCP, UDP and ICMP: bytes to fields, with what is wrong. Checksums are summed over the whole message with its pseudo header.
import { concat, u16, u32 } from './bytes.js';
import { internetChecksum, isChecksumValid, pseudoHeader } from './checksum.js';
import { decodeTcpFlags, IpProtocol } from './headers.js';
import { decodeTcpOptions, type TcpOption } from './tcp-options.js';

export interface TcpSegment {
  readonly sport: number;
  readonly dport: number;
  readonly seq: number;
  readonly ack: number;
  /** Letters in the order SFRPAUEC. */
  readonly flags: string;
  readonly window: number;
  readonly urgent: number;
  readonly headerLength: number;
  readonly checksum: number;
  readonly options: readonly TcpOption[];
}
export interface UdpDatagram {
  readonly sport: number;
  readonly dport: number;
  readonly length: number;
  readonly checksum: number;
}
export interface IcmpMessage {
  readonly type: number;
  readonly code: number;
  readonly checksum: number;
  /** The second word, as an echo has it; an error's MTU is `seq`. */
  readonly id: number;
  readonly seq: number;
}

interface Addresses {
  readonly src: string;
  readonly dst: string;
}
interface L4Result<T> {
  readonly header?: T;
  readonly payload: Uint8Array;
  readonly problems: readonly string[];
}

const cutShort = (bytes: Uint8Array, partial: boolean) => ({
  payload: bytes,
  problems: partial ? [] : [`${bytes.length} bytes`],
});

/** @returns a sentence if the bytes do not sum up, with the value that would have been right. */
function checksumProblem(cover: Uint8Array | readonly number[], bytes: Uint8Array, at: number): string[] {
  if (isChecksumValid(concat(cover, bytes))) return [];
  const zeroed = Uint8Array.from(bytes).fill(0, at, at + 2);
  return [`checksum ${hex(u16(bytes, at))}, should be ${hex(internetChecksum(concat(cover, zeroed)))}`];
}

export function dissectTcp(bytes: Uint8Array, ip: Addresses, partial: boolean): L4Result<TcpSegment> {
  if (bytes.length < 20) return cutShort(bytes, partial);
  const headerLength = (bytes[12] >>> 4) * 4;
  const problems: string[] = [];
  if (headerLength < 20) problems.push(`data offset ${headerLength / 4}`);
  if (headerLength > bytes.length && !partial) problems.push(`header ${headerLength} over ${bytes.length} bytes`);
  const area = bytes.subarray(20, Math.max(20, Math.min(headerLength, bytes.length)));
  const decoded = decodeTcpOptions(area);
  if (!partial || headerLength <= bytes.length) problems.push(...decoded.problems);
  const cover = pseudoHeader(ip.src, ip.dst, IpProtocol.tcp, bytes.length);
  if (!partial) problems.push(...checksumProblem(cover, bytes, 16));
  const header: TcpSegment = {
    sport: u16(bytes, 0),
    dport: u16(bytes, 2),
    seq: u32(bytes, 4),
    ack: u32(bytes, 8),
    flags: decodeTcpFlags(bytes[13]),
    window: u16(bytes, 14),
    urgent: u16(bytes, 18),
    headerLength,
    checksum: u16(bytes, 16),
    options: decoded.options,
  };
  return { header, payload: bytes.subarray(20 + area.length), problems };
}

export function dissectUdp(bytes: Uint8Array, ip: Addresses, partial: boolean): L4Result<UdpDatagram> {
  if (bytes.length < 8) return cutShort(bytes, partial);
  const length = u16(bytes, 4);
  const checksum = u16(bytes, 6);
  const problems: string[] = [];
  if (length < 8) problems.push(`length ${length}`);
  else if (length > bytes.length && !partial) problems.push(`length ${length} over ${bytes.length} bytes`);
  const covered = bytes.subarray(0, Math.max(8, Math.min(length, bytes.length)));
  const v6 = ip.src.includes(':');
  if (checksum === 0 && v6) problems.push('no checksum over IPv6');
  else if (checksum !== 0 && !partial) {
    problems.push(...checksumProblem(pseudoHeader(ip.src, ip.dst, IpProtocol.udp, length), covered, 6));
  }
  const header = { sport: u16(bytes, 0), dport: u16(bytes, 2), length, checksum };
  return { header, payload: covered.subarray(8), problems };
}

/** ICMPv6 when addresses are given: only its checksum has a pseudo header (RFC 4443 section 2.3). */
export function dissectIcmp(bytes: Uint8Array, ip: Addresses | undefined, partial: boolean): L4Result<IcmpMessage> {
  if (bytes.length < 8) return cutShort(bytes, partial);
  const cover = ip === undefined ? [] : pseudoHeader(ip.src, ip.dst, IpProtocol.icmp6, bytes.length);
  const header = { type: bytes[0], code: bytes[1], checksum: u16(bytes, 2), id: u16(bytes, 4), seq: u16(bytes, 6) };
  return { header, payload: bytes.subarray(8), problems: partial ? [] : checksumProblem(cover, bytes, 2) };
}

const hex = (value: number): string => `0x${value.toString(16).padStart(4, '0')}`;
