// Applies the elementary changes of the desired state to the slow path's tables. Each change is complete and may be repeated.
import { DpvsError, type ServiceKey } from '../../api/index.js';
import { loadLibrary } from '../../native/index.js';
import type { Change, DesiredAddress, DesiredRoute, DesiredServer, DesiredTimeouts } from '../control/index.js';
import {
  IPV4_ANY,
  type Ipv4,
  type Ipv4AddressTable,
  type Ipv4RouteTable,
  parseIpv4,
  parseIpv4Prefix,
  parseMac,
} from '../inet/index.js';
import { Protocol, type SaPoolTable, type Service, type ServiceTable } from '../ipvs/index.js';
import type { ConnView } from './conn-view.js';
import type { DestChecks } from './dest-checks.js';
import type { DestInfo } from './dest-info.js';
import type { NextHops } from './next-hops.js';

/** Seconds by state number: TCP's eleven, UDP's none, oneway, normal. */
export interface Timeouts {
  readonly tcp: readonly number[];
  readonly udp: readonly number[];
}

export interface ConfigureParts {
  readonly addresses: Ipv4AddressTable;
  readonly routes: Ipv4RouteTable;
  readonly services: ServiceTable;
  readonly sapools: SaPoolTable;
  readonly nextHops: NextHops;
  readonly conns: ConnView;
  readonly destInfo: DestInfo;
  readonly destChecks: DestChecks;
  /** From dpvs.conf; timeout.set changes some of them. */
  readonly timeouts: Timeouts;
}

/** Half of DP_KNI_ADDRESSES. */
const MAX_KNI_ADDRESSES = 65_536;

const protocolOf = (key: ServiceKey): Protocol => Protocol[key.protocol];
const optional = (address: string | null): Ipv4 => (address === null ? IPV4_ANY : parseIpv4(address));

export class Configure {
  constructor(readonly parts: ConfigureParts) {
    parts.conns.setTimeouts(parts.timeouts.tcp, parts.timeouts.udp);
  }

  apply(changes: readonly Change[]): void {
    for (const change of changes) this.#one(change);
    if (changes.some(({ kind }) => kind.startsWith('route.') || kind.startsWith('service.')))
      this.#publishKniAddresses();
  }

  #one(change: Change): void {
    const { addresses, routes, services, sapools, nextHops } = this.parts;
    switch (change.kind) {
      case 'address.set':
        return this.#setAddress(change.address);
      case 'address.remove': {
        const removed = addresses.delete(parseIpv4(change.address), change.device);
        if (removed.sapool) sapools.close(removed.address);
        return;
      }
      case 'route.set':
        return this.#setRoute(change.route);
      case 'route.remove':
        routes.delete(match(change.route));
        return;
      case 'neighbour.set': {
        const ip = parseIpv4(change.neighbour.address);
        const { device, mac } = change.neighbour;
        if (nextHops.neighbours.get(device, ip)?.state === 'STATIC') nextHops.neighbours.delete(device, ip);
        nextHops.neighbours.addStatic(device, ip, parseMac(mac));
        return;
      }
      case 'neighbour.remove':
        return nextHops.neighbours.delete(change.device, parseIpv4(change.address));
      case 'link.set':
        return; // the control thread sets ports
      case 'service.set': {
        const { service, scheduler, connTimeout, destCheck } = change.service;
        const vip = parseIpv4(service.address);
        const known = services.lookup(protocolOf(service), vip, service.port);
        if (known === undefined) services.add(protocolOf(service), vip, service.port, { scheduler, connTimeout });
        else services.edit(protocolOf(service), vip, service.port, { scheduler, connTimeout });
        return this.parts.destChecks.configure(this.#service(service), destCheck);
      }
      case 'service.remove':
        services.remove(protocolOf(change.service), parseIpv4(change.service.address), change.service.port);
        return;
      case 'server.set':
        return this.#setServer(change.server);
      case 'server.remove':
        services.removeServer(this.#service(change.service), parseIpv4(change.server.address), change.server.port);
        return;
      case 'laddr.set': {
        const service = this.#service(change.laddr.service);
        const lip = parseIpv4(change.laddr.address);
        if (service.laddrs.get(lip) === undefined) service.laddrs.add(lip, change.laddr.device, sapools.open(lip));
        return;
      }
      case 'laddr.remove': {
        const lip = parseIpv4(change.address);
        this.#service(change.service).laddrs.remove(lip);
        return sapools.close(lip);
      }
      case 'timeout.set':
        return this.#setTimeouts(change.timeouts);
    }
  }

  #setAddress(desired: DesiredAddress): void {
    const { addresses, sapools } = this.parts;
    const address = parseIpv4(desired.address);
    const before = addresses.find(address, desired.device);
    if (desired.sapool && before?.sapool !== true) sapools.open(address);
    if (!desired.sapool && before?.sapool === true) sapools.close(address);
    addresses.put({
      address,
      length: desired.prefixLength,
      device: desired.device,
      scope: desired.scope,
      broadcast: optional(desired.broadcast),
      sapool: desired.sapool,
      origin: desired.origin,
      validUntil: desired.validUntil ?? Number.POSITIVE_INFINITY,
      preferredUntil: desired.preferredUntil ?? Number.POSITIVE_INFINITY,
    });
  }

