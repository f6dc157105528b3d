// IPv4 addresses as branded numbers (u32, host byte order): parse, format, prefix arithmetic.
import { DpvsError } from '../../api/errors.js';

declare const ipv4Brand: unique symbol;
/** An IPv4 address as an unsigned 32-bit number in host byte order: 10.0.0.1 is 0x0a000001. Always `>>> 0`. */
export type Ipv4 = number & { readonly [ipv4Brand]: true };

/** 0.0.0.0: "any", "none" and "no gateway". */
export const IPV4_ANY = 0 as Ipv4;
export const IPV4_LIMITED_BROADCAST = 0xffffffff as Ipv4;

/** Brands a number, taking its low 32 bits; for numbers read from packets or typed arrays. */
export function ipv4(value: number): Ipv4 {
  return (value >>> 0) as Ipv4;
}

/** `a.b.c.d`, decimal, no leading zeros (inet_pton's form); undefined when it is anything else. */
export function tryParseIpv4(text: string): Ipv4 | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  let value = 0;
  for (let i = 1; i <= 4; i++) {
    const digits = match[i]!;
    const octet = Number(digits);
    if (octet > 255 || (digits.length > 1 && digits.startsWith('0'))) return undefined;
    value = value * 256 + octet;
  }
  return value as Ipv4;
}

/** @throws DpvsError invalid_parameter */
export function parseIpv4(text: string): Ipv4 {
  const address = tryParseIpv4(text);
  if (address === undefined) throw new DpvsError('invalid_parameter', `${text} is not an IPv4 address`);
  return address;
}

export function formatIpv4(ip: Ipv4): string {
  return `${ip >>> 24}.${(ip >>> 16) & 255}.${(ip >>> 8) & 255}.${ip & 255}`;
}

/** The netmask of a prefix length 0–32. A shift by 32 is a shift by 0 in ECMAScript, hence the test. */
export function prefixMask(length: number): Ipv4 {
  return (length === 0 ? 0 : (-1 << (32 - length)) >>> 0) as Ipv4;
}

export function networkOfIpv4(ip: Ipv4, length: number): Ipv4 {
  return ((ip & prefixMask(length)) >>> 0) as Ipv4;
}

/** The directed broadcast address of the network; of a /31 or /32 it has no meaning (RFC 3021). */
export function broadcastOf(ip: Ipv4, length: number): Ipv4 {
  return ((ip | ~prefixMask(length)) >>> 0) as Ipv4;
}

/** 224.0.0.0/4 (RFC 5771). */
export function isMulticastIpv4(ip: Ipv4): boolean {
  return ip >>> 28 === 0xe;
}

/** 127.0.0.0/8: never valid on the wire (RFC 1122, 3.2.1.3). */
export function isLoopbackIpv4(ip: Ipv4): boolean {
  return ip >>> 24 === 127;
}
