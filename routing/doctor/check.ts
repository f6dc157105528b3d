// What a check is, and the helpers they share.
import type { Protocol } from '../drivers/driver.js';
import type { Source } from './attempts.js';
import {
  type Facts,
  foreignHellos,
  foreignHellos6,
  type HeardHello,
  type HeardHello6,
  ospf6Ports,
  ospfPorts,
  type PortFacts,
} from './facts.js';
import { type Finding, type Severity, skip, type Verdict } from './finding.js';
import type { OspfInterface } from './ospf-state.js';
import type { Ospf6Interface } from './ospf6-state.js';

export interface Check {
  readonly id: string;
  /** What is so when it finds nothing. */
  readonly title: string;
  /** Asked only where VIPs are announced so; absent: always. */
  readonly protocol?: Protocol;
  /** Whose answers it judges, beside those that say by themselves that they could not be asked. */
  readonly needs?: readonly Source[];
  /** Pure. */
  decide(facts: Facts): Verdict;
}

export const finding = (
  id: string,
  severity: Severity,
  words: { readonly title: string; readonly evidence: string; readonly advice: string },
): Finding => ({ id, severity, ...words });

export type OspfPort = PortFacts & { readonly ospf: OspfInterface };

/** Asks about each port that ospfd runs on. */
export function onOspfPorts(facts: Facts, decide: (port: OspfPort) => readonly Finding[]): Verdict {
  if (facts.ospf === null) return skip('ospfd does not answer');
  const ports = ospfPorts(facts);
  return ports.length === 0 ? skip('OSPF runs on no kni') : ports.flatMap(decide);
}

export type Ospf6Port = PortFacts & { readonly ospf6: Ospf6Interface };

/** Asks about each port that ospf6d runs on. */
export function onOspf6Ports(facts: Facts, decide: (port: Ospf6Port) => readonly Finding[]): Verdict {
  if (facts.ospf6 === null) return skip('ospf6d does not answer');
  const ports = ospf6Ports(facts);
  return ports.length === 0 ? skip('OSPFv3 runs on no kni') : ports.flatMap(decide);
}

/** Asks about each hello that other routers sent on the wire. */
export function onHellos(facts: Facts, decide: (port: OspfPort, hello: HeardHello) => Finding | null): Verdict {
  if (facts.ospf === null) return skip('ospfd does not answer');
  const ports = ospfPorts(facts);
  if (ports.length === 0) return skip('OSPF runs on no kni');
  return onEach(ports, foreignHellos, (port, hello) => decide(port, hello) ?? []);
}

export function onHellos6(facts: Facts, decide: (port: Ospf6Port, hello: HeardHello6) => readonly Finding[]): Verdict {
  if (facts.ospf6 === null) return skip('ospf6d does not answer');
  const ports = ospf6Ports(facts);
  if (ports.length === 0) return skip('OSPFv3 runs on no kni');
  return onEach(ports, foreignHellos6, decide);
}

function onEach<Port extends PortFacts, Hello>(
  ports: readonly Port[],
  hellosOf: (port: Port) => readonly Hello[],
  decide: (port: Port, hello: Hello) => Finding | readonly Finding[],
): Verdict {
  const heard = ports.flatMap((port) => hellosOf(port).map((hello) => ({ port, hello })));
  if (heard.length > 0) return heard.flatMap(({ port, hello }) => decide(port, hello));
  const deaf = ports.find(({ wire }) => !wire.listened)?.wire;
  return skip(deaf !== undefined && !deaf.listened ? deaf.why : 'no hello of another router was heard');
}

export const speaker = ({ packet, source }: Pick<HeardHello | HeardHello6, 'packet' | 'source'>): string =>
  `${packet.routerId} at ${source}`;
