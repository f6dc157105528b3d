// What a check is, and the helpers they share.
import { type Facts, foreignHellos, type HeardHello, ospfPorts, type PortFacts } from './facts.js';
import { type Finding, type Severity, skip, type Verdict } from './finding.js';
import type { OspfInterface } from './ospf-state.js';

export interface Check {
  readonly id: string;
  /** What is so when it finds nothing. */
  readonly title: string;
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

/** Asks about each hello that other routers sent on the wire. */
export function onHellos(facts: Facts, decide: (port: OspfPort, hello: HeardHello) => Finding | null): Verdict {
  const { ospf } = facts;
  if (ospf === null) return skip('ospfd does not answer');
  const ports = ospfPorts(facts);
  if (ports.length === 0) return skip('OSPF runs on no kni');
  const heard = ports.flatMap((port) => foreignHellos(port).map((hello) => ({ port, hello })));
  if (heard.length > 0) return heard.flatMap(({ port, hello }) => decide(port, hello) ?? []);
  const deaf = ports.find(({ wire }) => !wire.listened)?.wire;
  return skip(deaf !== undefined && !deaf.listened ? deaf.why : 'no hello of another router was heard');
}

export const speaker = ({ packet, source }: HeardHello): string => `${packet.routerId} at ${source}`;
