// A packet that no virtual IP's service takes and that would be routed, as far as match services (SNAT) go: a new connection, or dropped
// with its reason. Nothing that a match service would take leaves with the address of a host behind the node.
import { type Ipv4, isIp4, type RouteTable, wayOf } from '../inet/index.js';
import { type Flight, Protocol, type Service, type ServiceTable } from '../ipvs/index.js';
import type { AnswerBatch } from './answers.js';
import { leaves, remoteHash } from './modes/index.js';
import type { Packets } from './packets.js';
import type { Ports } from './ports.js';
import type { Scheduling } from './scheduling.js';
import { drop, punt, type UpcallBatch, UpcallClass } from './upcalls.js';

const ECHO = 8;

export interface MatchMissParts {
  readonly services: ServiceTable;
  readonly scheduling: Scheduling;
  readonly routes: RouteTable;
  readonly ports: Ports;
  readonly packets: Packets;
  readonly answers: AnswerBatch;
}

export class MatchMiss {
  readonly #drop = drop();
  readonly #punt = punt();
  readonly #flight: Flight = {
    protocol: 0,
    src: 0 as Ipv4,
    sport: 0,
    dst: 0 as Ipv4,
    dport: 0,
    inDevice: '',
    outDevice: '',
  };

  /** @param ttlExpired says so to the sender and answers the upcall */
  constructor(
    readonly parts: MatchMissParts,
    readonly ttlExpired: (upcalls: UpcallBatch, i: number) => void,
  ) {}

  /** False: no match service has to do with it. */
  input(upcalls: UpcallBatch, i: number): boolean {
    const reason = upcalls.reason(i);
    const fragment = reason === this.#punt.fragment;
    if (reason !== this.#punt.miss && reason !== this.#punt.icmp && !fragment) return false;
    const service = this.#find(upcalls, i, !fragment);
    if (service === undefined) return false;
    const { packets: p, scheduling, answers } = this.parts;
    const handle = upcalls.handle(i);
    if (fragment) answers.drop(handle, this.#drop.fragment);
    else if (!this.#opens(upcalls, i)) answers.drop(handle, this.#drop.noConnection);
    else if (p.u8(upcalls.data(i) + upcalls.l3(i) + 8) <= 1) this.ttlExpired(upcalls, i);
    else scheduling.open(upcalls, i, service, answers);
    return true;
  }

  /** A SYN, a datagram, a ping. */
  #opens(upcalls: UpcallBatch, i: number): boolean {
    if (upcalls.proto(i) === Protocol.tcp) return upcalls.cls(i) === UpcallClass.new;
    const { packets: p } = this.parts;
    const icmp = upcalls.data(i) + upcalls.l4(i);
    return upcalls.proto(i) !== Protocol.icmp || (p.u8(icmp) === ECHO && p.u8(icmp + 1) === 0);
  }

  /** As the reference: not what is this node's or the kernel's, nor what has no route. */
  #find(upcalls: UpcallBatch, i: number, withPorts: boolean): Service | undefined {
    const { services, routes, ports } = this.parts;
    if (services.matches.size === 0) return undefined;
    const flight = this.#flight;
    const src = upcalls.src(i);
    const dst = upcalls.dst(i);
    if (!isIp4(src) || !isIp4(dst) || services.hasVip(dst)) return undefined;
    const route = routes.lookup(dst);
    if (route === undefined || !leaves(route)) return undefined;
    const icmp = upcalls.proto(i) === Protocol.icmp;
    flight.protocol = upcalls.proto(i);
    flight.src = src;
    flight.sport = icmp ? 0 : upcalls.sport(i);
    flight.dst = dst;
    flight.dport = icmp ? 0 : upcalls.dport(i);
    flight.inDevice = ports.byIndex(upcalls.port(i))?.name ?? '';
    flight.outDevice = wayOf(route, remoteHash(flight.protocol, dst, upcalls.dport(i))).device;
    return services.matches.lookup(flight, withPorts);
  }
}
