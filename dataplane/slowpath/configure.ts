// Applies the elementary changes of the desired state to the slow path's tables. Each change is complete and may be repeated.
import { DpvsError } from '../../api/errors.js';
import type { ServiceKey } from '../../api/index.js';
import { serviceText } from '../../api/service-text.js';
import { loadLibrary } from '../../native/index.js';
import type {
  Change,
  DesiredAddress,
  DesiredRoute,
  DesiredServer,
  DesiredService,
  DesiredTimeouts,
} from '../control/index.js';
import {
  type AddressTable,
  IP_NONE,
  type Ip,
  type Ipv6,
  isIp4,
  parseIp,
  parseMac,
  parsePrefix,
  type RouteTable,
  writeIpv6,
} from '../inet/index.js';
import { Protocol, type SaPoolTable, type Service, type ServiceTable } from '../ipvs/index.js';
import type { ConnView } from './conn-view.js';
import type { DestChecks } from './dest-checks.js';
import type { DestInfo } from './dest-info.js';
import type { NextHops } from './next-hops.js';
import { findService, matchOf } from './service-key.js';

/** Seconds by state number: TCP's eleven, UDP's none, oneway, normal. */
export interface Timeouts {
  readonly tcp: readonly number[];
  readonly udp: readonly number[];
}

export interface ConfigureParts {
  readonly addresses: AddressTable;
  readonly routes: RouteTable;
  readonly services: ServiceTable;
  readonly sapools: SaPoolTable;
  readonly nextHops: NextHops;
  readonly conns: ConnView;
  readonly destInfo: DestInfo;
  readonly destChecks: DestChecks;
  /** A port's settings were changed. */
  readonly portSet: (name: string) => void;
  /** From dpvs.conf; timeout.set changes some of them. */
  readonly timeouts: Timeouts;
}

/** Half of DP_KNI_ADDRESSES and of DP_OWN6_ADDRESSES. */
const MAX_KNI_ADDRESSES = 65_536;
const MAX_OWN_ADDRESSES = 65_536;

const optional = (address: string | null): Ip => (address === null ? IP_NONE : parseIp(address));

export class Configure {
  /** What the fast path was last told are the dataplane's IPv6 addresses. */
  #published: string | undefined;

  constructor(readonly parts: ConfigureParts) {
    parts.conns.setTimeouts(parts.timeouts.tcp, parts.timeouts.udp);
  }

  apply(changes: readonly Change[]): void {
    for (const change of changes) this.#one(change);
    const placed = changes.filter(({ kind }) => kind.startsWith('route.') || kind.startsWith('service.'));
    if (placed.length > 0) this.#publishKniAddresses();
    // A slow path before this one may have left others.
    if (this.#published === undefined || placed.some(isIp6)) this.#publishOwnAddresses();
  }

  #one(change: Change): void {
    const { addresses, routes, services, sapools, nextHops } = this.parts;
    switch (change.kind) {
      case 'address.set':
        return this.#setAddress(change.address);
      case 'address.remove': {
        const removed = addresses.delete(parseIp(change.address), change.device);
        if (removed.sapool) sapools.close(removed.address);
        return;
      }
      case 'route.set':
        return this.#setRoute(change.route);
      case 'route.remove':
        routes.delete(match(change.route));
        return;
      case 'neighbour.set': {
        const ip = parseIp(change.neighbour.address);
        const { device, mac } = change.neighbour;
        if (nextHops.neighbours.get(device, ip)?.state === 'STATIC') nextHops.neighbours.delete(device, ip);
        nextHops.neighbours.addStatic(device, ip, parseMac(mac));
        return;
      }
      case 'neighbour.remove':
        return nextHops.neighbours.delete(change.device, parseIp(change.address));
      case 'link.set':
        // The control thread has set the port.
        return this.parts.portSet(change.link.name);
      case 'service.set': {
        this.#setService(change.service);
        return this.parts.destChecks.configure(this.#service(change.service.service), change.service.destCheck);
      }
      case 'service.remove':
        return this.#removeService(change.service);
      case 'server.set':
        return this.#setServer(change.server);
      case 'server.remove':
        services.removeServer(this.#service(change.service), parseIp(change.server.address), change.server.port);
        return;
      case 'laddr.set': {
        const service = this.#service(change.laddr.service);
        const lip = parseIp(change.laddr.address);
        if (service.laddrs.get(lip) === undefined) service.laddrs.add(lip, change.laddr.device, sapools.open(lip));
        return;
      }
      case 'laddr.remove': {
        const lip = parseIp(change.address);
        this.#service(change.service).laddrs.remove(lip);
        return sapools.close(lip);
      }
      case 'timeout.set':
        return this.#setTimeouts(change.timeouts);
    }
  }

  #setAddress(desired: DesiredAddress): void {
    const { addresses, sapools } = this.parts;
    const address = parseIp(desired.address);
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
    const { prefix, length } = parsePrefix(desired.destination);
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

  #setService({ service, scheduler, connTimeout }: DesiredService): void {
    const { services } = this.parts;
    const known = findService(services, service) !== undefined;
    const options = { scheduler, connTimeout };
    if (service.protocol === 'match') {
      const match = matchOf(service.match);
      if (known) services.editMatch(match.digest, options);
      else services.addMatch(match, options);
      return;
    }
    const end = [Protocol[service.protocol], parseIp(service.address), service.port] as const;
    if (known) services.edit(...end, options);
    else services.add(...end, options);
  }

  #removeService(key: ServiceKey): void {
    const { services } = this.parts;
    if (key.protocol === 'match') services.removeMatch(matchOf(key.match).digest);
    else services.remove(Protocol[key.protocol], parseIp(key.address), key.port);
  }

