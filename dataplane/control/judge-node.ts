// Judges requests about ports' settings and protocol timeouts.
import type { DesiredLink } from './changes.js';
import type { FactChange, Facts } from './facts.js';
import { invalid, MIN_IPV6_MTU, mustBeHostMac } from './judge.js';
import type { RequestParams } from './requests.js';

/** Settings add up: one that is not given stays as it was set before. */
export function setLink(facts: Facts, params: RequestParams<'link.set'>): FactChange[] {
  facts.device(params.name, 'name');
  const given: Partial<DesiredLink> = Object.fromEntries(
    Object.entries(params).filter(([, value]) => value !== undefined),
  );
  if (Object.keys(given).length < 2) throw invalid('name', `nothing to set on ${params.name}`);
  if (given.mtu !== undefined) mustFit(facts, params.name, given.mtu);
  if (given.mac !== undefined) mustBeHostMac(given.mac, 'mac');
  const mac = given.mac === undefined ? {} : { mac: given.mac.toLowerCase() };
  const link: DesiredLink = { ...facts.links.get(params.name), ...given, ...mac, name: params.name };
  return [{ kind: 'link.set', link }];
}

/** @throws {DpvsError} invalid_parameter */
function mustFit(facts: Facts, name: string, mtu: number): void {
  const largest = facts.maxMtuOf(name);
  const why = facts.device(name).maxMtu?.why ?? '';
  if (mtu > largest)
    throw invalid('mtu', `${mtu} is more than ${name} can have, ${largest}${why === '' ? '' : `: ${why}`}`);
  const six = facts.addresses.all().find(({ address, device }) => device === name && address.includes(':'));
  if (six !== undefined && mtu < MIN_IPV6_MTU)
    throw invalid('mtu', `${mtu} is less than IPv6's smallest, ${MIN_IPV6_MTU}, and ${name} has ${six.address}`);
}

/** As `ipvsadm --set`: 0 leaves a timeout as it is. */
export function setTimeouts(facts: Facts, { tcp, tcpfin, udp }: RequestParams<'timeout.set'>): FactChange[] {
  if (tcp + tcpfin + udp === 0) return [];
  const before = facts.timeouts;
  const timeouts = { tcp: tcp || before.tcp, tcpfin: tcpfin || before.tcpfin, udp: udp || before.udp };
  return [{ kind: 'timeout.set', timeouts }];
}
