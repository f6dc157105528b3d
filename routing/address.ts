// Addresses of VIPs: their family, and the host route that announces them.
import { isIPv6 } from 'node:net';

export type AddressFamily = 'inet' | 'inet6';

export const familyOf = (vip: string): AddressFamily => (isIPv6(vip) ? 'inet6' : 'inet');
export const hostLength = (family: AddressFamily): 32 | 128 => (family === 'inet' ? 32 : 128);
/** `123.1.2.3/32`, `2001:db8::1/128` */
export const hostRoute = (vip: string): string => `${vip}/${hostLength(familyOf(vip))}`;

/** One spelling of an address, so that texts can be compared: RFC 5952 as the URL parser writes it. */
export function canonicalAddress(text: string): string {
  return isIPv6(text) ? new URL(`http://[${text}]/`).hostname.slice(1, -1) : text;
}

export function canonicalPrefix(text: string): string {
  const [address, length] = text.split('/');
  return length === undefined ? canonicalAddress(address) : `${canonicalAddress(address)}/${length}`;
}
