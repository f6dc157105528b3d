// What becomes of an IPv4 packet without a flow entry: a service's new connection, ours, the kernel's, transit, or a drop with
// its reason. The order is the reference's (dpvs.md 5.2): services before routes, kni_host before no route.
import { clientHash, type Ipv4, type Ipv4RouteTable, nextHopOf, wayOf, writeMac } from '../inet/index.js';
import { Protocol, type ServiceTable } from '../ipvs/index.js';
import type { AnswerBatch } from './answers.js';
import type { ConnView } from './conn-view.js';
import type { Icmp } from './icmp.js';
import type { NextHops } from './next-hops.js';
import type { Packets } from './packets.js';
import type { Ports } from './ports.js';
import type { Scheduling } from './scheduling.js';
import { drop, punt, type UpcallBatch, UpcallClass } from './upcalls.js';

const IP_DF = 0x4000;
const ICMP = 1;

export interface Ip4Parts {
  readonly services: ServiceTable;
  readonly routes: Ipv4RouteTable;
  readonly nextHops: NextHops;
  readonly scheduling: Scheduling;
  readonly conns: ConnView;
  readonly icmp: Icmp;
  readonly packets: Packets;
  readonly ports: Ports;
  readonly answers: AnswerBatch;
  readonly forwarding: boolean;
  /** Drop instead of passing on: TCP to a VIP's port without a service, UDP to a VIP with TCP services only. */
  readonly tcpDefence: boolean;
  readonly udpDefence: boolean;
}

export class Ip4Input {
  readonly #punt = punt();
  readonly #drop = drop();

  constructor(readonly parts: Ip4Parts) {}

