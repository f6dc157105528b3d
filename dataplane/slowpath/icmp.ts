// ICMP (RFC 792): echo for our addresses, errors about connections translated both ways, errors of our own (rate-limited).
import { loadLibrary } from '../../native/index.js';
import type { AddressTable, Ipv4 } from '../inet/index.js';
import type { AnswerBatch } from './answers.js';
import { type ConnView, NO_FLOW, type Tuple } from './conn-view.js';
import type { Events } from './events.js';
import { type ErrorLimit, sendBy } from './icmp-common.js';
import { Flow } from './modes/index.js';
import type { NextHops } from './next-hops.js';
import { ETH_HEADER, IP4_HEADER, type Packets } from './packets.js';
import type { Ports } from './ports.js';
import { drop, type UpcallBatch } from './upcalls.js';

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const FRAGMENT_OFFSET = 0x1fff;
const Type = { echoReply: 0, unreachable: 3, quench: 4, echo: 8, timeExceeded: 11, parameter: 12 } as const;
/** Type and code, as DP_ICMP_REQUEST and DP_ICMP_REPLY in dp.h. */
const ECHO_REQUEST = 0x0800;
const ECHO_REPLY = 0;
/** Bytes of the offending datagram's payload that an error carries at least (RFC 792). */
const QUOTED = 8;

/** What an IPv4 entry makes of a packet is of IPv4. */
type Tuple4 = Tuple & { src: Ipv4; dst: Ipv4 };
const tuple4 = (tuple: Tuple): Tuple4 => tuple as Tuple4;

export interface IcmpParts {
  readonly packets: Packets;
  readonly ports: Ports;
  readonly addresses: AddressTable;
  readonly conns: ConnView;
  readonly nextHops: NextHops;
  readonly answers: AnswerBatch;
  readonly events: Events;
  readonly errorLimit: ErrorLimit;
  readonly now: () => number;
  /** 0-255: ipv4_defs/default_ttl. */
  readonly ttl: number;
}

export class Icmp {
  readonly #drop = drop();

  constructor(readonly parts: IcmpParts) {}

