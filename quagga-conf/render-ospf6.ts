// The lines of ospf6d.conf: OSPFv3 (RFC 5340) for IPv6 VIPs, each an AS-external LSA. Text only: the dataplane carries no IPv6 yet.
import type { RoutingModel } from './model.js';
import { announce6RouteMap, bfdProfile, vip6PrefixList } from './names.js';

export function renderOspf6(model: RoutingModel, vips: readonly string[]): string[] {
  const lines: string[] = [];
  for (const { name, networkType, hello, dead, cost, bfd } of model.interfaces) {
    lines.push(`interface ${name}`, ` ipv6 ospf6 area ${model.area}`, ` ipv6 ospf6 network ${networkType}`);
    lines.push(` ipv6 ospf6 hello-interval ${hello}`, ` ipv6 ospf6 dead-interval ${dead}`, ` ipv6 ospf6 cost ${cost}`);
    if (bfd === true) lines.push(' ipv6 ospf6 bfd', ` ipv6 ospf6 bfd profile ${bfdProfile}`);
    lines.push('!');
  }
  for (const { name } of model.passive)
    lines.push(`interface ${name}`, ` ipv6 ospf6 area ${model.area}`, ' ipv6 ospf6 passive', '!');
  // As in ospfd: an empty list would permit everything.
  lines.push(`ipv6 prefix-list ${vip6PrefixList} seq 1 deny ::/0`);
  for (const [i, vip] of vips.entries())
    lines.push(`ipv6 prefix-list ${vip6PrefixList} seq ${(i + 1) * 5} permit ${vip}/128`);
  lines.push(
    '!',
    `route-map ${announce6RouteMap} permit 10`,
    ` match ipv6 address prefix-list ${vip6PrefixList}`,
    '!',
    'router ospf6',
    ` ospf6 router-id ${model.routerId}`,
    ' log-adjacency-changes',
    ` auto-cost reference-bandwidth ${model.referenceBandwidth}`,
    ` redistribute connected metric ${model.externalMetric} metric-type 1 route-map ${announce6RouteMap}`,
  );
  return lines;
}
