// The routing daemons' files for a model: pure functions, the same text for the same model.
import { checkModel } from './check.js';
import type { RoutingModel } from './model.js';
import { bfdProfile, generatedMark } from './names.js';
import { renderBgp } from './render-bgp.js';
import { renderOspf } from './render-ospf.js';
import { renderOspf6 } from './render-ospf6.js';
import { renderSwitch } from './render-switch.js';

/** Daemons that a file can be written for. */
export const configDaemons = ['zebra', 'ospfd', 'bfdd', 'ospf6d', 'bgpd'] as const;
export type ConfigDaemon = (typeof configDaemons)[number];

export interface ConfigFiles {
  readonly 'zebra.conf': string;
  /** Unless BGP is spoken. */
  readonly 'ospfd.conf'?: string;
  /** When an interface has BFD. */
  readonly 'bfdd.conf'?: string;
  /** Instead of ospfd.conf. */
  readonly 'bgpd.conf'?: string;
  /** When IPv6 VIPs are to be announced. */
  readonly 'ospf6d.conf'?: string;
  /** For the other end of the link: what an FRR switch needs, for others to be said in their words. */
  readonly 'switch.conf'?: string;
}

/** @throws {ModelError} with the field that cannot be written */
export function renderConfig(model: RoutingModel): ConfigFiles {
  checkModel(model);
  const file = (daemon: ConfigDaemon, body: readonly string[]): string =>
    `${[...head(model, daemon), ...body, '!', 'line vty'].join('\n')}\n`;
  return {
    'zebra.conf': file('zebra', zebraLines(model)),
    ...(model.bgp === undefined
      ? { 'ospfd.conf': file('ospfd', renderOspf(model)) }
      : { 'bgpd.conf': file('bgpd', renderBgp(model, model.bgp)) }),
    ...(model.interfaces.some(({ bfd }) => bfd === true) ? { 'bfdd.conf': file('bfdd', bfdLines(model)) } : {}),
    ...(model.ospf6 === undefined ? {} : { 'ospf6d.conf': file('ospf6d', renderOspf6(model, model.ospf6)) }),
    ...(model.switchHint === undefined ? {} : { 'switch.conf': renderSwitch(model, model.switchHint) }),
  };
}

function head(model: RoutingModel, daemon: ConfigDaemon): string[] {
  const { hostname, password, enablePassword, logDirectory } = model;
  const lines = [
    `! -*- ${daemon} -*-`,
    `${generatedMark}, ${model.flavor} ${model.bgp === undefined ? model.form : 'bgp'}`,
    `hostname ${hostname}`,
  ];
  if (password !== undefined) lines.push(`password ${password}`);
  if (enablePassword !== undefined) lines.push(`enable password ${enablePassword}`);
  if (logDirectory !== null) lines.push(`log file ${logDirectory.replace(/\/$/, '')}/${daemon}.log`);
  // Without passwords it would only be noise in `show running-config`.
  if (password !== undefined || enablePassword !== undefined) lines.push('service password-encryption');
  lines.push('!');
  return lines;
}

const zebraLines = (model: RoutingModel): string[] =>
  model.interfaces
    .flatMap(({ name }) => [`interface ${name}`, ' description WAN, towards the L3 switch', '!'])
    .slice(0, -1);

function bfdLines({ bfdTimers: { transmit, receive, multiplier } }: RoutingModel): string[] {
  return [
    'bfd',
    ` profile ${bfdProfile}`,
    `  detect-multiplier ${multiplier}`,
    `  receive-interval ${receive}`,
    `  transmit-interval ${transmit}`,
    ' exit',
    'exit',
  ];
}
