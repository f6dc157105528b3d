// IPv6 addresses as text: groups to RFC 5952's form and back, so that one address has one spelling wherever it is a key.
import { isIPv6 } from 'node:net';

/** The eight groups of any form of RFC 4291, 2.2, without a zone; undefined when it is anything else. */
export function ipv6Groups(text: string): number[] | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const hex = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, ...octets: string[]) => {
    const [a, b, c, d] = octets.slice(0, 4).map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const [left = '', right = ''] = hex.split('::');
  const [head, tail] = [groups(left), groups(right)];
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** Lower case; the longest run of two or more zero groups, the first if equal, is "::". */
export function ipv6Text(groups: readonly number[]): string {
  let [start, length] = [-1, 1];
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) [start, length] = [i, end - i];
  }
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  return start < 0 ? text(groups) : `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

/** IPv4, and what is no address, as it is. */
export function canonicalIp(text: string): string {
  const groups = ipv6Groups(text);
  return groups === undefined ? text : ipv6Text(groups);
}
