// The desired state: everything the API was asked for. Judges a request whole, then turns it into steps for the slow path.
import { DpvsError, type ServiceKey } from '../../api/index.js';
import type {
  Change,
  DesiredAddress,
  DesiredLaddr,
  DesiredLink,
  DesiredNeighbour,
  DesiredRoute,
  DesiredServer,
  DesiredService,
  DesiredTimeouts,
  DeviceFacts,
} from './changes.js';
import { effectiveRoutes } from './derived-routes.js';
import { dumpRequests } from './dump.js';
import { type FactChange, Facts, type ServiceFacts } from './facts.js';
import { addAddress, deleteAddress, flushAddresses, setAddress } from './judge-addresses.js';
import { setLink, setTimeouts } from './judge-node.js';
import { addNeighbour, addRoute, deleteNeighbour, deleteRoute, flushRoutes } from './judge-routes.js';
import {
  addLaddr,
  addServer,
  addService,
  deleteLaddr,
  deleteServer,
  deleteService,
  editServer,
  editService,
  flushServices,
} from './judge-services.js';
import type { MutatingMethod, MutatingRequest, RequestParams } from './requests.js';

/** Requests that were judged good. Nothing has changed yet: write them to the journal, then commit them. */
export interface Plan {
  readonly requests: readonly MutatingRequest[];
  readonly changes: readonly FactChange[];
  readonly version: number;
}

/** A service with what belongs to it, in the order it was added. */
export interface ServiceState extends DesiredService {
  readonly servers: readonly DesiredServer[];
  readonly laddrs: readonly DesiredLaddr[];
}

/**
 * Times are milliseconds since the epoch and always a parameter, so that a journal replays with the time of its lines.
 * Invariant: a refused request changes nothing; an accepted one is carried out whole.
 */
export class DesiredState {
  readonly #facts: Facts;

  constructor(devices: readonly DeviceFacts[]) {
    this.#facts = new Facts(devices);
  }

