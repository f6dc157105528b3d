// Whether a prefix holds an address.
import { isIPv4 } from 'node:net';

/** Whether an IPv4 prefix `a.b.c.d/len` holds the address. */
export function covers(prefix: string, address: string): boolean {
  const [base, length] = prefix.split('/');
  if (!isIPv4(base) || !isIPv4(address)) return false;
  const number = (text: string): number => text.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const size = 2 ** (32 - Number(length));
  return Math.floor(number(base) / size) === Math.floor(number(address) / size);
}
