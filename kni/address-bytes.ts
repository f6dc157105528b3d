// IP and MAC addresses between their text and the bytes of a netlink attribute (network byte order).
import { isIPv4, isIPv6 } from 'node:net';

export type Family = 'inet' | 'inet6';

/** AF_INET and AF_INET6 of Linux. */
export const familyNumber = { inet: 2, inet6: 10 } as const;

export interface Prefix {
  readonly family: Family;
  readonly address: string;
  readonly length: number;
}

export function familyOf(address: string): Family {
  if (isIPv4(address)) return 'inet';
  if (isIPv6(address)) return 'inet6';
  throw new TypeError(`not an IP address: ${JSON.stringify(address)}`);
}

/** `a.b.c.d/len`; without a length all bits count. */
export function parsePrefix(text: string): Prefix {
  const [address, suffix, ...rest] = text.split('/');
  const family = familyOf(address);
  const bits = family === 'inet' ? 32 : 128;
  if (rest.length > 0 || (suffix !== undefined && !/^\d{1,3}$/.test(suffix)))
    throw new TypeError(`not a prefix: ${JSON.stringify(text)}`);
  const length = suffix === undefined ? bits : Number(suffix);
  if (length > bits) throw new TypeError(`prefix longer than ${bits}: ${JSON.stringify(text)}`);
  return { family, address, length };
}

export function addressBytes(address: string): Buffer {
  if (familyOf(address) === 'inet') return Buffer.from(address.split('.').map(Number));
  // An IPv4 tail (::ffff:192.0.2.1) is two groups (RFC 4291 section 2.2).
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, ...octets: string[]) => {
    const [a, b, c, d] = octets.slice(0, 4).map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((g) => Number.parseInt(g, 16)));
  const [head, tail] = hex.split('::');
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const bytes = Buffer.alloc(16);
  for (const [i, group] of left.entries()) bytes.writeUInt16BE(group, i * 2);
  for (const [i, group] of right.entries()) bytes.writeUInt16BE(group, (8 - right.length + i) * 2);
  return bytes;
}

export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) throw new TypeError(`an address of ${bytes.length} bytes`);
  const groups = Array.from({ length: 8 }, (_unused, i) => (bytes[i * 2] << 8) | bytes[i * 2 + 1]);
  // RFC 5952 section 4.2: the longest run of zeros, of at least two groups, the first one if equal.
  let [start, length] = [-1, 1];
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) [start, length] = [i, end - i];
  }
  const text = (part: number[]): string => part.map((group) => group.toString(16)).join(':');
  return start < 0 ? text(groups) : `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

export function macBytes(mac: string): Buffer {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) throw new TypeError(`not a MAC address: ${JSON.stringify(mac)}`);
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}

export const macText = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