  /** True when it was an error about a connection and has been dealt with. */
  relatedError(upcalls: UpcallBatch, i: number): boolean {
    const { packets: p, conns, answers } = this.parts;
    const frame = upcalls.data(i);
    const outer = frame + upcalls.l3(i);
    const icmp = frame + upcalls.l4(i);
    const end = frame + upcalls.length(i);
    const quoted = this.#quotedPacket(icmp, end);
    if (quoted === undefined) return false;
    const { ip: inner, l4: innerL4, proto } = quoted;
    const back = this.#wayBack(inner, innerL4, proto);
    if (back === NO_FLOW) return false;
    if (p.checksum(icmp, end - icmp) !== 0) {
      answers.drop(upcalls.handle(i), this.#drop.icmpChecksum);
      return true;
    }
    const conn = conns.connOf(back);
    if (conns.isOneWay(conn)) {
      sendBy(this.parts, conns.nextHop(back), frame, upcalls.handle(i), this.#drop.neighbourFailed);
      return true;
    }
    const to = tuple4(conns.rewrite(back));
    // The quoted segment of a client had its sequence number shifted on the way in.
    const shifted = proto === TCP && conns.word(conn, 'flowOut') === back;
    this.#restoreQuoted(inner, innerL4, end, proto, to, shifted ? conns.word(conn, 'seqDelta') : 0);
    p.set16(inner + 10, 0);
    p.set16(inner + 10, p.checksum(inner, innerL4 - inner));
    // Who tells it stays who it is where the connection's far end does (SNAT, RFC 5508, 4.2): that is what traceroute shows.
    if (to.src !== conns.key(back).src) p.set32(outer + 12, to.src);
    p.set32(outer + 16, to.dst);
    if (conns.flags(back) & Flow.snat) {
      if (p.u8(outer + 8) <= 1) {
        answers.drop(upcalls.handle(i), this.#drop.ttl);
        return true;
      }
      p.bytes[outer + 8]--;
    }
    p.set16(outer + 10, 0);
    p.set16(outer + 10, p.checksum(outer, upcalls.l4(i) - upcalls.l3(i)));
    p.set16(icmp + 2, 0);
    p.set16(icmp + 2, p.checksum(icmp, end - icmp));
    sendBy(this.parts, conns.nextHop(back), frame, upcalls.handle(i), this.#drop.neighbourFailed);
    return true;
  }

  /** The quoted packet left here, so its tuple turned round is what the way back matches; of DR, it is an answer to what left here. */
  #wayBack(inner: number, innerL4: number, proto: number): number {
    const { packets: p } = this.parts;
    const from = p.u32(inner + 16);
    const to = p.u32(inner + 12);
    if (proto !== ICMP) return this.#find(from, to, p.u16(innerL4 + 2), p.u16(innerL4), proto);
    // The answer to an echo request, or the request to an answer: as in the keys of parse.c.
    const what = p.u16(innerL4);
    if (what !== ECHO_REQUEST && what !== ECHO_REPLY) return NO_FLOW;
    return this.#find(from, to, p.u16(innerL4 + 4), ECHO_REQUEST - what, proto);
  }

  /**
   * Is it an error on its way to the client of a DR connection, about a packet that went through here? It is for others to route,
   * but a connection of ours.
   */
  isForClient(upcalls: UpcallBatch, i: number): boolean {
    const { packets: p, conns } = this.parts;
    const frame = upcalls.data(i);
    const quoted = this.#quotedPacket(frame + upcalls.l4(i), frame + upcalls.length(i));
    if (quoted === undefined || quoted.proto === ICMP) return false;
    const { ip, l4, proto } = quoted;
    const client = p.u32(ip + 12);
    if (client !== upcalls.dst(i)) return false;
    const there = this.#find(client, p.u32(ip + 16), p.u16(l4), p.u16(l4 + 2), proto);
    return there !== NO_FLOW && conns.isOneWay(conns.connOf(there));
  }

  #find(src: number, dst: number, sport: number, dport: number, proto: number): number {
    return loadLibrary().dp_find4(src, dst, sport, dport, proto, 0) as number;
  }

  /** TCP or UDP with its ports, ICMP with its identifier, in an error; undefined for anything else. */
  #quotedPacket(icmp: number, end: number): { ip: number; l4: number; proto: number } | undefined {
    const { packets: p } = this.parts;
    const type = p.u8(icmp);
    if (type !== Type.unreachable && type !== Type.quench && type !== Type.timeExceeded && type !== Type.parameter)
      return undefined;
    const ip = icmp + 8;
    if (end < ip + IP4_HEADER) return undefined;
    const l4 = ip + (p.u8(ip) & 15) * 4;
    const proto = p.u8(ip + 9);
    if (p.u8(ip) >> 4 !== 4 || l4 < ip + IP4_HEADER || end < l4 + QUOTED) return undefined;
    if (proto !== TCP && proto !== UDP && proto !== ICMP) return undefined;
    // A later fragment quotes no ports.
    if (p.u16(ip + 6) & FRAGMENT_OFFSET) return undefined;
    return { ip, l4, proto };
  }

  /** Puts back what the quoted packet's sender had sent, and its checksum where enough of it is quoted (RFC 1624). */
  #restoreQuoted(ip: number, l4: number, end: number, proto: number, to: Tuple4, seqDelta: number): void {
    const { packets: p } = this.parts;
    if (proto === ICMP) return this.#restoreQuotedEcho(ip, l4, to);
    const before = p.sum(ip + 12, 8) + p.sum(l4, 8);
    p.set32(ip + 12, to.dst);
    p.set32(ip + 16, to.src);
    p.set16(l4, to.dport);
    p.set16(l4 + 2, to.sport);
    if (proto === TCP) p.set32(l4 + 4, p.u32(l4 + 4) - seqDelta);
    const at = l4 + (proto === TCP ? 16 : 6);
    if (at + 2 > end || (proto === UDP && p.u16(at) === 0)) return;
    const after = p.sum(ip + 12, 8) + p.sum(l4, 8);
    p.set16(at, p.adjustChecksum(p.u16(at), before, after));
  }