  /** @throws {DpvsError} why not, naming the field */
  plan(request: MutatingRequest, now = Date.now()): Plan {
    return { requests: [request], changes: judge(this.#facts, request, now), version: this.#facts.version };
  }

  /**
   * Each request is judged by what those before it would have made of the state: all of them or none.
   * @throws {DpvsError} of the first that is refused, its field as `requests.17.params.destination`
   */
  planBatch(requests: readonly MutatingRequest[], now = Date.now()): Plan {
    const draft = this.#facts.clone();
    const changes: FactChange[] = [];
    for (const [at, request] of requests.entries()) {
      try {
        const judged = judge(draft, request, now);
        draft.commit(judged);
        for (const change of judged) changes.push(change);
      } catch (error) {
        throw atEntry(at, request, error);
      }
    }
    return { requests, changes, version: this.#facts.version };
  }

  /** The plan must have been made for the state as it is. Returns the steps for the slow path; none for a request without effect. */
  commit(plan: Plan): Change[] {
    if (plan.version !== this.#facts.version) throw new Error('a plan was committed to a state it was not made for');
    return this.#facts.commit(plan.changes);
  }

  /** plan and commit in one. @throws {DpvsError} */
  apply<M extends MutatingMethod>(method: M, params: RequestParams<M>, now = Date.now()): Change[] {
    return this.commit(this.plan({ method, params } as MutatingRequest, now));
  }

  /** Requests that recreate this state when applied in order to an empty one. */
  dump(now = Date.now()): MutatingRequest[] {
    return dumpRequests(this.#facts, now);
  }

  /** The steps that bring an empty slow path to this state. */
  snapshot(): Change[] {
    const services = this.services();
    return [
      ...(Object.values(this.timeouts()).some((value) => value > 0)
        ? [{ kind: 'timeout.set', timeouts: this.timeouts() } as const]
        : []),
      ...this.links().map((link): Change => ({ kind: 'link.set', link })),
      ...this.addresses().map((address): Change => ({ kind: 'address.set', address })),
      ...this.effectiveRoutes().map((route): Change => ({ kind: 'route.set', route })),
      ...this.neighbours().map((neighbour): Change => ({ kind: 'neighbour.set', neighbour })),
      ...services.flatMap(({ servers, laddrs, ...service }): Change[] => [
        { kind: 'service.set', service },
        ...laddrs.map((laddr): Change => ({ kind: 'laddr.set', laddr })),
        ...servers.map((server): Change => ({ kind: 'server.set', server })),
      ]),
    ];
  }

  /** Requests that remove the addresses whose valid lifetime has passed. */
  expired(now: number): MutatingRequest[] {
    return [...this.#facts.addresses.allConfigured()]
      .filter(({ address }) => address.validUntil !== null && address.validUntil <= now)
      .map(({ address: { address, device } }) => ({ method: 'addr.del', params: { address, device } }));
  }

  /** When the next address expires; Infinity when none does. */
  get nextExpiry(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { address } of this.#facts.addresses.allConfigured()) next = Math.min(next, address.validUntil ?? next);
    return next;
  }

  devices(): DeviceFacts[] {
    return [...this.#facts.devices.values()];
  }

  /** Oldest first. */
  addresses(): DesiredAddress[] {
    return this.#facts.addresses.all();
  }

  /** Explicit routes only. */
  routes(): DesiredRoute[] {
    return this.#facts.routes.explicit();
  }

  /** Explicit and derived: what the slow path has and route.list shows. */
  effectiveRoutes(): DesiredRoute[] {
    return effectiveRoutes(this.routes(), this.addresses());
  }

  /** Whether there is a route of this key, explicit or derived. */
  hasRoute(key: string): boolean {
    return this.#facts.routes.inEffect(key) !== null;
  }

  neighbours(): DesiredNeighbour[] {
    return [...this.#facts.neighbours.values()];
  }

  links(): DesiredLink[] {
    return [...this.#facts.links.values()];
  }

  timeouts(): DesiredTimeouts {
    return this.#facts.timeouts;
  }

  services(): ServiceState[] {
    return [...this.#facts.services.values()].map(serviceState);
  }

  /** @throws {DpvsError} no_service */
  service(key: ServiceKey): ServiceState {
    return serviceState(this.#facts.service(key));
  }
}

function serviceState({ service, servers, laddrs }: ServiceFacts): ServiceState {
  return {
    ...service,
    servers: [...servers.values()].map(({ server }) => server),
    laddrs: [...laddrs.values()].map(({ laddr }) => laddr),
  };
}

function judge(facts: Facts, request: MutatingRequest, now: number): FactChange[] {
  switch (request.method) {
    case 'addr.add':
      return addAddress(facts, request.params, now);
    case 'addr.set':
      return setAddress(facts, request.params, now);
    case 'addr.del':
      return deleteAddress(facts, request.params);
    case 'addr.flush':
      return flushAddresses(facts, request.params.device);
    case 'route.add':
      return addRoute(facts, request.params);
    case 'route.del':
      return deleteRoute(facts, request.params);
    case 'route.flush':
      return flushRoutes(facts, request.params.device);
    case 'neigh.add':
      return addNeighbour(facts, request.params);
    case 'neigh.del':
      return deleteNeighbour(facts, request.params);
    case 'link.set':
      return setLink(facts, request.params);
    case 'timeout.set':
      return setTimeouts(facts, request.params);
    case 'service.add':
      return addService(facts, request.params);
    case 'service.edit':
      return editService(facts, request.params);
    case 'service.del':
      return deleteService(facts, request.params.service);
    case 'service.flush':
      return flushServices(facts);
    case 'server.add':
      return addServer(facts, request.params);
    case 'server.edit':
      return editServer(facts, request.params);
    case 'server.del':
      return deleteServer(facts, request.params);
    case 'laddr.add':
      return addLaddr(facts, request.params);
    case 'laddr.del':
      return deleteLaddr(facts, request.params);
    default:
      return unknownMethod(request);
  }
}

/** A method the schema marks `mutates` but nobody judges does not compile. */
function unknownMethod(request: never): never {
  throw new DpvsError('not_support', String((request as { method: string }).method), 'method');
}

/** The same refusal, with the request of the batch that it is about. */
function atEntry(at: number, { method }: MutatingRequest, error: unknown): unknown {
  if (!(error instanceof DpvsError)) return error;
  const field = [`requests.${at}.params`, error.field].filter((part) => part !== '').join('.');
  return new DpvsError(error.code, `requests.${at} (${method}): ${error.detail}`, field);
}
