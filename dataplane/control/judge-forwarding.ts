// What each forwarding mode wants of a real server. A mode that is not built is refused rather than turned into another one: the
// servers would be set up for what was asked.
import { DpvsError, type ServerSpec, type VipKey } from '../../api/index.js';
import type { BuiltForwarding, DesiredService } from './changes.js';
import type { Facts } from './facts.js';
import { invalid } from './judge.js';
import { judgeSnat } from './judge-match.js';
import { serverText } from './keys.js';

/** Without a word for it the reference means DR (Route). @throws {DpvsError} what the mode forbids, or that it is not built */
export function judgeForwarding(facts: Facts, spec: ServerSpec): BuiltForwarding {
  const { service, server, forwarding = 'Route' } = spec;
  if (service.protocol === 'match') return judgeSnat(facts, spec);
  if (server.port === 0) throw invalid('server.port', 'a real server needs one');
  switch (forwarding) {
    case 'SNAT':
      throw invalid('forwarding', 'SNAT is of match services (ipvsadm -H)');
    case 'FullNat':
      return forwarding;
    case 'Route':
      mustSuitDirectRouting(facts, { ...spec, service });
      return forwarding;
    default:
      throw new DpvsError(
        'not_support',
        `forwarding ${forwarding} is not built yet, use -b (FullNat) or -g (Route)`,
        'forwarding',
      );
  }
}

/** It delivers a packet as it came, to another node that has the VIP. */
function mustSuitDirectRouting(facts: Facts, { service, server }: ServerSpec & { service: VipKey }): void {
  if (server.port !== service.port)
    throw invalid('server.port', `direct routing does not change ports: it must be the service's, ${service.port}`);
  const [device] = facts.addresses.devicesOf(server.address);
  if (server.address === service.address || device !== undefined)
    throw invalid('server.address', `${server.address} is this node's: direct routing delivers to others only`);
  if (facts.service(service).service.destCheck !== undefined) throw blind(serverText(server));
}

/** @throws {DpvsError} when a passive check is asked for and a real server's answers do not pass here */
export function mustSeeAnswers(facts: Facts, { service, destCheck }: DesiredService): void {
  if (destCheck === undefined) return;
  for (const { server } of facts.service(service).servers.values())
    if (server.forwarding === 'Route') throw blind(serverText(server.server));
}

const blind = (server: string): DpvsError =>
  new DpvsError(
    'not_support',
    `destCheck: a passive check sees the server's answers, and those of ${server} (direct routing) do not pass here`,
    'destCheck',
  );

/** An address of this node is no real server of direct routing. @throws {DpvsError} */
export function mustNotBeDirectServer(facts: Facts, address: string): void {
  if (facts.isDirectServer(address))
    throw invalid('address', `${address} is a real server of direct routing: it is another node's`);
}
