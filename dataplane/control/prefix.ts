// Prefixes as the text requests carry, over the arithmetic of the inet tables.
import { formatPrefix, networkOf as networkOfIp, parseIp } from '../inet/index.js';

/** `10.0.0.100`, 16 → `10.0.0.0/16`. */
export function networkOf(address: string, length: number): string {
  return formatPrefix(networkOfIp(parseIp(address), length), length);
}

/** The schema has checked the form. */
export function splitPrefix(prefix: string): { address: string; length: number } {
  const [address = '', length = ''] = prefix.split('/');
  return { address, length: Number(length) };
}

/** What a prefix length is of a host alone. */
export const hostLength = (address: string): 32 | 128 => (address.includes(':') ? 128 : 32);
