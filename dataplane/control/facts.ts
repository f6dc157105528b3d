// The facts of the desired state: what requests said and did not take back. Everything else (addresses in effect, routes)
// is derived from them. Judging is done before; what arrives here is valid.
import { DpvsError, type ServerKey, type ServiceKey } from '../../api/index.js';
import { AddressFacts, type ConfiguredAddress } from './address-facts.js';
import type {
  Change,
  DesiredLaddr,
  DesiredLink,
  DesiredNeighbour,
  DesiredServer,
  DesiredService,
  DesiredTimeouts,
  DeviceFacts,
} from './changes.js';
import { routeKey } from './derived-routes.js';
import { addressKey, serverText, serviceText } from './keys.js';
import { RouteFacts } from './route-facts.js';
import { WanUse } from './wan-use.js';

/** One elementary change of the facts. Steps for the slow path (`Change`) follow from it. */
export type FactChange =
  | { readonly kind: 'address.set'; readonly address: ConfiguredAddress }
  | { readonly kind: 'address.remove'; readonly address: string; readonly device: string }
  | Exclude<Change, { kind: 'address.set' | 'address.remove' }>;

/** A service with its own numbers of order (see AddressFacts). */
export interface ServiceFacts {
  readonly order: number;
  service: DesiredService;
  readonly servers: Map<string, { readonly order: number; server: DesiredServer }>;
  /** By address. */
  readonly laddrs: Map<string, { readonly order: number; readonly laddr: DesiredLaddr }>;
}

export class Facts {
  readonly devices: ReadonlyMap<string, DeviceFacts>;
  readonly addresses: AddressFacts;
  readonly routes: RouteFacts;
  readonly neighbours: Map<string, DesiredNeighbour>;
  readonly links: Map<string, DesiredLink>;
  readonly services: Map<string, ServiceFacts>;
  readonly wanUse: WanUse;
  #servers = 0;
  /** Addresses of DR's real servers → how many services have them. */
  readonly #direct: Map<string, number>;
  #matches = 0;
  timeouts: DesiredTimeouts = { tcp: 0, tcpfin: 0, udp: 0 };
  /** Grows with each commit: a plan made for another version is refused. */
  version = 0;
  #nextOrder = 1;

  /** @param from begin with a copy of these facts: what happens to the copy leaves them alone */
  constructor(devices: readonly DeviceFacts[], from?: Facts) {
    this.devices = new Map(devices.map((device) => [device.name, device]));
    this.addresses = from?.addresses.clone() ?? new AddressFacts();
    this.routes = from?.routes.clone() ?? new RouteFacts();
    this.neighbours = new Map(from?.neighbours);
    this.links = new Map(from?.links);
    this.services = new Map([...(from?.services ?? [])].map(([key, service]) => [key, cloneService(service)]));
    this.#direct = new Map(from === undefined ? [] : from.#direct);
    this.wanUse = from?.wanUse.clone() ?? new WanUse();
    if (from === undefined) return;
    this.#servers = from.#servers;
    this.#matches = from.#matches;
    this.timeouts = from.timeouts;
    this.#nextOrder = from.#nextOrder;
  }

  /** A draft: for judging requests that build on each other before any of them counts. */
  clone(): Facts {
    return new Facts([...this.devices.values()], this);
  }

  /** @throws {DpvsError} no_device */
  device(name: string, field = 'device'): DeviceFacts {
    const device = this.devices.get(name);
    if (device === undefined) throw new DpvsError('no_device', name, field);
    return device;
  }

  /** What the port was last told; what it was started with otherwise. @throws {DpvsError} no_device */
  mtuOf(device: string): number {
    return this.links.get(device)?.mtu ?? this.device(device).mtu;
  }

  /** The largest the port can have until the next start. @throws {DpvsError} no_device */
  maxMtuOf(device: string): number {
    const { mtu, maxMtu } = this.device(device);
    return Math.max(mtu, maxMtu?.mtu ?? 0);
  }

  /** @throws {DpvsError} no_service */
  service(key: ServiceKey): ServiceFacts {
    const service = this.services.get(serviceText(key));
    if (service === undefined) throw new DpvsError('no_service', serviceText(key), 'service');
    return service;
  }

