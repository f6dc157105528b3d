// The services by protocol, VIP and port, or by what they match, and the real servers of each.
import { DpvsError } from '../../api/errors.js';
import { formatEndpoint, IP_NONE, type Ip, IpPairMap } from '../inet/index.js';
import { DestTable } from './dest-table.js';
import { type Match, MatchTable } from './match-table.js';
import { seededRandom } from './prng.js';
import { Protocol } from './protocol.js';
import { type Service, ServiceEntry, type ServiceOptions } from './service.js';

export type Forwarding = 'FullNat' | 'Route' | 'SNAT' | 'Masq' | 'Tunnel';

export interface ServerOptions {
  /** Default FullNat. */
  readonly forwarding?: Forwarding;
  /** 0–65535, default 1; with 0 no new connections. */
  readonly weight?: number;
  /** 0: none. */
  readonly upperThreshold?: number;
  readonly lowerThreshold?: number;
}

const MAX_WEIGHT = 65535;
/** Of a match that only its connections know any more. */
const ANYTHING = { source: null, destination: null, inDevice: null, outDevice: null } as const;

/** What a slot is besides the numbers in the columns. */
interface Owner {
  readonly service: ServiceEntry;
  forwarding: Forwarding;
}

/** A slot and whose it was. */
export interface AdoptedServer {
  readonly destIndex: number;
  readonly protocol: Protocol;
  readonly vip: Ip;
  readonly port: number;
  readonly rip: Ip;
  readonly rport: number;
  /** The digest of a match service's match; VIP and port mean nothing then. */
  readonly match?: string;
}

export class ServiceTable {
  readonly dests: DestTable;
  readonly #maxServices: number;
  readonly #start: number;
  readonly #random: () => number;
  /** (VIP, protocol and port) → index into `#entries`. */
  readonly #index = new IpPairMap(1024);
  readonly #entries: (ServiceEntry | undefined)[] = [];
  readonly #freeEntries: number[] = [];
  /** (VIP, 0) → number of its services. */
  readonly #vips = new IpPairMap(1024);
  readonly #matches = new MatchTable<ServiceEntry>();
  /** WAN address → number of match services that have it. */
  readonly #wans = new Map<Ip, number>();
  /** In the order added. */
  readonly #services = new Set<ServiceEntry>();
  readonly #owners: (Owner | undefined)[];
  /** Retired slots by what they were, see `identity`. */
  readonly #retired = new Map<string, number>();
  #nextId = 0;
  #generation = 0;

  /** @param options.start first real server of a new service's scheduler; @param options.seed for the LIPs' jitter */
  constructor(
    options: {
      /** Default 65536. */
      readonly maxServices?: number;
      /** Default 65536, retired ones included. */
      readonly maxServers?: number;
      readonly seed?: number;
      readonly start?: number;
    } = {},
  ) {
    this.#maxServices = options.maxServices ?? 65536;
    this.dests = new DestTable(options.maxServers);
    this.#owners = new Array(this.dests.capacity).fill(undefined);
    this.#start = options.start ?? 0;
    this.#random = seededRandom(options.seed ?? 0);
  }

  get size(): number {
    return this.#services.size;
  }

  /** Changes with every modification. */
  get generation(): number {
    return this.#generation;
  }

  /** No allocation. */
  lookup(protocol: Protocol, vip: Ip, port: number): Service | undefined {
    return this.#lookup(protocol, vip, port);
  }

  /** The services without a virtual IP. */
  get matches(): Pick<MatchTable<Service>, 'size' | 'get' | 'lookup'> {
    return this.#matches;
  }

  /** Has the address a service of any protocol and port? */
  hasVip(ip: Ip): boolean {
    return this.#vips.get(ip, 0) !== -1;
  }

  /** Is it the WAN address of a match service? */
  hasWan(ip: Ip): boolean {
    return this.#wans.has(ip);
  }

