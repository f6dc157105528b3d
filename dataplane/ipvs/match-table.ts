// The match services (SNAT), which have no virtual IP: looked up by what a packet is and which ports it comes and goes by.
import type { Ipv4 } from '../inet/index.js';
import type { Protocol } from './protocol.js';

/** Both ends included; addresses up to 0.0.0.0 are any, and so are ports up to 0. */
export interface EndRange {
  readonly from: Ipv4;
  readonly to: Ipv4;
  readonly fromPort: number;
  readonly toPort: number;
}

/** What is null is not looked at. */
export interface Match {
  /** One a match, of sixteen bytes in hex: what a restarted slow path knows it by. */
  readonly digest: string;
  readonly protocol: Protocol;
  readonly source: EndRange | null;
  readonly destination: EndRange | null;
  readonly inDevice: string | null;
  readonly outDevice: string | null;
}

/** One packet; ports in host order, 0 of ICMP. */
export interface Flight {
  protocol: number;
  src: Ipv4;
  sport: number;
  dst: Ipv4;
  dport: number;
  inDevice: string;
  outDevice: string;
}

interface Holder {
  readonly match: Match | null;
}

export class MatchTable<S extends Holder> {
  /** The last added is the first looked at, as in the reference. */
  #newestFirst: S[] = [];
  readonly #byDigest = new Map<string, S>();

  get size(): number {
    return this.#newestFirst.length;
  }

  get(digest: string): S | undefined {
    return this.#byDigest.get(digest);
  }

  add(digest: string, service: S): void {
    this.#byDigest.set(digest, service);
    this.#newestFirst = [service, ...this.#newestFirst];
  }

  delete(digest: string): void {
    const service = this.#byDigest.get(digest);
    this.#byDigest.delete(digest);
    this.#newestFirst = this.#newestFirst.filter((other) => other !== service);
  }

  /** No allocation. @param ports false: of a fragment, whose ports are not looked at */
  lookup(flight: Flight, ports = true): S | undefined {
    const services = this.#newestFirst;
    for (let i = 0; i < services.length; i++) {
      const service = services[i]!;
      if (matches(service.match!, flight, ports)) return service;
    }
    return undefined;
  }
}

function matches(match: Match, flight: Flight, ports: boolean): boolean {
  return (
    match.protocol === flight.protocol &&
    (match.inDevice === null || match.inDevice === flight.inDevice) &&
    (match.outDevice === null || match.outDevice === flight.outDevice) &&
    (match.source === null || contains(match.source, flight.src, flight.sport, ports)) &&
    (match.destination === null || contains(match.destination, flight.dst, flight.dport, ports))
  );
}

function contains(range: EndRange, ip: Ipv4, port: number, ports: boolean): boolean {
  if (range.to !== 0 && (ip < range.from || ip > range.to)) return false;
  return !ports || range.toPort === 0 || (port >= range.fromPort && port <= range.toPort);
}
