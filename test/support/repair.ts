// Makes the checksums of a mutated frame right again as far as its headers can be followed, so that a fault is met deeper in than at the first check.
import {
  be16,
  concat,
  EtherType,
  formatIp4,
  formatIp6,
  IpProtocol,
  internetChecksum,
  pseudoHeader,
  u16,
} from './packet/index.js';

export function repair(frame: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(frame);
  if (bytes.length >= 54 && u16(bytes, 12) === EtherType.ip6) return repair6(bytes);
  if (bytes.length < 34 || u16(bytes, 12) !== EtherType.ip4) return bytes;
  const header = (bytes[14] & 0xf) * 4;
  if (header < 20 || 14 + header > bytes.length) return bytes;
  put(bytes, 14 + 10, bytes.subarray(14, 14 + header), new Uint8Array(0));
  const end = Math.min(14 + u16(bytes, 16), bytes.length);
  const l4 = bytes.subarray(14 + header, Math.max(end, 14 + header));
  const [source, destination] = [formatIp4(bytes.subarray(26, 30)), formatIp4(bytes.subarray(30, 34))];
  const protocol = bytes[23];
  const cover = pseudoHeader(source, destination, protocol, l4.length);
  if (protocol === IpProtocol.tcp && l4.length >= 18) put(bytes, 14 + header + 16, l4, cover);
  if (protocol === IpProtocol.udp && l4.length >= 8 && u16(l4, 4) === l4.length) put(bytes, 14 + header + 6, l4, cover);
  if (protocol === IpProtocol.icmp && l4.length >= 4) put(bytes, 14 + header + 2, l4, new Uint8Array(0));
  return bytes;
}

/** Behind as many extension headers as can be followed. */
function repair6(bytes: Uint8Array): Uint8Array {
  const end = Math.min(54 + u16(bytes, 18), bytes.length);
  let [protocol, at] = [bytes[20], 54];
  while ([0, 43, 44, 60].includes(protocol) && at + 8 <= end) {
    const length = protocol === 44 ? 8 : (bytes[at + 1] + 1) * 8;
    [protocol, at] = [bytes[at], at + length];
  }
  if (at >= end) return bytes;
  const l4 = bytes.subarray(at, end);
  const cover = pseudoHeader(formatIp6(bytes.subarray(22, 38)), formatIp6(bytes.subarray(38, 54)), protocol, l4.length);
  if (protocol === IpProtocol.tcp && l4.length >= 18) put(bytes, at + 16, l4, cover);
  if (protocol === IpProtocol.udp && l4.length >= 8 && u16(l4, 4) === l4.length) put(bytes, at + 6, l4, cover);
  if (protocol === IpProtocol.icmp6 && l4.length >= 4) put(bytes, at + 2, l4, cover);
  return bytes;
}

/** Recomputes the checksum at `at` over a view of the same bytes. */
function put(bytes: Uint8Array, at: number, view: Uint8Array, cover: Uint8Array): void {
  bytes.fill(0, at, at + 2);
  const sum = internetChecksum(concat(cover, view));
  bytes.set(be16(sum === 0 && view.length > 20 ? 0xffff : sum), at);
}
