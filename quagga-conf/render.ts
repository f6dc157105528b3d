// The text of zebra.conf and ospfd.conf for a model: a pure function, the same text for the same model.
import { checkModel, type OspfInterface, type RoutingModel } from './model.js';
import { generatedMark, prefixListSentinel, redistributeLine, routeMapLines, vipPrefixList } from './names.js';

export interface ConfigFiles {
  readonly 'zebra.conf': string;
  readonly 'ospfd.conf': string;
}

/** @throws {ModelError} with the field that cannot be written */
export function renderConfig(model: RoutingModel): ConfigFiles {
  checkModel(model);
  return { 'zebra.conf': renderZebra(model), 'ospfd.conf': renderOspfd(model) };
}

const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`;

function head(model: RoutingModel, daemon: 'zebra' | 'ospfd'): string[] {
  const { hostname, password, enablePassword, logDirectory } = model;
  const lines = [`! -*- ${daemon} -*-`, `${generatedMark}, ${model.flavor} ${model.form}`, `hostname ${hostname}`];
  if (password !== undefined) lines.push(`password ${password}`);
  if (enablePassword !== undefined) lines.push(`enable password ${enablePassword}`);
  if (logDirectory !== null) lines.push(`log file ${logDirectory.replace(/\/$/, '')}/${daemon}.log`);
  // Without passwords it would only be noise in `show running-config`.
  if (password !== undefined || enablePassword !== undefined) lines.push('service password-encryption');
  lines.push('!');
  return lines;
}

function renderZebra(model: RoutingModel): string {
  const lines = head(model, 'zebra');
  for (const { name } of model.interfaces)
    lines.push(`interface ${name}`, ' description WAN, towards the L3 switch', '!');
  return text([...lines, 'line vty']);
}

function renderOspfd(model: RoutingModel): string {
  const lines = head(model, 'ospfd');
  for (const [i, each] of model.interfaces.entries()) lines.push(...interfaceLines(model, each, i === 0), '!');
  if (model.form === 'redistribute') {
    lines.push(prefixListSentinel);
    for (const [i, vip] of model.vips.entries())
      lines.push(`ip prefix-list ${vipPrefixList} seq ${(i + 1) * 5} permit ${vip}/32`);
    lines.push('!', ...routeMapLines, '!');
  }
  lines.push(...routerLines(model), '!', 'line vty');
  return text(lines);
}

function interfaceLines(model: RoutingModel, each: OspfInterface, carriesVips: boolean): string[] {
  const lines = [`interface ${each.name}`, ` ip ospf network ${each.networkType}`];
  lines.push(` ip ospf hello-interval ${each.hello}`, ` ip ospf dead-interval ${each.dead}`);
  lines.push(` ip ospf cost ${each.cost}`);
  const { authentication } = each;
  if (authentication?.kind === 'plain')
    lines.push(' ip ospf authentication', ` ip ospf authentication-key ${authentication.key}`);
  if (authentication?.kind === 'md5') {
    lines.push(' ip ospf authentication message-digest');
    lines.push(` ip ospf message-digest-key ${authentication.keyId} md5 ${authentication.key}`);
  }
  if (each.bfd === true) lines.push(' ip ospf bfd');
  // Each `network VIP/32` makes the VIP an OSPF interface; unless passive, it sends hellos with the VIP as their source.
  if (model.form === 'network' && model.flavor === 'frr' && carriesVips)
    for (const vip of model.vips) lines.push(` ip ospf passive ${vip}`);
  return lines;
}

function routerLines(model: RoutingModel): string[] {
  const lines = ['router ospf', ` ospf router-id ${model.routerId}`, ' log-adjacency-changes'];
  lines.push(` auto-cost reference-bandwidth ${model.referenceBandwidth}`);
  if (model.form === 'redistribute') lines.push(` ${redistributeLine(model.externalMetric)}`);
  // Quagga has no `ip ospf passive`; FRR calls this one deprecated.
  if (model.form === 'network' && model.flavor === 'quagga')
    for (const vip of model.vips) lines.push(` passive-interface ${model.interfaces[0].name} ${vip}`);
  for (const { network } of model.interfaces) lines.push(` network ${network} area ${model.area}`);
  if (model.form === 'network') for (const vip of model.vips) lines.push(` network ${vip}/32 area ${model.area}`);
  return lines;
}