  #setRoute(desired: DesiredRoute): void {
    const { routes } = this.parts;
    const { prefix, length } = parseIpv4Prefix(desired.destination);
    routes.put({
      prefix,
      length,
      scope: desired.scope,
      gateway: optional(desired.gateway),
      source: optional(desired.source),
      device: desired.device,
      mtu: desired.mtu,
      metric: desired.metric,
      origin: desired.origin,
      ...(desired.hops === undefined
        ? {}
        : { hops: desired.hops.map((hop) => ({ ...hop, gateway: optional(hop.gateway) })) }),
    });
  }

  #setServer(desired: DesiredServer): void {
    const { services, destInfo } = this.parts;
    const service = this.#service(desired.service);
    const rip = parseIpv4(desired.server.address);
    const rport = desired.server.port;
    const { forwarding, weight, upperThreshold, lowerThreshold } = desired;
    const options = { forwarding, weight, upperThreshold, lowerThreshold };
    if (services.findServer(service, rip, rport) >= 0) {
      services.editServer(service, rip, rport, options);
      return;
    }
    destInfo.assign(services.addServer(service, rip, rport, options), service, rip, rport);
  }

  #setTimeouts({ tcp, tcpfin, udp }: DesiredTimeouts): void {
    const { timeouts, conns } = this.parts;
    const ofTcp = [...timeouts.tcp];
    // Numbers of the states: 1 established, 4 fin_wait.
    if (tcp > 0) ofTcp[1] = tcp;
    if (tcpfin > 0) ofTcp[4] = tcpfin;
    conns.setTimeouts(ofTcp, udp > 0 ? timeouts.udp.map((seconds, i) => (i === 0 ? seconds : udp)) : timeouts.udp);
  }

  #service(key: ServiceKey): Service {
    const service = this.parts.services.lookup(protocolOf(key), parseIpv4(key.address), key.port);
    if (service === undefined) throw new DpvsError('no_service', `${key.protocol} ${key.address}:${key.port}`);
    return service;
  }

  /** kni_host addresses without a service need no slow path: ssh and BGP go on while it restarts. */
  #publishKniAddresses(): void {
    const { routes, services } = this.parts;
    const kni = routes
      .list()
      .filter((r) => r.scope === 'kni_host' && routes.lookup(r.prefix) === r && !services.hasVip(r.prefix));
    // The rest, if there should ever be one, takes the slow path and the same way out.
    const words = Uint32Array.from(kni.slice(0, MAX_KNI_ADDRESSES), (r) => r.prefix);
    if ((loadLibrary().dp_kni_set_replace(words, words.length) as number) !== 0)
      throw new DpvsError('no_room', `${words.length} kni_host addresses`);
  }
}

const match = (route: DesiredRoute) => ({
  ...parseIpv4Prefix(route.destination),
  device: route.device,
  metric: route.metric,
});
