// The two prefix-lists of VIPs, those announced and those draining, each with the entry that keeps it from being empty.
import {
  drain6PrefixList,
  drainList6Sentinel,
  drainListSentinel,
  drainPrefixList,
  prefixList6Sentinel,
  prefixListSentinel,
  vip6PrefixList,
  vipPrefixList,
} from './names.js';

/** @param ranges networks whose host routes may all be announced: of a thousand VIPs an entry each costs the daemon seconds */
export function listLines(family: 'ip' | 'ipv6', vips: readonly string[], ranges: readonly string[] = []): string[] {
  const [list, length] = family === 'ip' ? [vipPrefixList, 32] : [vip6PrefixList, 128];
  return [
    family === 'ip' ? prefixListSentinel : prefixList6Sentinel,
    ...[...ranges.map((range) => `${range} ge ${length}`), ...vips.map((vip) => `${vip}/${length}`)].map(
      (what, i) => `${family} prefix-list ${list} seq ${(i + 1) * 5} permit ${what}`,
    ),
    family === 'ip' ? drainListSentinel : drainList6Sentinel,
  ];
}

/** Lists that are ours. */
export const ourLists: readonly string[] = [vipPrefixList, drainPrefixList, vip6PrefixList, drain6PrefixList];
