// The lines of ospfd.conf, for the redistribute and the network form, in FRR's and Quagga's words.
import type { OspfInterface, RoutingModel } from './model.js';
import { announceMapLines, bfdProfile, redistributeVips } from './names.js';
import { listLines } from './render-lists.js';

export function renderOspf(model: RoutingModel): string[] {
  const lines: string[] = [];
  for (const [i, each] of model.interfaces.entries()) lines.push(...interfaceLines(model, each, i === 0), '!');
  // Quagga has it under `router ospf`; FRR calls that one deprecated.
  if (model.flavor === 'frr')
    for (const { name } of model.passive) lines.push(`interface ${name}`, ' ip ospf passive', '!');
  if (model.form === 'redistribute') {
    lines.push(
      ...listLines('ip', model.vips, model.vipRanges),
      '!',
      ...announceMapLines('ospf', model.externalMetric),
      '!',
    );
  }
  return [...lines, ...routerLines(model)];
}

/** What both ends of the link must agree on. */
export function linkLines({ authenticationScope }: RoutingModel, each: OspfInterface): string[] {
  const lines = [` ip ospf network ${each.networkType}`];
  lines.push(` ip ospf hello-interval ${each.hello}`, ` ip ospf dead-interval ${each.dead}`);
  lines.push(` ip ospf cost ${each.cost}`);
  const { authentication } = each;
  if (authentication === undefined) return lines;
  const digest = authentication.kind === 'md5';
  if (authenticationScope === 'interface') lines.push(` ip ospf authentication${digest ? ' message-digest' : ''}`);
  lines.push(
    authentication.kind === 'md5'
      ? ` ip ospf message-digest-key ${authentication.keyId} md5 ${authentication.key}`
      : ` ip ospf authentication-key ${authentication.key}`,
  );
  return lines;
}

/** What all routers of the area must agree on. */
export function areaLines({ area, areaType, authenticationScope, interfaces }: RoutingModel): string[] {
  const lines: string[] = [];
  if (areaType !== 'normal') lines.push(` area ${area} stub${areaType === 'totally-stubby' ? ' no-summary' : ''}`);
  if (authenticationScope === 'area') {
    const digest = interfaces[0].authentication?.kind === 'md5';
    lines.push(` area ${area} authentication${digest ? ' message-digest' : ''}`);
  }
  return lines;
}

function interfaceLines(model: RoutingModel, each: OspfInterface, carriesVips: boolean): string[] {
  const lines = [`interface ${each.name}`, ...linkLines(model, each)];
  if (each.bfd === true) lines.push(' ip ospf bfd', ` ip ospf bfd profile ${bfdProfile}`);
  // Each `network VIP/32` makes the VIP an OSPF interface; unless passive, it sends hellos with the VIP as their source.
  if (model.form === 'network' && model.flavor === 'frr' && carriesVips)
    for (const vip of model.vips) lines.push(` ip ospf passive ${vip}`);
  return lines;
}

function routerLines(model: RoutingModel): string[] {
  const lines = ['router ospf', ` ospf router-id ${model.routerId}`, ' log-adjacency-changes'];
  lines.push(` auto-cost reference-bandwidth ${model.referenceBandwidth}`);
  if (model.form === 'redistribute') lines.push(` ${redistributeVips('ospf')}`);
  // The grace-LSA is an opaque one (RFC 3623).
  if (model.gracefulRestart !== undefined)
    lines.push(' capability opaque', ` graceful-restart grace-period ${model.gracefulRestart}`);
  if (model.flavor === 'quagga') {
    // Quagga has no `ip ospf passive`.
    for (const { name } of model.passive) lines.push(` passive-interface ${name}`);
    if (model.form === 'network')
      for (const vip of model.vips) lines.push(` passive-interface ${model.interfaces[0].name} ${vip}`);
  }
  for (const { network } of [...model.interfaces, ...model.passive])
    lines.push(` network ${network} area ${model.area}`);
  if (model.form === 'network') for (const vip of model.vips) lines.push(` network ${vip}/32 area ${model.area}`);
  return [...lines, ...areaLines(model)];
}
