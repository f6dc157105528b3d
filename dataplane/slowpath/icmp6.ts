// ICMPv6 (RFC 4443): echo for our addresses, errors about connections translated both ways, errors of our own (rate-limited).
import { loadLibrary } from '../../native/index.js';
import { type AddressTable, IP_NONE, IPV6_ANY, type Ip, type Ipv6, isIp4, isMulticastIpv6 } from '../inet/index.js';
import type { AnswerBatch } from './answers.js';
import type { ConnView, Tuple } from './conn-view.js';
import type { Events } from './events.js';
import { type ErrorLimit, sendBy } from './icmp-common.js';
import type { NextHops } from './next-hops.js';
import { ETH_HEADER, ETHERTYPE_IP6, IP6_HEADER, type Packets } from './packets.js';
import type { Ports } from './ports.js';
import { drop, type UpcallBatch } from './upcalls.js';

const ICMP6 = 58;
const TCP = 6;
const UDP = 17;
const Type = { unreachable: 1, tooBig: 2, timeExceeded: 3, parameter: 4, echo: 128, echoReply: 129 } as const;
/** Errors have types below it (RFC 4443, 2.1). */
const FIRST_INFORMATIONAL = 128;
/** The ports and, of TCP, the sequence number. */
const QUOTED_L4 = 8;
/** An error carries as much of its cause as fits the smallest MTU (RFC 4443, 2.4 c). */
const LARGEST_ERROR = 1280;
/** Extension headers that may be in a quoted packet before its ports; as in parse6.c. */
const MAX_EXTENSIONS = 8;
const HOP_BY_HOP = 0;
const ROUTING = 43;
const DESTINATION = 60;

export interface Icmp6Parts {
  readonly packets: Packets;
  readonly ports: Ports;
  readonly addresses: AddressTable;
  readonly conns: ConnView;
  readonly nextHops: NextHops;
  readonly answers: AnswerBatch;
  readonly events: Events;
  readonly errorLimit: ErrorLimit;
  readonly now: () => number;
  readonly hopLimit: number;
}

/** An IPv6 entry's tuples are of IPv6. */
type Tuple6 = Tuple & { src: Ipv6; dst: Ipv6 };

export class Icmp6 {
  readonly #drop = drop();
  readonly #tuple = new Uint8Array(32);

  constructor(readonly parts: Icmp6Parts) {}