  #setServer(desired: DesiredServer): void {
    const { services, destInfo } = this.parts;
    const service = this.#service(desired.service);
    const rip = parseIp(desired.server.address);
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
    const service = findService(this.parts.services, key);
    if (service === undefined) throw new DpvsError('no_service', serviceText(key));
    return service;
  }

  /** kni_host addresses without a service need no slow path: ssh and BGP go on while it restarts. */
  #publishKniAddresses(): void {
    const { routes, services } = this.parts;
    const kni = routes
      .list()
      .map((r) => ({ route: r, ip: r.prefix }))
      .filter(({ route, ip }) => route.scope === 'kni_host' && routes.lookup(ip) === route && !services.hasVip(ip))
      .map(({ ip }) => ip)
      .filter(isIp4);
    // The rest, if there should ever be one, takes the slow path and the same way out.
    const words = Uint32Array.from(kni.slice(0, MAX_KNI_ADDRESSES));
    if ((loadLibrary().dp_kni_set_replace(words, words.length) as number) !== 0)
      throw new DpvsError('no_room', `${words.length} kni_host addresses`);
  }

  /** IPv6 addresses that are the dataplane's before they are the kernel's: VIPs, and what was configured here. */
  #publishOwnAddresses(): void {
    const { addresses, routes, services } = this.parts;
    const ours = addresses
      .list()
      .map(({ address }) => address)
      .filter((ip) => routes.lookup(ip)?.scope === 'host');
    const vips = services.list().map(({ vip }) => vip);
    const own = [...new Set([...ours, ...vips])].filter((ip): ip is Ipv6 => !isIp4(ip)).slice(0, MAX_OWN_ADDRESSES);
    const key = own.join('');
    if (key === this.#published) return;
    this.#published = key;
    const bytes = new Uint8Array(Math.max(16, own.length * 16)); // an empty one has no address
    const view = new DataView(bytes.buffer);
    own.forEach((ip, i) => {
      writeIpv6(ip, view, i * 16);
    });
    if ((loadLibrary().dp_own6_set_replace(bytes, own.length) as number) !== 0)
      throw new DpvsError('no_room', `${own.length} IPv6 addresses`);
  }
}

const match = (route: DesiredRoute) => ({
  ...parsePrefix(route.destination),
  device: route.device,
  metric: route.metric,
});

/** Of a route or a service: an address brings a route. */
function isIp6(change: Change): boolean {
  switch (change.kind) {
    case 'route.set':
    case 'route.remove':
      return change.route.destination.includes(':');
    case 'service.set':
      return isIp6Service(change.service.service);
    case 'service.remove':
      return isIp6Service(change.service);
    default:
      return false;
  }
}

const isIp6Service = (key: ServiceKey): boolean => key.protocol !== 'match' && key.address.includes(':');
