// IPv4 prefixes as the text requests carry, over the arithmetic of the inet tables.
import {
  formatIpv4Prefix,
  IPV4_LIMITED_BROADCAST,
  isLoopbackIpv4,
  isMulticastIpv4,
  networkOf as networkOfNumber,
  parseIpv4,
} from '../inet/index.js';

/** `10.0.0.100`, 16 → `10.0.0.0/16`. */
export function networkOf(address: string, length: number): string {
  return formatIpv4Prefix(networkOfNumber(parseIpv4(address), length), length);
}

/** The schema has checked the form. */
export function splitPrefix(prefix: string): { address: string; length: number } {
  const [address = '', length = ''] = prefix.split('/');
  return { address, length: Number(length) };
}

/** Why the address cannot be a host's (RFC 1122 section 3.2.1.3); null when it can. */
export function notUnicast(text: string): string | null {
  const address = parseIpv4(text);
  if (address >>> 24 === 0) return 'an address of "this network"';
  if (isLoopbackIpv4(address)) return 'a loopback address';
  if (isMulticastIpv4(address)) return 'a multicast address';
  if (address === IPV4_LIMITED_BROADCAST) return 'the limited broadcast address';
  return null;
}