  /** In the order added. */
  list(): Service[] {
    return [...this.#services];
  }

  /** @throws DpvsError service_exists, no_room, not_support (port 0) */
  add(protocol: Protocol, vip: Ip, port: number, options: ServiceOptions = {}): Service {
    if (this.#lookup(protocol, vip, port) !== undefined) {
      throw new DpvsError('service_exists', describe(protocol, vip, port));
    }
    // The reference wants such a service to be persistent, which does not exist here yet.
    if (port === 0) throw new DpvsError('not_support', 'a service of port 0', 'service.port');
    this.#mustHaveRoom();
    const service = new ServiceEntry(this.#nextId++, protocol, vip, port, this.dests, this.#start, this.#random);
    service.configure(options);
    const at = this.#freeEntries.pop() ?? this.#entries.length;
    this.#entries[at] = service;
    this.#index.set(vip, pack(protocol, port), at);
    this.#vips.add(vip, 0, 1);
    this.#services.add(service);
    this.#generation++;
    return service;
  }

  /** @throws DpvsError service_exists, no_room */
  addMatch(match: Match, options: ServiceOptions = {}): Service {
    if (this.#matches.get(match.digest) !== undefined) throw new DpvsError('service_exists', `match ${match.digest}`);
    this.#mustHaveRoom();
    const service = this.#matchEntry(match);
    service.configure(options);
    this.#matches.add(match.digest, service);
    this.#services.add(service);
    this.#generation++;
    return service;
  }

  /** What is not given stays. @throws DpvsError no_service */
  editMatch(digest: string, options: ServiceOptions): Service {
    const service = this.#requireMatch(digest);
    service.configure(options);
    this.#generation++;
    return service;
  }

  /** @throws DpvsError no_service */
  removeMatch(digest: string): Service {
    const service = this.#requireMatch(digest);
    this.#end(service);
    this.#matches.delete(digest);
    return service;
  }

  /** What is not given stays. @throws DpvsError no_service */
  edit(protocol: Protocol, vip: Ip, port: number, options: ServiceOptions): Service {
    const service = this.#require(protocol, vip, port);
    service.configure(options);
    this.#generation++;
    return service;
  }

  /** Retires its real servers. The caller closes its LIPs' pools. @throws DpvsError no_service */
  remove(protocol: Protocol, vip: Ip, port: number): Service {
    const service = this.#require(protocol, vip, port);
    this.#end(service);
    const at = this.#index.get(vip, pack(protocol, port));
    this.#entries[at] = undefined;
    this.#freeEntries.push(at);
    this.#index.delete(vip, pack(protocol, port));
    this.#vips.add(vip, 0, -1);
    return service;
  }

  /**
   * A retired server of the same protocol, VIP and port, address and port gets its slot, and with it its connections, back.
   * @throws DpvsError server_exists, no_room, no_service (removed), invalid_parameter
   */
  addServer(service: Service, rip: Ip, rport: number, options: ServerOptions = {}): number {
    const entry = service as ServiceEntry;
    if (!entry.live) throw new DpvsError('no_service', nameOf(entry));
    if (this.findServer(entry, rip, rport) !== -1) throw new DpvsError('server_exists', formatEndpoint(rip, rport));
    validate(options, 0);
    const dest = this.#revive(entry, rip, rport) ?? this.dests.allocate(rip, rport);
    this.#owners[dest] = { service: entry, forwarding: 'FullNat' };
    this.dests.flags[dest] = 0;
    const { forwarding, weight = 1, upperThreshold = 0, lowerThreshold = 0 } = options;
    this.#apply(dest, { forwarding, weight, upperThreshold, lowerThreshold });
    entry.push(dest);
    if (entry.match !== null) this.#countWan(rip, 1);
    entry.scheduler.update(entry);
    this.#generation++;
    return dest;
  }

  /** What is not given stays. @throws DpvsError no_server, invalid_parameter */
  editServer(service: Service, rip: Ip, rport: number, options: ServerOptions): number {
    const dest = this.#requireServer(service, rip, rport);
    validate(options, this.dests.upperThresholds[dest]!);
    this.#apply(dest, options);
    service.scheduler.update(service);
    this.#generation++;
    return dest;
  }

  /** Retires the slot and returns it. @throws DpvsError no_server */
  removeServer(service: Service, rip: Ip, rport: number): number {
    const dest = this.#requireServer(service, rip, rport);
    if (service.match !== null) this.#countWan(rip, -1);
    this.#retire(dest, service as ServiceEntry);
    (service as ServiceEntry).drop(dest);
    service.scheduler.update(service);
    this.#generation++;
    return dest;
  }

  /** -1 when there is none. */
  findServer(service: Service, rip: Ip, rport: number): number {
    const { addresses, ports } = this.dests;
    for (let at = 0; at < service.count; at++) {
      const dest = service.members[at]!;
      if (addresses[dest] === rip && ports[dest] === rport) return dest;
    }
    return -1;
  }

  /** The service the slot belongs to or, retired, belonged to; undefined for a free slot. */
  serviceOf(destIndex: number): Service | undefined {
    return this.#owners[destIndex]?.service;
  }

  forwardingOf(destIndex: number): Forwarding | undefined {
    return this.#owners[destIndex]?.forwarding;
  }

  /** Frees a drained slot for reuse; see DestTable.free. */
  free(destIndex: number): void {
    const owner = this.#owners[destIndex];
    this.dests.free(destIndex);
    this.#owners[destIndex] = undefined;
    const key = owner && identity(owner.service, this.dests.address(destIndex), this.dests.ports[destIndex]!);
    if (key !== undefined && this.#retired.get(key) === destIndex) this.#retired.delete(key);
  }

  /**
   * The slots that were in use before a restart: retired, so that nothing else gets them and each server that is added again
   * finds its own. To be called before the services are added.
   */
  adoptServers(slots: Iterable<AdoptedServer>): void {
    const services = new Map<string, ServiceEntry>();
    for (const { destIndex, protocol, vip, port, rip, rport, match } of slots) {
      const name = match ?? describe(protocol, vip, port);
      const service =
        services.get(name) ??
        (match === undefined
          ? new ServiceEntry(this.#nextId++, protocol, vip, port, this.dests, this.#start, this.#random)
          : this.#matchEntry({ digest: match, protocol, ...ANYTHING }));
      service.live = false;
      services.set(name, service);
      this.dests.allocate(rip, rport, destIndex);
      this.#owners[destIndex] = { service, forwarding: 'FullNat' };
      this.#retire(destIndex, service);
    }
  }

  #matchEntry(match: Match): ServiceEntry {
    return new ServiceEntry(this.#nextId++, match.protocol, IP_NONE, 0, this.dests, this.#start, this.#random, match);
  }

  #mustHaveRoom(): void {
    if (this.#services.size >= this.#maxServices) throw new DpvsError('no_room', `${this.#maxServices} services`);
  }

  /** Its real servers are retired. */
  #end(service: ServiceEntry): void {
    for (const dest of service.members.subarray(0, service.count)) {
      if (service.match !== null) this.#countWan(this.dests.address(dest), -1);
      this.#retire(dest, service);
    }
    service.count = 0;
    service.live = false;
    service.scheduler.update(service);
    this.#services.delete(service);
    this.#generation++;
  }

  #apply(dest: number, options: ServerOptions): void {
    const { dests } = this;
    if (options.forwarding !== undefined) this.#owners[dest]!.forwarding = options.forwarding;
    if (options.weight !== undefined) dests.weights[dest] = options.weight;
    const upper = options.upperThreshold ?? dests.upperThresholds[dest]!;
    dests.setThresholds(dest, upper, options.lowerThreshold ?? dests.lowerThresholds[dest]!);
  }

  #retire(dest: number, service: ServiceEntry): void {
    this.dests.retire(dest);
    this.#retired.set(identity(service, this.dests.address(dest), this.dests.ports[dest]!), dest);
  }

  #revive(service: ServiceEntry, rip: Ip, rport: number): number | undefined {
    const key = identity(service, rip, rport);
    const dest = this.#retired.get(key);
    if (dest === undefined) return undefined;
    this.dests.revive(dest);
    this.#retired.delete(key);
    return dest;
  }

  #lookup(protocol: Protocol, vip: Ip, port: number): ServiceEntry | undefined {
    const at = this.#index.get(vip, pack(protocol, port));
    return at === -1 ? undefined : this.#entries[at];
  }

  #require(protocol: Protocol, vip: Ip, port: number): ServiceEntry {
    const service = this.#lookup(protocol, vip, port);
    if (service === undefined) throw new DpvsError('no_service', describe(protocol, vip, port));
    return service;
  }

