// Whether a prefix holds an address.
import { BlockList, isIP } from 'node:net';

/** Whether `a.b.c.d/len` or `a:b::/len` holds the address; false where either is none, or they are of two families. */
export function covers(prefix: string, address: string): boolean {
  const [base, length] = prefix.split('/');
  const family = isIP(base);
  if (family === 0 || isIP(address) !== family) return false;
  const list = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(base, Number(length), type);
  return list.check(address, type);
}
