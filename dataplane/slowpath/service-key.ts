// A service as the API names it, and the tables' own numbers for what it matches.
import { createHash } from 'node:crypto';
import type { MatchRange, ServiceKey, ServiceMatch, VipKey } from '../../api/index.js';
import { matchText } from '../../api/service-text.js';
import { formatIp, formatIpv4, parseIp, parseIpv4 } from '../inet/index.js';
import { type EndRange, type Match, Protocol, type Service, type ServiceTable } from '../ipvs/index.js';

/** Of a service of a virtual IP; undefined of a match service. */
export function vipKeyOf(service: Service): VipKey | undefined {
  if (service.match !== null) return undefined;
  return {
    protocol: service.protocol === Protocol.tcp ? 'tcp' : 'udp',
    address: formatIp(service.vip),
    port: service.port,
  };
}

export const keyOf = (service: Service): ServiceKey =>
  service.match === null ? vipKeyOf(service)! : { protocol: 'match', match: wordsOf(service.match) };

export function findService(services: ServiceTable, key: ServiceKey): Service | undefined {
  if (key.protocol === 'match') return services.matches.get(matchOf(key.match).digest);
  return services.lookup(Protocol[key.protocol], parseIp(key.address), key.port);
}

/** The control thread has judged it: its addresses are of IPv4. */
export function matchOf(match: ServiceMatch): Match {
  return {
    digest: createHash('sha256').update(matchText(match)).digest('hex').slice(0, 32),
    protocol: Protocol[match.protocol],
    source: rangeOf(match.source),
    destination: rangeOf(match.destination),
    inDevice: match.inDevice ?? null,
    outDevice: match.outDevice ?? null,
  };
}

export const protocolNames = { [Protocol.icmp]: 'icmp', [Protocol.tcp]: 'tcp', [Protocol.udp]: 'udp' } as const;

function wordsOf({ protocol, source, destination, inDevice, outDevice }: Match): ServiceMatch {
  return {
    protocol: protocolNames[protocol],
    ...(source === null ? {} : { source: textOf(source) }),
    ...(destination === null ? {} : { destination: textOf(destination) }),
    ...(inDevice === null ? {} : { inDevice }),
    ...(outDevice === null ? {} : { outDevice }),
  };
}

const rangeOf = (range: MatchRange | undefined): EndRange | null =>
  range === undefined ? null : { ...range, from: parseIpv4(range.from), to: parseIpv4(range.to) };
const textOf = (range: EndRange): MatchRange => ({ ...range, from: formatIpv4(range.from), to: formatIpv4(range.to) });
