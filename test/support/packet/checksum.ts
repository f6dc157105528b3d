// The Internet checksum (RFC 1071) computed from scratch over whole byte strings; never updated incrementally, so it can judge code that does.
import { be16, be32, concat, parseIp } from './bytes.js';

/** One's complement sum of big-endian 16-bit words; an odd last byte counts as the high half of a word. */
export function onesSum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes[i] * 256 + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return sum;
}

/** What goes into the checksum field of data whose checksum field is zero. */
export const internetChecksum = (bytes: Uint8Array): number => ~onesSum(bytes) & 0xffff;

/** The receiver's test: data with its checksum field sums to minus zero. */
export const isChecksumValid = (bytes: Uint8Array): boolean => onesSum(bytes) === 0xffff;

/** RFC 9293 section 3.1 and RFC 768 over IPv4, RFC 8200 section 8.1 over IPv6. */
export function pseudoHeader(source: string, destination: string, protocol: number, length: number): Uint8Array {
  const addresses = concat(parseIp(source), parseIp(destination));
  return source.includes(':')
    ? concat(addresses, be32(length), [0, 0, 0, protocol])
    : concat(addresses, [0, protocol], be16(length));
}
