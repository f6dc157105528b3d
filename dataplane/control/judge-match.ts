// Judges match services: what may be matched, and which address their packets may be rewritten to (dpvs.md 2.2).
import { DpvsError, type MatchRange, type ServerSpec, type ServiceMatch } from '../../api/index.js';
import { isIp4, parseIp } from '../inet/index.js';
import type { Facts } from './facts.js';
import { invalid } from './judge.js';

/** What the reference takes and then never matches, or takes for anything, is refused. @throws {DpvsError} */
export function mustBeMatch(facts: Facts, match: ServiceMatch): void {
  const { protocol, source, destination, inDevice, outDevice } = match;
  if (inDevice !== undefined) facts.device(inDevice, 'service.match.inDevice');
  if (outDevice !== undefined) facts.device(outDevice, 'service.match.outDevice');
  for (const [name, range] of [['source', source] as const, ['destination', destination] as const])
    if (range !== undefined) mustBeRange(range, `service.match.${name}`, protocol);
  const narrow = [source, destination].some((range) => range !== undefined && !isAnything(range));
  if (!narrow && inDevice === undefined && outDevice === undefined)
    throw invalid('service.match', 'a range or a device is needed, or every packet would match');
}

const isAnything = ({ to, toPort }: MatchRange): boolean => parseIp(to) === 0 && toPort === 0;

function mustBeRange({ from, to, fromPort, toPort }: MatchRange, field: string, protocol: string): void {
  for (const [name, text] of [['from', from] as const, ['to', to] as const])
    if (!isIp4(parseIp(text)))
      throw new DpvsError(
        'not_support',
        `${field}.${name}: SNAT of IPv6 is not built yet (${text})`,
        `${field}.${name}`,
      );
  if (parseIp(from) > parseIp(to)) throw invalid(`${field}.to`, `${to} is before ${from}`);
  if (fromPort > toPort) throw invalid(`${field}.toPort`, `${toPort} is below ${fromPort}`);
  if (protocol === 'icmp' && toPort !== 0) throw invalid(`${field}.toPort`, 'ICMP has no ports');
}

/** The "real server" of SNAT is the WAN address that sources are rewritten to; ports come from its pool. @throws {DpvsError} */
export function judgeSnat(facts: Facts, spec: ServerSpec): 'SNAT' {
  const { server, forwarding = 'Route' } = spec;
  if (forwarding !== 'SNAT')
    throw invalid('forwarding', `${forwarding} instead of SNAT (ipvsadm -J) of a match service`);
  if (server.port !== 0)
    throw invalid('server.port', `${server.port} instead of 0: the port comes from the address's sapool`);
  mustBeWan(facts, spec);
  return forwarding;
}

/** The reference takes any address here, and then drops every packet ("fetch addr on IP without sapool" in its log). */
function mustBeWan(facts: Facts, { server: { address } }: ServerSpec): void {
  if (!isIp4(parseIp(address)))
    throw new DpvsError('not_support', `server.address: SNAT of IPv6 is not built yet (${address})`, 'server.address');
  const there = [...facts.addresses.devicesOf(address)]
    .map((device) => facts.addresses.configured(`${address} ${device}`))
    .filter((configured) => configured !== null);
  if (there.length === 0)
    throw invalid(
      'server.address',
      `${address} is no address of this node: dpip addr add ${address}/LEN dev DEV sapool`,
    );
  const pooled = there.filter(({ sapool }) => sapool);
  if (pooled.length === 0)
    throw invalid(
      'server.address',
      `${address} has no sapool to take ports from: dpip addr set ${address} dev ${there[0]?.device} sapool`,
    );
  if (pooled.some(({ validUntil }) => validUntil !== null))
    throw invalid('server.address', `${address} has a valid lifetime and would expire under the service`);
}
