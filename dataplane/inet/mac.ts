// Ethernet MAC addresses as branded 48-bit numbers: parse, format, read from and write to frames.
import { DpvsError } from '../../api/errors.js';
import type { Ipv4 } from './ipv4.js';

declare const macBrand: unique symbol;
/** A MAC address as a 48-bit unsigned integer (exact in a double): 02:00:00:00:00:01 is 0x020000000001. */
export type Mac = number & { readonly [macBrand]: true };

export const MAC_ZERO = 0 as Mac;
export const MAC_BROADCAST = 0xffffffffffff as Mac;

const TWO_32 = 0x100000000;

/** Six pairs of hexadecimal digits separated by colons; undefined when it is anything else. */
export function tryParseMac(text: string): Mac | undefined {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) return undefined;
  return Number.parseInt(text.replaceAll(':', ''), 16) as Mac;
}

/** @throws DpvsError invalid_parameter */
export function parseMac(text: string): Mac {
  const mac = tryParseMac(text);
  if (mac === undefined) throw new DpvsError('invalid_parameter', `${text} is not a MAC address`);
  return mac;
}

/** Lower case with colons. */
export function formatMac(mac: Mac): string {
  return mac
    .toString(16)
    .padStart(12, '0')
    .replace(/..(?!$)/g, '$&:');
}

/** The first two octets. Bit operations see only 32 bits of a number, hence the division. */
export function macHigh16(mac: Mac): number {
  return Math.floor(mac / TWO_32);
}

/** The last four octets. */
export function macLow32(mac: Mac): number {
  return mac >>> 0;
}

export function readMac(bytes: Uint8Array, offset: number): Mac {
  const high = bytes[offset]! * 256 + bytes[offset + 1]!;
  const low =
    ((bytes[offset + 2]! << 24) | (bytes[offset + 3]! << 16) | (bytes[offset + 4]! << 8) | bytes[offset + 5]!) >>> 0;
  return (high * TWO_32 + low) as Mac;
}

export function writeMac(mac: Mac, bytes: Uint8Array, offset: number): void {
  const high = macHigh16(mac);
  const low = mac >>> 0;
  bytes[offset] = high >>> 8;
  bytes[offset + 1] = high & 255;
  bytes[offset + 2] = low >>> 24;
  bytes[offset + 3] = (low >>> 16) & 255;
  bytes[offset + 4] = (low >>> 8) & 255;
  bytes[offset + 5] = low & 255;
}

/** Broadcast or multicast: the group bit, the lowest of the first octet. */
export function isGroupMac(mac: Mac): boolean {
  return ((macHigh16(mac) >>> 8) & 1) === 1;
}

/** The MAC a multicast group is sent to: 01:00:5e and the group's low 23 bits (RFC 1112, 6.4). */
export function multicastMac(group: Ipv4): Mac {
  return (0x0100 * TWO_32 + 0x5e000000 + (group & 0x7fffff)) as Mac;
}
