// Who announces the VIPs of a family: the bridge says so; where it does not run, what the daemons are configured for.
import { type AddressFamily, familyOf } from '../address.js';
import type { BridgeFacts } from './collect-node.js';
import type { BgpFacts, Facts, Ospf6Facts, OspfFacts } from './facts.js';

export interface Configured {
  readonly ospf: Pick<OspfFacts, 'config'> | null;
  readonly ospf6: Pick<Ospf6Facts, 'configured'> | null;
  readonly bgp: Pick<BgpFacts, 'asn'> | null;
}

/** Where nothing tells, a node is to speak OSPF, as the bridge does unless it is told otherwise. */
export function speakersOf(
  { routing, wanted }: Pick<BridgeFacts, 'routing' | 'wanted'>,
  configured: Configured,
): Facts['speakers'] {
  const wants = (family: AddressFamily): boolean => wanted.some(({ vip }) => familyOf(vip) === family);
  const { inet, inet6 } = routing === null ? guess(configured, wants('inet6')) : saidBy(routing);
  // A node of IPv6 VIPs alone needs no ospfd.
  const six = configured.ospf6?.configured === true || wants('inet6');
  const idle = inet === 'ospf' && configured.ospf === null && six && !wants('inet');
  return { inet: idle ? null : inet, inet6 };
}

function saidBy(routing: NonNullable<BridgeFacts['routing']>): Facts['speakers'] {
  const of = (wanted: AddressFamily) => routing.find(({ family }) => family === wanted)?.protocol ?? null;
  return { inet: of('inet'), inet6: of('inet6') };
}

function guess({ ospf, ospf6, bgp }: Configured, wants6: boolean): Facts['speakers'] {
  const router = ospf?.config.routerOspf === true;
  const byBgp = bgp !== null && !router && (bgp.asn !== null || ospf === null);
  const inet = byBgp ? 'bgp' : 'ospf';
  if (ospf6?.configured === true) return { inet, inet6: 'ospf6' };
  if (byBgp) return { inet, inet6: 'bgp' };
  return { inet, inet6: wants6 ? 'ospf6' : null };
}