  commit(changes: readonly FactChange[]): Change[] {
    this.version++;
    return changes.flatMap((change) => this.#commitOne(change));
  }

  #commitOne(change: FactChange): Change[] {
    switch (change.kind) {
      case 'address.set':
        return this.#changeAddress(addressKey(change.address), () =>
          this.addresses.configure(change.address, this.#nextOrder++),
        );
      case 'address.remove':
        return this.#changeAddress(addressKey(change), () => this.addresses.unconfigure(addressKey(change)));
      case 'laddr.set': {
        const { laddr } = change;
        const order = this.#nextOrder++;
        this.service(laddr.service).laddrs.set(laddr.address, { order, laddr });
        const steps = this.#changeAddress(addressKey(laddr), () => this.addresses.bind(laddr, order));
        return [...steps, change];
      }
      case 'laddr.remove':
        this.service(change.service).laddrs.delete(change.address);
        return [change, ...this.#changeAddress(addressKey(change), () => this.addresses.unbind(change))];
      case 'route.set':
        return this.routes.change([routeKey(change.route)], () => this.routes.set(change.route));
      case 'route.remove':
        return this.routes.change([routeKey(change.route)], () => this.routes.remove(change.route));
      case 'neighbour.set':
        this.neighbours.set(addressKey(change.neighbour), change.neighbour);
        return [change];
      case 'neighbour.remove':
        this.neighbours.delete(addressKey(change));
        return [change];
      case 'link.set':
        this.links.set(change.link.name, change.link);
        return [change];
      case 'timeout.set':
        this.timeouts = change.timeouts;
        return [change];
      case 'service.set':
        this.#setService(change.service);
        return [change];
      case 'service.remove':
        this.services.delete(serviceText(change.service));
        if (change.service.protocol === 'match') this.#matches--;
        return [change];
      case 'server.set':
        this.#setServer(change.server);
        return [change];
      case 'server.remove':
        this.#removeServer(change.service, change.server);
        return [change];
    }
  }

  /** Match services. */
  get matches(): number {
    return this.#matches;
  }

  /** Real servers of all services. */
  get serverCount(): number {
    return this.#servers;
  }

  /** Is it a real server's that direct routing delivers to? */
  isDirectServer(address: string): boolean {
    return this.#direct.has(address);
  }

  /** The address in effect and the routes it brings may both differ afterwards. */
  #changeAddress(key: string, mutate: () => void): Change[] {
    const before = this.addresses.inEffect(key);
    mutate();
    const after = this.addresses.inEffect(key);
    const steps: Change[] = [];
    if (after !== null) {
      if (JSON.stringify(before) !== JSON.stringify(after)) steps.push({ kind: 'address.set', address: after });
    } else if (before !== null) {
      steps.push({ kind: 'address.remove', address: before.address, device: before.device });
    }
    return [...steps, ...this.routes.derive(key, after, this.addresses.orderOf(key))];
  }

  #setService(service: DesiredService): void {
    const key = serviceText(service.service);
    const present = this.services.get(key);
    if (present !== undefined) {
      present.service = service;
      return;
    }
    this.services.set(key, { order: this.#nextOrder++, service, servers: new Map(), laddrs: new Map() });
    if (service.service.protocol === 'match') this.#matches++;
  }

  #setServer(server: DesiredServer): void {
    const { servers } = this.service(server.service);
    const present = servers.get(serverText(server.server));
    this.#countDirect(present?.server, -1);
    this.#countDirect(server, 1);
    if (present !== undefined) {
      present.server = server;
      return;
    }
    servers.set(serverText(server.server), { order: this.#nextOrder++, server });
    this.#servers++;
    this.wanUse.add(server.service, server.server);
  }

  #removeServer(service: ServiceKey, key: ServerKey): void {
    const { servers } = this.service(service);
    const present = servers.get(serverText(key));
    if (present === undefined) return;
    servers.delete(serverText(key));
    this.#servers--;
    this.#countDirect(present.server, -1);
    this.wanUse.remove(service, key);
  }

  #countDirect(server: DesiredServer | undefined, by: 1 | -1): void {
    if (server?.forwarding !== 'Route') return;
    const { address } = server.server;
    const count = (this.#direct.get(address) ?? 0) + by;
    if (count === 0) this.#direct.delete(address);
    else this.#direct.set(address, count);
  }
}

function cloneService({ order, service, servers, laddrs }: ServiceFacts): ServiceFacts {
  return {
    order,
    service,
    servers: new Map([...servers].map(([key, server]) => [key, { ...server }])),
    laddrs: new Map(laddrs),
  };
}