  input(upcalls: UpcallBatch, i: number): void {
    const reason = upcalls.reason(i);
    if (reason === this.#punt.miss) return this.#missed(upcalls, i);
    if (reason === this.#punt.noNextHop || reason === this.#punt.tooBig || reason === this.#punt.pathChanged)
      return this.#refusedByFlow(upcalls, i, reason);
    if (reason === this.#punt.ttl) return this.#ttlExpired(upcalls, i);
    if (reason === this.#punt.icmp && this.parts.icmp.relatedError(upcalls, i)) return;
    if (reason === this.#punt.fragment && this.parts.services.hasVip(upcalls.dst(i) as Ipv4))
      return this.parts.answers.drop(upcalls.handle(i), this.#drop.fragment);
    this.#byRoute(upcalls, i);
  }

  #missed(upcalls: UpcallBatch, i: number): void {
    const { services, scheduling, answers, tcpDefence, udpDefence } = this.parts;
    const proto = upcalls.proto(i);
    const vip = upcalls.dst(i) as Ipv4;
    const service = services.lookup(proto as Protocol, vip, upcalls.dport(i));
    const tcp = proto === Protocol.tcp;
    if (tcp && upcalls.cls(i) !== UpcallClass.new) {
      // A segment of nobody's connection, such as after another node's death: the reference is silent, and so are we.
      if (services.hasVip(vip)) return answers.drop(upcalls.handle(i), this.#drop.noConnection);
    } else if (service !== undefined) {
      return scheduling.open(upcalls, i, service, answers);
    } else if ((tcp ? tcpDefence : udpDefence) && services.hasVip(vip)) {
      return answers.drop(upcalls.handle(i), this.#drop.policy);
    }
    this.#byRoute(upcalls, i);
  }

  #byRoute(upcalls: UpcallBatch, i: number): void {
    const { routes, answers, icmp, forwarding } = this.parts;
    const handle = upcalls.handle(i);
    const port = upcalls.port(i);
    const route = routes.lookup(upcalls.dst(i) as Ipv4);
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
    this.#forward(upcalls, i, way.device, nextHopOf(way, upcalls.dst(i) as Ipv4), route.mtu);
  }

  /** Transit (RFC 1812, 5.2.1.2), packet by packet: this node is a load balancer first. */
  #forward(upcalls: UpcallBatch, i: number, device: string, hop: Ipv4, mtu: number): void {
    const { nextHops, packets: p, ports, answers } = this.parts;
    const handle = upcalls.handle(i);
    const frame = upcalls.data(i);
    const ip = frame + upcalls.l3(i);
    const port = ports.byName(device);
    if (p.u8(ip + 8) <= 1) return this.#ttlExpired(upcalls, i);
    if (upcalls.length(i) - upcalls.l3(i) > Math.min(mtu || port.mtu, port.mtu))
      return this.#refuseSize(upcalls, i, Math.min(mtu || port.mtu, port.mtu));
    const slot = nextHops.slotOf(device, hop);
    const to = slot < 0 ? undefined : nextHops.where(slot);
    if (to === undefined) return this.#wait(handle, slot);
    p.set16(ip + 8, p.u16(ip + 8) - 0x0100);
    p.set16(ip + 10, 0);
    p.set16(ip + 10, p.checksum(ip, upcalls.l4(i) - upcalls.l3(i)));
    writeMac(to.mac, p.bytes, frame);
    writeMac(port.mac, p.bytes, frame + 6);
    answers.output(handle, port.index);
  }

  #refusedByFlow(upcalls: UpcallBatch, i: number, reason: number): void {
    const tuple = { src: upcalls.src(i), dst: upcalls.dst(i), sport: upcalls.sport(i), dport: upcalls.dport(i) };
    // The connection may have ended while the packet waited: then it finds its way anew.
    if (!this.parts.conns.isLive(upcalls.flow(i), upcalls.proto(i), tuple))
      return this.parts.answers.run(upcalls.handle(i));
    if (reason === this.#punt.noNextHop) return this.#noNextHop(upcalls, i);
    if (reason === this.#punt.tooBig) return this.#tooBig(upcalls, i);
    this.#pathChanged(upcalls, i);
  }

  /** A flow whose next hop has no MAC: asked for, and the packet waits. */
  #noNextHop(upcalls: UpcallBatch, i: number): void {
    const { conns, nextHops, answers } = this.parts;
    const now = conns.nextHop(upcalls.flow(i));
    // It may have another by now, a return path too.
    if (nextHops.where(now) !== undefined) return answers.run(upcalls.handle(i));
    const neighbour = nextHops.neighbours.bySlot(now);
    const slot = neighbour === undefined ? -1 : nextHops.slotOf(neighbour.device, neighbour.ip);
    this.#wait(upcalls.handle(i), slot);
  }

  #wait(handle: number, slot: number): void {
    const { nextHops, answers } = this.parts;
    const neighbour = slot < 0 ? undefined : nextHops.neighbours.bySlot(slot);
    if (neighbour === undefined) return answers.drop(handle, this.#drop.neighbourFailed);
    // It may have been resolved since the packet came up.
    if (nextHops.where(slot) !== undefined) return answers.run(handle);
    if (!nextHops.neighbours.enqueue(neighbour, handle)) answers.drop(handle, this.#drop.neighbourQueueFull);
  }

  #tooBig(upcalls: UpcallBatch, i: number): void {
    this.#refuseSize(upcalls, i, this.parts.conns.mtu(upcalls.flow(i)));
  }

  #ttlExpired(upcalls: UpcallBatch, i: number): void {
    this.parts.icmp.error(upcalls, i, 'time-exceeded');
    this.parts.answers.drop(upcalls.handle(i), this.#drop.ttl);
  }

  /** The station a client's packets come from changed, such as when its router was replaced: answers follow it. */
  #pathChanged(upcalls: UpcallBatch, i: number): void {
    const { conns, nextHops, packets, answers } = this.parts;
    const conn = conns.connOf(upcalls.flow(i));
    const mac = packets.mac(upcalls.data(i) + 6);
    const before = conns.nextHop(conns.word(conn, 'flowOut'));
    const slot = nextHops.isReturnPath(before) ? nextHops.returnPath(upcalls.port(i), mac) : -1;
    if (slot >= 0) {
      nextHops.hold(slot);
      conns.setReturnPath(conn, slot, mac);
      nextHops.release(before);
    }
    answers.run(upcalls.handle(i));
  }

  #refuseSize(upcalls: UpcallBatch, i: number, mtu: number): void {
    const { packets, icmp, answers } = this.parts;
    if (packets.u16(upcalls.data(i) + upcalls.l3(i) + 6) & IP_DF) icmp.error(upcalls, i, 'fragmentation-needed', mtu);
    answers.drop(upcalls.handle(i), this.#drop.mtu);
  }
}
