// Judges requests about ports' settings and protocol timeouts.
import type { DesiredLink } from './changes.js';
import type { FactChange, Facts } from './facts.js';
import { invalid } from './judge.js';
import type { RequestParams } from './requests.js';

/** Settings add up: one that is not given stays as it was set before. */
export function setLink(facts: Facts, params: RequestParams<'link.set'>): FactChange[] {
  facts.device(params.name, 'name');
  const given = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
  if (Object.keys(given).length < 2) throw invalid('name', `nothing to set on ${params.name}`);
  const link: DesiredLink = { ...facts.links.get(params.name), ...given, name: params.name };
  return [{ kind: 'link.set', link }];
}

/** As `ipvsadm --set`: 0 leaves a timeout as it is. */
export function setTimeouts(facts: Facts, { tcp, tcpfin, udp }: RequestParams<'timeout.set'>): FactChange[] {
  if (tcp + tcpfin + udp === 0) return [];
  const before = facts.timeouts;
  const timeouts = { tcp: tcp || before.tcp, tcpfin: tcpfin || before.tcpfin, udp: udp || before.udp };
  return [{ kind: 'timeout.set', timeouts }];
}
