// Judges requests about services, real servers and local addresses (dpvs.md 2.2).
import { DpvsError, type ServerSpec, type ServiceKey, type ServiceSpec } from '../../api/index.js';
import type { DesiredServer, DesiredService } from './changes.js';
import type { FactChange, Facts } from './facts.js';
import { invalid, mustBeRoutable, mustHaveRoom, mustNotBeNat64 } from './judge.js';
import { judgeForwarding, mustNotBeDirectServer, mustSeeAnswers } from './judge-forwarding.js';
import { mustBeMatch } from './judge-match.js';
import { addressKey, serverText, serviceText } from './keys.js';
import { limits } from './limits.js';
import type { RequestParams } from './requests.js';

export function addService(facts: Facts, spec: ServiceSpec): FactChange[] {
  const { service } = spec;
  if (service.protocol === 'match') mustBeMatch(facts, service.match);
  else {
    mustBeRoutable(service.address, 'service.address');
    // The reference allows port 0 for persistent services only, and persistence is not built.
    if (service.port === 0) throw invalid('service.port', '0 is for persistent services, which are not built yet');
  }
  if (facts.services.has(serviceText(service))) throw new DpvsError('service_exists', serviceText(service), 'service');
  mustHaveRoom(facts.services.size, limits.services, 'services');
  if (service.protocol === 'match') mustHaveRoom(facts.matches, limits.matches, 'match services');
  return [{ kind: 'service.set', service: desiredService(spec) }];
}

/** As `ipvsadm -E`: what is not given goes back to its default. */
export function editService(facts: Facts, spec: ServiceSpec): FactChange[] {
  facts.service(spec.service);
  const service = desiredService(spec);
  mustSeeAnswers(facts, service);
  return [{ kind: 'service.set', service }];
}

function desiredService({ service, scheduler = 'wlc', connTimeout, destCheck }: ServiceSpec): DesiredService {
  const plain = { service, scheduler, connTimeout: connTimeout ?? null };
  if (destCheck === undefined) return plain;
  // Nothing in UDP says that a server is there, or is not.
  if (service.protocol !== 'tcp')
    throw new DpvsError(
      'not_support',
      service.protocol === 'match'
        ? 'destCheck: a match service has no servers that could answer'
        : 'destCheck: a passive check sees handshakes, and UDP has none',
      'destCheck',
    );
  if (destCheck.inhibitMin > destCheck.inhibitMax)
    throw invalid('destCheck.inhibitMin', `${destCheck.inhibitMin} is more than the longest ${destCheck.inhibitMax}`);
  return { ...plain, destCheck };
}

export function deleteService(facts: Facts, service: ServiceKey): FactChange[] {
  const { servers, laddrs } = facts.service(service);
  return [
    ...[...servers.values()].map(
      ({ server }): FactChange => ({ kind: 'server.remove', service, server: server.server }),
    ),
    ...[...laddrs.values()].map(({ laddr }): FactChange => ({ kind: 'laddr.remove', ...laddr })),
    { kind: 'service.remove', service },
  ];
}

export function flushServices(facts: Facts): FactChange[] {
  return [...facts.services.values()].flatMap(({ service }) => deleteService(facts, service.service));
}

export function addServer(facts: Facts, spec: ServerSpec): FactChange[] {
  const { servers } = facts.service(spec.service);
  const server = desiredServer(facts, spec);
  if (servers.has(serverText(spec.server)))
    throw new DpvsError('server_exists', `${serverText(spec.server)} of ${serviceText(spec.service)}`, 'server');
  mustHaveRoom(servers.size, limits.serversPerService, 'real servers of a service');
  mustHaveRoom(facts.serverCount, limits.servers, 'real servers');
  return [{ kind: 'server.set', server }];
}

/** As `ipvsadm -e`: what is not given goes back to its default. */
export function editServer(facts: Facts, spec: ServerSpec): FactChange[] {
  mustHaveServer(facts, spec);
  return [{ kind: 'server.set', server: desiredServer(facts, spec) }];
}

export function deleteServer(facts: Facts, spec: RequestParams<'server.del'>): FactChange[] {
  mustHaveServer(facts, spec);
  return [{ kind: 'server.remove', service: spec.service, server: spec.server }];
}

function mustHaveServer(facts: Facts, { service, server }: RequestParams<'server.del'>): void {
  if (!facts.service(service).servers.has(serverText(server)))
    throw new DpvsError('no_server', `${serverText(server)} of ${serviceText(service)}`, 'server');
}

function desiredServer(facts: Facts, spec: ServerSpec): DesiredServer {
  const { service, server, weight = 1, upperThreshold = 0, lowerThreshold = 0 } = spec;
  mustBeRoutable(server.address, 'server.address');
  if (service.protocol !== 'match') mustNotBeNat64(service.address, server.address, 'server.address');
  const forwarding = judgeForwarding(facts, spec);
  if (upperThreshold > 0 && lowerThreshold > upperThreshold)
    throw invalid('lowerThreshold', `${lowerThreshold} is more than the upper threshold ${upperThreshold}`);
  return { service, server, forwarding, weight, upperThreshold, lowerThreshold };
}

/** Adds the address to the device when it is not there; several services may share it. */
export function addLaddr(facts: Facts, spec: RequestParams<'laddr.add'>): FactChange[] {
  const { laddrs } = facts.service(spec.service);
  facts.device(spec.device);
  mustBeRoutable(spec.address, 'address');
  mustNotBeNat64(spec.service.address, spec.address, 'address');
  mustNotBeDirectServer(facts, spec.address);
  if (laddrs.has(spec.address))
    throw new DpvsError('laddr_exists', `${spec.address} of ${serviceText(spec.service)}`, 'address');
  for (const device of facts.addresses.devicesOf(spec.address))
    if (device !== spec.device) throw invalid('device', `${spec.address} is on ${device}`);
  const configured = facts.addresses.configured(addressKey(spec));
  if (configured !== null && configured.validUntil !== null)
    throw invalid('address', `${spec.address} has a valid lifetime and would expire under the service`);
  mustHaveRoom(laddrs.size, limits.laddrsPerService, 'local addresses of a service');
  mustHaveRoom(facts.addresses.size, limits.addresses, 'addresses');
  return [{ kind: 'laddr.set', laddr: spec }];
}

export function deleteLaddr(facts: Facts, spec: RequestParams<'laddr.del'>): FactChange[] {
  const bound = facts.service(spec.service).laddrs.get(spec.address)?.laddr;
  facts.device(spec.device);
  if (bound === undefined)
    throw new DpvsError('no_laddr', `${spec.address} of ${serviceText(spec.service)}`, 'address');
  if (bound.device !== spec.device) throw invalid('device', `${spec.address} is on ${bound.device}`);
  return [{ kind: 'laddr.remove', ...spec }];
}
