// The lines of ospf6d.conf: OSPFv3 (RFC 5340) for IPv6 VIPs, each an AS-external LSA.
import type { OspfInterface, RoutingModel } from './model.js';
import {
  advertise6Line,
  announce6RouteMap,
  announceMapLines,
  bfdProfile,
  linkList6Lines,
  redistributeVips,
} from './names.js';
import { listLines } from './render-lists.js';

type Ospf6 = NonNullable<RoutingModel['ospf6']>;

export function renderOspf6(model: RoutingModel, ospf6: Ospf6): string[] {
  const lines: string[] = [];
  const frr = model.flavor === 'frr';
  for (const each of model.interfaces)
    lines.push(
      `interface ${each.name}`,
      ...link6Lines(model, ospf6, each),
      ...(frr ? [` ${advertise6Line}`] : []),
      '!',
    );
  for (const { name } of model.passive)
    lines.push(`interface ${name}`, ...(frr ? [` ipv6 ospf6 area ${model.area}`] : []), ' ipv6 ospf6 passive', '!');
  if (frr) lines.push(...linkList6Lines);
  lines.push(...listLines('ipv6', ospf6.vips), '!', ...announceMapLines('ospf6', model.externalMetric));
  // Quagga's line of `redistribute` has no place for it.
  if (!frr) lines.push(' set metric-type type-1');
  return [...lines, '!', ...routerLines(model)];
}

/** What both ends of the link must agree on. */
export function link6Lines(
  { flavor, area }: RoutingModel,
  { authentication }: Ospf6,
  { networkType, hello, dead, cost, bfd }: OspfInterface,
): string[] {
  const lines = flavor === 'frr' ? [` ipv6 ospf6 area ${area}`] : [];
  lines.push(` ipv6 ospf6 network ${networkType}`, ` ipv6 ospf6 hello-interval ${hello}`);
  lines.push(` ipv6 ospf6 dead-interval ${dead}`, ` ipv6 ospf6 cost ${cost}`);
  if (authentication !== undefined) {
    const { keyId, algorithm, key } = authentication;
    lines.push(` ipv6 ospf6 authentication key-id ${keyId} hash-algo ${algorithm} key ${key}`);
  }
  if (bfd === true) lines.push(' ipv6 ospf6 bfd', ` ipv6 ospf6 bfd profile ${bfdProfile}`);
  return lines;
}

function routerLines(model: RoutingModel): string[] {
  if (model.flavor === 'quagga')
    return [
      'router ospf6',
      ` router-id ${model.routerId}`,
      ` auto-cost reference-bandwidth ${model.referenceBandwidth}`,
      ` redistribute connected route-map ${announce6RouteMap}`,
      ...[...model.interfaces, ...model.passive].map(({ name }) => ` interface ${name} area ${model.area}`),
    ];
  const lines = ['router ospf6', ` ospf6 router-id ${model.routerId}`, ' log-adjacency-changes'];
  lines.push(` auto-cost reference-bandwidth ${model.referenceBandwidth}`, ` ${redistributeVips('ospf6')}`);
  if (model.gracefulRestart !== undefined) lines.push(` graceful-restart grace-period ${model.gracefulRestart}`);
  return lines;
}