  #countWan(ip: Ip, by: 1 | -1): void {
    const count = (this.#wans.get(ip) ?? 0) + by;
    if (count === 0) this.#wans.delete(ip);
    else this.#wans.set(ip, count);
  }

  #requireMatch(digest: string): ServiceEntry {
    const service = this.#matches.get(digest);
    if (service === undefined) throw new DpvsError('no_service', `match ${digest}`);
    return service;
  }

  #requireServer(service: Service, rip: Ip, rport: number): number {
    const dest = this.findServer(service, rip, rport);
    if (dest === -1) throw new DpvsError('no_server', formatEndpoint(rip, rport));
    return dest;
  }
}

function pack(protocol: Protocol, port: number): number {
  return (protocol << 16) | port;
}

/** What makes a real server the same one when it is added again. */
function identity({ protocol, vip, port, match }: Service, rip: Ip, rport: number): string {
  return match === null ? `${protocol} ${vip}:${port} ${rip}:${rport}` : `${match.digest} ${rip}:${rport}`;
}

const nameOf = ({ protocol, vip, port, match }: Service): string =>
  match === null ? describe(protocol, vip, port) : `match ${match.digest}`;

function describe(protocol: Protocol, vip: Ip, port: number): string {
  return `${protocol === Protocol.tcp ? 'TCP' : 'UDP'} ${formatEndpoint(vip, port)}`;
}

function validate(options: ServerOptions, upperNow: number): void {
  const { weight = 1, upperThreshold = upperNow, lowerThreshold = 0 } = options;
  if (!(Number.isInteger(weight) && weight >= 0 && weight <= MAX_WEIGHT)) {
    throw new DpvsError('invalid_parameter', `weight ${weight}`, 'weight');
  }
  if (lowerThreshold > 0 && lowerThreshold > upperThreshold) {
    throw new DpvsError('invalid_parameter', 'lower threshold above the upper one', 'lowerThreshold');
  }
}