  #restoreQuotedEcho(ip: number, icmp: number, to: Tuple4): void {
    const { packets: p } = this.parts;
    p.set32(ip + 12, to.dst);
    p.set32(ip + 16, to.src);
    p.set16(icmp + 2, p.adjustChecksum(p.u16(icmp + 2), p.u16(icmp + 4), to.sport));
    p.set16(icmp + 4, to.sport);
  }

  /** An echo request to one of our addresses, answered in place. False: another type. */
  echo(upcalls: UpcallBatch, i: number): boolean {
    const { packets: p, ports, answers, events, ttl } = this.parts;
    const frame = upcalls.data(i);
    const ip = frame + upcalls.l3(i);
    const icmp = frame + upcalls.l4(i);
    const length = frame + upcalls.length(i) - icmp;
    if (p.u8(icmp) !== Type.echo) return false;
    const port = ports.byIndex(upcalls.port(i));
    if (p.checksum(icmp, length) !== 0 || port === undefined) {
      answers.drop(upcalls.handle(i), this.#drop.icmpChecksum);
      return true;
    }
    const src = p.u32(ip + 12);
    p.set32(ip + 12, p.u32(ip + 16));
    p.set32(ip + 16, src);
    p.bytes[ip + 8] = ttl;
    p.set16(ip + 10, 0);
    p.set16(ip + 10, p.checksum(ip, upcalls.l4(i) - upcalls.l3(i)));
    p.set16(icmp, Type.echoReply << 8);
    p.set16(icmp + 2, 0);
    p.set16(icmp + 2, p.checksum(icmp, length));
    const station = p.mac(frame + 6);
    p.ethernet(frame, station, port.mac, 0x0800);
    answers.output(upcalls.handle(i), port.index);
    events.count(events.icmpEchoAnswered);
    return true;
  }

  /** ICMP other than an echo. */
  #mayBeError(upcalls: UpcallBatch, i: number): boolean {
    if (upcalls.proto(i) !== ICMP) return false;
    const icmp = upcalls.data(i) + upcalls.l4(i);
    const type = upcalls.l4(i) < upcalls.length(i) ? this.parts.packets.u8(icmp) : Type.unreachable;
    return type !== Type.echo && type !== Type.echoReply;
  }

  /** Tells the sender of upcall `i` why its packet goes no further. The packet itself still wants an answer. */
  error(
    upcalls: UpcallBatch,
    i: number,
    type: 'fragmentation-needed' | 'time-exceeded' | 'host-unreachable',
    mtu = 0,
  ): void {
    const { packets: p, ports, addresses, answers, events, ttl } = this.parts;
    const frame = upcalls.data(i);
    const ip = frame + upcalls.l3(i);
    const port = ports.byIndex(upcalls.port(i));
    const quoted = Math.min(upcalls.l4(i) - upcalls.l3(i) + QUOTED, upcalls.length(i) - upcalls.l3(i));
    // Never about an error, nor about a later fragment (RFC 1122, 3.2.2).
    const later = (p.u16(ip + 6) & FRAGMENT_OFFSET) !== 0;
    if (port === undefined || later || this.#mayBeError(upcalls, i)) return;
    if (!this.parts.errorLimit.allowed(this.parts.now())) return;
    const source = (addresses.selectSource(port.name, p.u32(ip + 12) as Ipv4) as Ipv4) || p.u32(ip + 16);
    const fresh = p.allocate();
    if (fresh === undefined) return;
    const newIp = fresh.data + ETH_HEADER;
    const icmp = newIp + IP4_HEADER;
    p.ethernet(fresh.data, p.mac(frame + 6), port.mac, 0x0800);
    p.ip4(newIp, source, p.u32(ip + 12), ICMP, IP4_HEADER + 8 + quoted, ttl);
    const [kind, code] = { 'fragmentation-needed': [3, 4], 'host-unreachable': [3, 1], 'time-exceeded': [11, 0] }[type];
    p.set16(icmp, (kind << 8) | code);
    p.set16(icmp + 2, 0);
    p.set32(icmp + 4, mtu & 0xffff); // RFC 1191, 4
    p.bytes.copyWithin(icmp + 8, ip, ip + quoted);
    p.set16(icmp + 2, p.checksum(icmp, 8 + quoted));
    answers.output(fresh.handle, port.index, ETH_HEADER + IP4_HEADER + 8 + quoted);
    events.count(events.icmpErrorSent);
  }
}
