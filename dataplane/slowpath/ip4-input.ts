// What becomes of an IPv4 packet without a flow entry: a service's new connection, ours, the kernel's, transit, or a drop with
// its reason. The order is the reference's (dpvs.md 5.2): services before routes, match services only for what would be routed.
import { clientHash, type Ip, nextHopOf, type Route, wayOf, writeMac } from '../inet/index.js';
import { type FlowRefusalParts, FlowRefusals } from './flow-refusals.js';
import type { Icmp } from './icmp.js';
import { MatchMiss, type MatchMissParts } from './match-miss.js';
import { pathMtu } from './path-mtu.js';
import { ServiceMiss, type ServiceMissParts } from './service-miss.js';
import { drop, punt, type UpcallBatch } from './upcalls.js';

const IP_DF = 0x4000;
const ICMP = 1;

export interface Ip4Parts extends FlowRefusalParts, ServiceMissParts, MatchMissParts {
  readonly icmp: Icmp;
  readonly forwarding: boolean;
}

export class Ip4Input {
  readonly #punt = punt();
  readonly #drop = drop();

  readonly #refusals: FlowRefusals;
  readonly #miss: ServiceMiss;
  readonly #match: MatchMiss;

  constructor(readonly parts: Ip4Parts) {
    this.#miss = new ServiceMiss(parts);
    this.#match = new MatchMiss(parts, (upcalls, i) => this.#ttlExpired(upcalls, i));
    this.#refusals = new FlowRefusals(parts, (upcalls, i, mtu) => this.#refuseSize(upcalls, i, mtu));
  }

  input(upcalls: UpcallBatch, i: number): void {
    const reason = upcalls.reason(i);
    if (reason === this.#punt.miss && this.#miss.input(upcalls, i)) return;
    if (this.#refusals.input(upcalls, i)) return;
    if (reason === this.#punt.ttl) return this.#ttlExpired(upcalls, i);
    if (reason === this.#punt.icmp) {
      if (this.parts.icmp.relatedError(upcalls, i)) return;
      if (this.parts.icmp.isForClient(upcalls, i)) return this.#byRoute(upcalls, i, true);
    }
    const { services } = this.parts;
    if (reason === this.#punt.fragment && (services.hasVip(upcalls.dst(i)) || services.hasWan(upcalls.dst(i))))
      return this.parts.answers.drop(upcalls.handle(i), this.#drop.fragment);
    if (this.#match.input(upcalls, i)) return;
    this.#byRoute(upcalls, i, this.parts.forwarding);
  }

  #byRoute(upcalls: UpcallBatch, i: number, forwarding: boolean): void {
    const { routes, answers, icmp } = this.parts;
    const handle = upcalls.handle(i);
    const port = upcalls.port(i);
    const route = routes.lookup(upcalls.dst(i));
    if (route === undefined) return answers.kni(handle, port, this.#punt.noRoute);
    if (route.scope === 'kni_host') return answers.kni(handle, port, this.#punt.kniHost);
    if (route.scope === 'host') {
      if (upcalls.proto(i) === ICMP && upcalls.reason(i) === this.#punt.icmp && icmp.echo(upcalls, i)) return;
      return answers.kni(handle, port, this.#punt.local);
    }
    if (!forwarding) {
      // What only the kernel's own routes match is left to it: it may be for an address that is not on a kni.
      if (route.origin === 'kernel') return answers.kni(handle, port, this.#punt.noRoute);
      return answers.drop(handle, this.#drop.forwardingOff);
    }
    const way = wayOf(route, clientHash(upcalls.src(i), 0));
    this.#forward(upcalls, i, way.device, nextHopOf(way, upcalls.dst(i)), route);
  }

  /** Transit (RFC 1812, 5.2.1.2), packet by packet: this node is a load balancer first. */
  #forward(upcalls: UpcallBatch, i: number, device: string, hop: Ip, route: Pick<Route, 'mtu'>): void {
    const { nextHops, packets: p, ports, answers } = this.parts;
    const handle = upcalls.handle(i);
    const frame = upcalls.data(i);
    const ip = frame + upcalls.l3(i);
    const port = ports.byName(device);
    const mtu = pathMtu(route, port);
    if (p.u8(ip + 8) <= 1) return this.#ttlExpired(upcalls, i);
    if (upcalls.length(i) - upcalls.l3(i) > mtu) return this.#refuseSize(upcalls, i, mtu);
    const slot = nextHops.slotOf(device, hop);
    const to = slot < 0 ? undefined : nextHops.where(slot);
    if (to === undefined) return this.#refusals.wait(handle, slot);
    p.set16(ip + 8, p.u16(ip + 8) - 0x0100);
    p.set16(ip + 10, 0);
    p.set16(ip + 10, p.checksum(ip, upcalls.l4(i) - upcalls.l3(i)));
    writeMac(to.mac, p.bytes, frame);
    writeMac(port.mac, p.bytes, frame + 6);
    answers.output(handle, port.index);
  }

  #ttlExpired(upcalls: UpcallBatch, i: number): void {
    this.parts.icmp.error(upcalls, i, 'time-exceeded');
    this.parts.answers.drop(upcalls.handle(i), this.#drop.ttl);
  }

  #refuseSize(upcalls: UpcallBatch, i: number, mtu: number): void {
    const { packets, icmp, answers } = this.parts;
    if (packets.u16(upcalls.data(i) + upcalls.l3(i) + 6) & IP_DF) icmp.error(upcalls, i, 'fragmentation-needed', mtu);
    answers.drop(upcalls.handle(i), this.#drop.mtu);
  }
}