  /** True when it was an error about a connection and has been dealt with. */
  relatedError(upcalls: UpcallBatch, i: number): boolean {
    const { packets: p, conns, answers } = this.parts;
    const frame = upcalls.data(i);
    const outer = frame + upcalls.l3(i);
    const icmp = frame + upcalls.l4(i);
    const end = frame + upcalls.length(i);
    const type = p.u8(icmp);
    if (type < Type.unreachable || type > Type.parameter) return false;
    const inner = icmp + 8;
    if (end < inner + IP6_HEADER || p.u8(inner) >> 4 !== 6) return false;
    const upper = this.#upperLayer(inner, end);
    if (upper === undefined) return false;
    const { proto, at: l4 } = upper;
    const back = this.#wayBack(inner, l4, proto);
    if (back === 0) return false;
    const length = end - icmp;
    if (p.checksum(icmp, length, p.pseudoHeader6(outer, ICMP6, length)) !== 0) {
      answers.drop(upcalls.handle(i), this.#drop.icmpChecksum);
      return true;
    }
    const conn = conns.connOf(back);
    if (conns.isOneWay(conn)) {
      sendBy(this.parts, conns.nextHop(back), frame, upcalls.handle(i), this.#drop.neighbourFailed);
      return true;
    }
    const to = conns.rewrite(back) as Tuple6;
    // The quoted segment of a client had its sequence number shifted on the way in.
    const shifted = proto === TCP && conns.word(conn, 'flowOut') === back;
    this.#restoreQuoted(inner, l4, end, proto, to, shifted ? conns.word(conn, 'seqDelta') : 0);
    p.setIp6Address(outer + 8, to.src);
    p.setIp6Address(outer + 24, to.dst);
    p.set16(icmp + 2, 0);
    p.set16(icmp + 2, p.checksum(icmp, length, p.pseudoHeader6(outer, ICMP6, length)));
    sendBy(this.parts, conns.nextHop(back), frame, upcalls.handle(i), this.#drop.neighbourFailed);
    return true;
  }

  /** An echo request to one of our addresses, answered in place. False: another type. */
  echo(upcalls: UpcallBatch, i: number): boolean {
    const { packets: p, ports, answers, events, hopLimit } = this.parts;
    const frame = upcalls.data(i);
    const ip = frame + upcalls.l3(i);
    const icmp = frame + upcalls.l4(i);
    const length = frame + upcalls.length(i) - icmp;
    if (p.u8(icmp) !== Type.echo) return false;
    const port = ports.byIndex(upcalls.port(i));
    if (port === undefined || p.checksum(icmp, length, p.pseudoHeader6(ip, ICMP6, length)) !== 0) {
      answers.drop(upcalls.handle(i), this.#drop.icmpChecksum);
      return true;
    }
    const source = p.ip6Address(ip + 8);
    const destination = p.ip6Address(ip + 24);
    // Extension headers of the request are not the answer's.
    p.bytes.copyWithin(ip + IP6_HEADER, icmp, icmp + length);
    p.ethernet(frame, p.mac(frame + 6), port.mac, ETHERTYPE_IP6);
    p.ip6(ip, destination, source, ICMP6, length, hopLimit);
    const answer = ip + IP6_HEADER;
    p.set32(answer, Type.echoReply << 24);
    p.set16(answer + 2, p.checksum(answer, length, p.pseudoHeader6(ip, ICMP6, length)));
    answers.output(upcalls.handle(i), port.index, ETH_HEADER + IP6_HEADER + length);
    events.count(events.icmpEchoAnswered);
    return true;
  }

  /** Tells the sender of upcall `i` why its packet goes no further. The packet itself still wants an answer. */
  error(upcalls: UpcallBatch, i: number, type: 'too-big' | 'time-exceeded', mtu = 0): void {
    const { packets: p, ports, addresses, answers, events, hopLimit, errorLimit, now } = this.parts;
    const frame = upcalls.data(i);
    const ip = frame + upcalls.l3(i);
    const port = ports.byIndex(upcalls.port(i));
    if (port === undefined || !this.#mayComplain(upcalls, i) || !errorLimit.allowed(now())) return;
    const fresh = p.allocate();
    if (fresh === undefined) return;
    const destination = p.ip6Address(ip + 8);
    const source = asIpv6(addresses.selectSource(port.name, destination)) ?? p.ip6Address(ip + 24);
    const quoted = Math.min(upcalls.length(i) - upcalls.l3(i), LARGEST_ERROR - IP6_HEADER - 8);
    const length = 8 + quoted;
    const newIp = fresh.data + ETH_HEADER;
    const icmp = newIp + IP6_HEADER;
    p.ethernet(fresh.data, p.mac(frame + 6), port.mac, ETHERTYPE_IP6);
    p.ip6(newIp, source, destination, ICMP6, length, hopLimit);
    p.set32(icmp, (type === 'too-big' ? Type.tooBig : Type.timeExceeded) << 24);
    p.set32(icmp + 4, mtu);
    p.bytes.copyWithin(icmp + 8, ip, ip + quoted);
    p.set16(icmp + 2, p.checksum(icmp, length, p.pseudoHeader6(newIp, ICMP6, length)));
    answers.output(fresh.handle, port.index, ETH_HEADER + IP6_HEADER + length);
    events.count(events.icmpErrorSent);
  }

  /** RFC 4443, 2.4 (e): never about an error, nor to or from more than one node. */
  #mayComplain(upcalls: UpcallBatch, i: number): boolean {
    const { packets: p } = this.parts;
    const frame = upcalls.data(i);
    if (upcalls.proto(i) === ICMP6 && p.u8(frame + upcalls.l4(i)) < FIRST_INFORMATIONAL) return false;
    const source = p.ip6Address(frame + upcalls.l3(i) + 8);
    return source !== IPV6_ANY && !isMulticastIpv6(source);
  }

  /**
   * The quoted packet left here, so its tuple turned round is what the way back matches; of DR it is an answer to what left here.
   * 0: no connection's.
   */
  #wayBack(ip: number, l4: number, proto: number): number {
    const { packets: p } = this.parts;
    this.#tuple.set(p.bytes.subarray(ip + 24, ip + 40), 0);
    this.#tuple.set(p.bytes.subarray(ip + 8, ip + 24), 16);
    return loadLibrary().dp_find6(this.#tuple, p.u16(l4 + 2), p.u16(l4), proto, 0) as number;
  }

  /** Of a quoted packet: TCP or UDP with its ports, else undefined. */
  #upperLayer(ip: number, end: number): { proto: number; at: number } | undefined {
    const { packets: p } = this.parts;
    let proto = p.u8(ip + 6);
    let at = ip + IP6_HEADER;
    for (let n = 0; n < MAX_EXTENSIONS && (proto === HOP_BY_HOP || proto === ROUTING || proto === DESTINATION); n++) {
      if (at + 8 > end) return undefined;
      proto = p.u8(at);
      at += (p.u8(at + 1) + 1) * 8;
    }
    return (proto === TCP || proto === UDP) && at + QUOTED_L4 <= end ? { proto, at } : undefined;
  }

  /** Puts back what the quoted packet's sender had sent, and its checksum where enough of it is quoted (RFC 1624). */
  #restoreQuoted(ip: number, l4: number, end: number, proto: number, to: Tuple6, seqDelta: number): void {
    const { packets: p } = this.parts;
    const before = p.sum(ip + 8, 32) + p.sum(l4, proto === TCP ? 8 : 4);
    p.setIp6Address(ip + 8, to.dst);
    p.setIp6Address(ip + 24, to.src);
    p.set16(l4, to.dport);
    p.set16(l4 + 2, to.sport);
    if (proto === TCP) p.set32(l4 + 4, p.u32(l4 + 4) - seqDelta);
    const at = l4 + (proto === TCP ? 16 : 6);
    if (at + 2 > end) return;
    const after = p.sum(ip + 8, 32) + p.sum(l4, proto === TCP ? 8 : 4);
    p.set16(at, p.adjustChecksum(p.u16(at), before, after));
  }
}

const asIpv6 = (ip: Ip): Ipv6 | undefined => (ip === IP_NONE || isIp4(ip) ? undefined : ip);
