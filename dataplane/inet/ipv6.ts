// IPv6 addresses as branded strings of eight UTF-16 units, one a group: they compare, sort and hash by value, as IPv4's numbers do.
import { DpvsError } from '../../api/errors.js';
import { ipv6Groups, ipv6Text } from '../../api/ip-text.js';
import type { Mac } from './mac.js';

declare const ipv6Brand: unique symbol;
/** An IPv6 address: unit i is group i (RFC 4291, 2.2) in host order. Not for printing: see `formatIpv6`. */
export type Ipv6 = string & { readonly [ipv6Brand]: true };

export const IPV6_ANY = '\0'.repeat(8) as Ipv6;

/** From the eight groups. */
export function ipv6(groups: readonly number[]): Ipv6 {
  return String.fromCharCode(...groups) as Ipv6;
}

/** Any form of RFC 4291, 2.2, without a zone; undefined when it is anything else. */
export function tryParseIpv6(text: string): Ipv6 | undefined {
  const groups = ipv6Groups(text);
  return groups === undefined ? undefined : ipv6(groups);
}

/** @throws DpvsError invalid_parameter */
export function parseIpv6(text: string): Ipv6 {
  const address = tryParseIpv6(text);
  if (address === undefined) throw new DpvsError('invalid_parameter', `${text} is not an IPv6 address`);
  return address;
}

/** RFC 5952. */
export function formatIpv6(ip: Ipv6): string {
  return ipv6Text(Array.from({ length: 8 }, (_, i) => ip.charCodeAt(i)));
}

/** Of sixteen bytes in network order. */
export function readIpv6(view: DataView, at: number): Ipv6 {
  return String.fromCharCode(
    view.getUint16(at),
    view.getUint16(at + 2),
    view.getUint16(at + 4),
    view.getUint16(at + 6),
    view.getUint16(at + 8),
    view.getUint16(at + 10),
    view.getUint16(at + 12),
    view.getUint16(at + 14),
  ) as Ipv6;
}

export function writeIpv6(ip: Ipv6, view: DataView, at: number): void {
  for (let i = 0; i < 8; i++) view.setUint16(at + 2 * i, ip.charCodeAt(i));
}

export function networkOfIpv6(ip: Ipv6, length: number): Ipv6 {
  const whole = length >>> 4;
  if (whole === 8) return ip;
  const partial = ip.charCodeAt(whole) & (0xffff << (16 - (length & 15)));
  return (ip.slice(0, whole) + String.fromCharCode(partial & 0xffff) + IPV6_ANY.slice(whole + 1)) as Ipv6;
}

/** ff00::/8 (RFC 4291, 2.7). */
export const isMulticastIpv6 = (ip: Ipv6): boolean => ip.charCodeAt(0) >>> 8 === 0xff;
/** fe80::/10 (RFC 4291, 2.5.6). */
export const isLinkLocalIpv6 = (ip: Ipv6): boolean => (ip.charCodeAt(0) & 0xffc0) === 0xfe80;
/** ::1 (RFC 4291, 2.5.3). */
export const isLoopbackIpv6 = (ip: Ipv6): boolean => ip === LOOPBACK;
/** ::ffff:0:0/96: an IPv4 address, never on the wire (RFC 4291, 2.5.5.2). */
export const isMappedIpv4 = (ip: Ipv6): boolean => ip.startsWith(MAPPED);

const LOOPBACK = `${IPV6_ANY.slice(0, 7)}\x01`;
const MAPPED = `${IPV6_ANY.slice(0, 5)}\uffff`;

/** Where a solicitation for the address is sent to (RFC 4291, 2.7.1). */
export function solicitedNode(ip: Ipv6): Ipv6 {
  return ipv6([0xff02, 0, 0, 0, 0, 1, 0xff00 | (ip.charCodeAt(6) & 0xff), ip.charCodeAt(7)]);
}

/** 33:33 and the group's low 32 bits (RFC 2464, 7). */
export function multicastMacOfIpv6(group: Ipv6): Mac {
  return (0x3333 * 2 ** 32 + group.charCodeAt(6) * 0x10000 + group.charCodeAt(7)) as Mac;
}

/** fe80:: and the modified EUI-64 of the MAC (RFC 2464, 5): what the kernel gives an interface by default. */
export function linkLocalOf(mac: Mac): Ipv6 {
  const high = Math.floor(mac / 2 ** 32);
  const low = mac % 2 ** 32;
  const groups = [high ^ 0x0200, ((low >>> 24) << 8) | 0xff, 0xfe00 | ((low >>> 16) & 0xff), low & 0xffff];
  return ipv6([0xfe80, 0, 0, 0, ...groups]);
}
