// Whether the services of a VIP have real servers and local ports enough, by the VIP's policy.
import { type Finding, fails, holds } from './finding.js';
import type { Policy } from './policy.js';
import type { ServiceHealth } from './view.js';

/** Of the ports in all; at the last free port it is withdrawn, and not announced again before so many are free. */
const portsToBegin = 0.01;

const label = ({ protocol, port }: ServiceHealth): string => `${protocol} ${port}`;

/** At least so many healthy real servers; less to stay than to begin, so that it does not flap around the quorum. */
export const needed = ({ quorum, hysteresis }: Policy, held: boolean): number =>
  held ? quorum - hysteresis : quorum + hysteresis;

const enoughServers = (service: ServiceHealth, policy: Policy, held: boolean): boolean =>
  service.healthy >= needed(policy, held);

function enoughPorts({ ports }: ServiceHealth, held: boolean): boolean {
  if (ports === null) return true;
  return held ? ports.free > 0 : ports.free > 0 && ports.free >= (ports.free + ports.used) * portsToBegin;
}

const satisfied = ({ services: which }: Policy, passing: number, all: number): boolean =>
  which === 'all' ? passing === all : passing > 0;

export function backends(services: readonly ServiceHealth[], policy: Policy, held: boolean): Finding {
  if (services.length === 0) return holds('no service to ask');
  const seen = services.map((each) => `${label(each)}: ${each.healthy} of ${each.servers}`).join(', ');
  const passing = services.filter((each) => enoughServers(each, policy, held)).length;
  if (satisfied(policy, passing, services.length)) return holds(`${seen} healthy`);
  const which = policy.services === 'all' && services.length > 1 ? ' by each service' : '';
  return fails('no_quorum', `${seen} healthy, ${needed(policy, held)} needed${which}`);
}

export function ports(services: readonly ServiceHealth[], policy: Policy, held: boolean): Finding {
  const asked = services.filter((each) => policy.services === 'all' || enoughServers(each, policy, held));
  if (asked.every((each) => each.ports === null)) return holds('not needed');
  const seen = asked.map((each) => `${label(each)}: ${each.ports?.free ?? 'any'}`).join(', ');
  const passing = asked.filter((each) => enoughPorts(each, held)).length;
  if (satisfied(policy, passing, asked.length)) return holds(`${seen} free`);
  const none = asked.every(({ ports }) => ports !== null && ports.free + ports.used === 0);
  return fails('no_ports', none ? 'no local address' : `${seen} free`);
}
