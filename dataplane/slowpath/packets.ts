// Packets in the shared pool: read and written in place, built in fresh buffers. All fields big-endian on the wire.
import { loadLibrary, memory } from '../../native/index.js';
import { type Ipv6, MAC_BROADCAST, type Mac, readIpv6, readMac, writeIpv6, writeMac } from '../inet/index.js';

export const ETH_HEADER = 14;
export const IP4_HEADER = 20;
export const IP6_HEADER = 40;
export const ETHERTYPE_IP6 = 0x86dd;

/** A fresh buffer: its handle and where its data starts. */
export interface FreshPacket {
  handle: number;
  data: number;
}

export class Packets {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #fresh = new Uint32Array(2);

  constructor() {
    const pool = memory('pool');
    this.bytes = new Uint8Array(pool);
    this.view = new DataView(pool);
  }

  u8(at: number): number {
    return this.bytes[at];
  }
  u16(at: number): number {
    return this.view.getUint16(at);
  }
  u32(at: number): number {
    return this.view.getUint32(at);
  }
  mac(at: number): Mac {
    return readMac(this.bytes, at);
  }
  ip6Address(at: number): Ipv6 {
    return readIpv6(this.view, at);
  }
  setIp6Address(at: number, ip: Ipv6): void {
    writeIpv6(ip, this.view, at);
  }
  set16(at: number, value: number): void {
    this.view.setUint16(at, value);
  }
  set32(at: number, value: number): void {
    this.view.setUint32(at, value >>> 0);
  }

  /** undefined when the pool is exhausted. */
  allocate(): FreshPacket | undefined {
    if ((loadLibrary().dp_alloc(this.#fresh, 1) as number) !== 1) return undefined;
    return { handle: this.#fresh[0], data: this.#fresh[1] };
  }

  ethernet(at: number, dst: Mac, src: Mac, type: number): void {
    writeMac(dst, this.bytes, at);
    writeMac(src, this.bytes, at + 6);
    this.set16(at + 12, type);
  }

  /** RFC 826; returns the frame's length. A null `targetMac` is a broadcast request. */
  arp(at: number, op: 1 | 2, senderMac: Mac, senderIp: number, targetMac: Mac | null, targetIp: number): number {
    this.ethernet(at, targetMac ?? MAC_BROADCAST, senderMac, 0x0806);
    const arp = at + ETH_HEADER;
    this.set16(arp, 1);
    this.set16(arp + 2, 0x0800);
    this.bytes[arp + 4] = 6;
    this.bytes[arp + 5] = 4;
    this.set16(arp + 6, op);
    writeMac(senderMac, this.bytes, arp + 8);
    this.set32(arp + 14, senderIp);
    writeMac(op === 1 ? (0 as Mac) : (targetMac as Mac), this.bytes, arp + 18);
    this.set32(arp + 24, targetIp);
    // Ethernet's minimum of 60 bytes, padded with zeros that leak nothing.
    this.bytes.fill(0, arp + 28, at + 60);
    return 60;
  }

  /** An IPv4 header without options (RFC 791) with its checksum. */
  ip4(at: number, src: number, dst: number, proto: number, totalLength: number, ttl = 64): void {
    this.set16(at, 0x4500);
    this.set16(at + 2, totalLength);
    this.set32(at + 4, 0x00004000); // id 0, don't fragment
    this.bytes[at + 8] = ttl;
    this.bytes[at + 9] = proto;
    this.set16(at + 10, 0);
    this.set32(at + 12, src);
    this.set32(at + 16, dst);
    this.set16(at + 10, this.checksum(at, IP4_HEADER));
  }

  /** An IPv6 header (RFC 8200) without extension headers. */
  ip6(at: number, src: Ipv6, dst: Ipv6, next: number, payloadLength: number, hopLimit: number): void {
    this.set32(at, 0x60000000);
    this.set16(at + 4, payloadLength);
    this.bytes[at + 6] = next;
    this.bytes[at + 7] = hopLimit;
    writeIpv6(src, this.view, at + 8);
    writeIpv6(dst, this.view, at + 24);
  }

  /** RFC 1071 over `length` bytes plus an initial sum. */
  checksum(at: number, length: number, initial = 0): number {
    let sum = initial;
    let i = at;
    for (const end = at + (length & ~1); i < end; i += 2) sum += this.view.getUint16(i);
    if (length & 1) sum += this.bytes[i] << 8;
    while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
    return ~sum & 0xffff;
  }

  /** Plain sum of 16-bit words; `length` is even. */
  sum(at: number, length: number): number {
    let sum = 0;
    for (let i = at; i < at + length; i += 2) sum += this.view.getUint16(i);
    return sum;
  }

  /** RFC 1624, equation 3, for words whose plain sums before and after a change are given. */
  adjustChecksum(checksum: number, before: number, after: number): number {
    let sum = (~checksum & 0xffff) + after + (0xffff - (before % 0xffff));
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    return ~sum & 0xffff;
  }

  /** Sum of the TCP or UDP pseudo-header (RFC 9293, 3.1). */
  pseudoHeader(src: number, dst: number, proto: number, length: number): number {
    return (src >>> 16) + (src & 0xffff) + (dst >>> 16) + (dst & 0xffff) + proto + length;
  }

  /** The same of the IPv6 header at `ip` (RFC 8200, 8.1); `length` is below 64 KiB. */
  pseudoHeader6(ip: number, next: number, length: number): number {
    return this.sum(ip + 8, 32) + next + length;
  }
}
