// Addresses of either family: IPv4 as numbers, IPv6 as strings, told apart by their type at run time.
import { DpvsError } from '../../api/errors.js';
import {
  formatIpv4,
  IPV4_ANY,
  IPV4_LIMITED_BROADCAST,
  type Ipv4,
  ipv4,
  isLoopbackIpv4,
  isMulticastIpv4,
  networkOfIpv4,
  parseIpv4,
  tryParseIpv4,
} from './ipv4.js';
import {
  formatIpv6,
  IPV6_ANY,
  type Ipv6,
  isLoopbackIpv6,
  isMappedIpv4,
  isMulticastIpv6,
  networkOfIpv6,
  parseIpv6,
  readIpv6,
  tryParseIpv6,
  writeIpv6,
} from './ipv6.js';

export type Ip = Ipv4 | Ipv6;
/** "none" of either family: no gateway, no source. */
export const IP_NONE = IPV4_ANY;

export const isIp4 = (ip: Ip): ip is Ipv4 => typeof ip === 'number';
/** Length of a host's prefix. */
export const bitsOf = (ip: Ip): 32 | 128 => (isIp4(ip) ? 32 : 128);

/** @throws DpvsError invalid_parameter */
export function parseIp(text: string): Ip {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

export function formatIp(ip: Ip): string {
  return isIp4(ip) ? formatIpv4(ip) : formatIpv6(ip);
}

/** `a.b.c.d:port`, `[v6]:port`. */
export function formatEndpoint(ip: Ip, port: number): string {
  return isIp4(ip) ? `${formatIpv4(ip)}:${port}` : `[${formatIpv6(ip)}]:${port}`;
}

export function networkOf(ip: Ip, length: number): Ip {
  return isIp4(ip) ? networkOfIpv4(ip, length) : networkOfIpv6(ip, length);
}

/** Of one family. */
export function prefixContains(prefix: Ip, length: number, ip: Ip): boolean {
  return isIp4(prefix) === isIp4(ip) && networkOf(prefix, length) === networkOf(ip, length);
}

export interface IpPrefix {
  readonly prefix: Ip;
  readonly length: number;
}

/** `address/len`, or an address alone meaning a host. Host bits are kept. @throws DpvsError invalid_parameter */
export function parsePrefix(text: string): IpPrefix {
  const [address = '', suffix, ...rest] = text.split('/');
  const prefix = tryParseIpv4(address) ?? tryParseIpv6(address);
  const bits = prefix === undefined ? 0 : bitsOf(prefix);
  const length = suffix ?? String(bits);
  if (prefix === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length) || Number(length) > bits)
    throw new DpvsError('invalid_parameter', `${text} is not a prefix`);
  return { prefix, length: Number(length) };
}

export const formatPrefix = (prefix: Ip, length: number): string => `${formatIp(prefix)}/${length}`;

/** 32 bits; of IPv4 the address itself. */
export function ipHash(ip: Ip): number {
  if (isIp4(ip)) return ip;
  let h = 0;
  for (let i = 0; i < 8; i += 2) {
    h = Math.imul(h ^ ((ip.charCodeAt(i) << 16) | ip.charCodeAt(i + 1)), 0x9e3779b1);
    h ^= h >>> 15;
  }
  return h >>> 0;
}

/** Why the address cannot be a host's (RFC 1122, 3.2.1.3; RFC 4291, 2); null when it can. */
export function notUnicast(ip: Ip): string | null {
  if (isIp4(ip)) {
    if (ip >>> 24 === 0) return 'an address of "this network"';
    if (isLoopbackIpv4(ip)) return 'a loopback address';
    if (isMulticastIpv4(ip)) return 'a multicast address';
    return ip === IPV4_LIMITED_BROADCAST ? 'the limited broadcast address' : null;
  }
  if (ip === IPV6_ANY) return 'the unspecified address';
  if (isLoopbackIpv6(ip)) return 'a loopback address';
  if (isMulticastIpv6(ip)) return 'a multicast address';
  return isMappedIpv4(ip) ? 'an IPv4-mapped address' : null;
}

/** In sixteen bytes, IPv4 mapped: the form native memory keeps addresses in. */
export function writeMapped(ip: Ip, view: DataView, at: number): void {
  if (!isIp4(ip)) return writeIpv6(ip, view, at);
  view.setBigUint64(at, 0n);
  view.setUint32(at + 8, ip === IP_NONE ? 0 : 0xffff);
  view.setUint32(at + 12, ip);
}

/** All zeros are `IP_NONE`. */
export function readMapped(view: DataView, at: number): Ip {
  const ip = readIpv6(view, at);
  if (ip === IPV6_ANY) return IP_NONE;
  return isMappedIpv4(ip) ? ipv4(view.getUint32(at + 12)) : ip;
}
