// Neighbour discovery (RFC 4861, 7): solicitations for our addresses are answered, advertisements are learnt, the rest is the kernel's.
import {
  type AddressTable,
  IP_NONE,
  IPV6_ANY,
  type Ipv6,
  isMulticastIpv6,
  linkLocalOf,
  type Mac,
  multicastMacOfIpv6,
  parseIpv6,
  type RouteTable,
  solicitedNode,
  writeMac,
} from '../inet/index.js';
import type { AnswerBatch } from './answers.js';
import type { Events } from './events.js';
import type { NextHops } from './next-hops.js';
import { ETH_HEADER, ETHERTYPE_IP6, IP6_HEADER, type Packets } from './packets.js';
import type { Ports, SlowPathPort } from './ports.js';
import { drop, punt, type UpcallBatch } from './upcalls.js';

const ICMP6 = 58;
const Type = { solicitation: 135, advertisement: 136 } as const;
const Option = { source: 1, target: 2 } as const;
/** Flags of an advertisement: solicited, override. */
const Flag = { solicited: 0x40, override: 0x20 } as const;
/** Without options; with one link-layer address option. */
const BARE = 24;
const MESSAGE = BARE + 8;
/** What every such packet has on arrival: it came over no router (RFC 4861, 7.1). */
const HOP_LIMIT = 255;
const ALL_NODES = parseIpv6('ff02::1');

export interface NdParts {
  readonly packets: Packets;
  readonly ports: Ports;
  readonly addresses: AddressTable;
  readonly routes: RouteTable;
  readonly nextHops: NextHops;
  readonly answers: AnswerBatch;
  readonly events: Events;
  readonly now: () => number;
}

/** What was read of a message before its buffer is used for the answer. */
interface Message {
  readonly type: number;
  readonly flags: number;
  readonly source: Ipv6;
  readonly target: Ipv6;
  /** The source's of a solicitation, the target's of an advertisement. */
  readonly mac: Mac | undefined;
}

export class Nd {
  readonly #punt = punt();
  readonly #drop = drop();

  constructor(readonly parts: NdParts) {}

  /**
   * To the solicited-node group of `target`, or to `unicast` when an entry is only confirmed. The source is the port's link-local
   * address: an address of a VIP's that several nodes have must not be taken for this node's.
   */
  request(device: string, target: Ipv6, unicast: Mac | null): void {
    const { packets, ports, answers, events } = this.parts;
    const port = ports.byName(device);
    const fresh = packets.allocate();
    if (fresh === undefined) return; // the neighbour table asks again
    const group = solicitedNode(target);
    const destination = unicast === null ? group : target;
    const mac = unicast ?? multicastMacOfIpv6(group);
    const message = { type: Type.solicitation, flags: 0, target, option: Option.source };
    const length = this.#write(fresh.data, port, mac, linkLocalOf(port.mac), destination, message);
    answers.output(fresh.handle, port.index, length);
    events.count(events.ndSolicitationSent);
  }

  /** Unasked, to all nodes (RFC 4861, 7.2.6). */
  announce(port: SlowPathPort, target: Ipv6): void {
    const { packets, answers, events } = this.parts;
    const fresh = packets.allocate();
    if (fresh === undefined) return; // there is another round
    const message = { type: Type.advertisement, flags: Flag.override, target, option: Option.target };
    const station = multicastMacOfIpv6(ALL_NODES);
    answers.output(fresh.handle, port.index, this.#write(fresh.data, port, station, target, ALL_NODES, message));
    events.count(events.addressAnnounced);
  }

  input(upcalls: UpcallBatch, i: number): void {
    const { ports, answers } = this.parts;
    const handle = upcalls.handle(i);
    const port = ports.byIndex(upcalls.port(i));
    const message = this.#read(upcalls, i);
    if (port === undefined || message === undefined) return answers.drop(handle, this.#drop.ndMalformed);
    if (message.type === Type.advertisement) {
      this.#advertised(port.name, message);
      // It may be meant for both.
      return answers.kni(handle, port.index, this.#punt.ndKernel);
    }
    this.#solicited(upcalls, i, port, message);
  }

  #solicited(upcalls: UpcallBatch, i: number, port: SlowPathPort, { source, target, mac }: Message): void {
    const { packets: p, addresses, nextHops, answers, events, now } = this.parts;
    const handle = upcalls.handle(i);
    const forUs = addresses.find(target, port.name) !== undefined;
    // Whoever claims one of our own addresses is not believed.
    if (mac !== undefined && !addresses.isLocal(source)) {
      const create = forUs && this.#onLink(source, port.name);
      nextHops.neighbours.learn(port.name, source, mac, now(), { solicited: false, create });
    }
    if (!forUs) return answers.kni(handle, port.index, this.#punt.ndKernel);
    const frame = upcalls.data(i);
    // RFC 4861, 7.2.4: who probes whether the address is free has none to be answered at.
    const probed = source === IPV6_ANY;
    const destination = probed ? ALL_NODES : source;
    const station = probed ? multicastMacOfIpv6(ALL_NODES) : (mac ?? p.mac(frame + 6));
    const flags = probed ? Flag.override : Flag.override | Flag.solicited;
    const answer = { type: Type.advertisement, flags, target, option: Option.target };
    answers.output(handle, port.index, this.#write(frame, port, station, target, destination, answer));
    events.count(events.ndAnswered);
  }

  /** RFC 4861, 7.2.5. */
  #advertised(device: string, { flags, target, mac }: Message): void {
    const { addresses, nextHops, now } = this.parts;
    if (addresses.isLocal(target)) return;
    const solicited = (flags & Flag.solicited) !== 0;
    if (mac !== undefined) {
      const override = (flags & Flag.override) !== 0;
      nextHops.neighbours.learn(device, target, mac, now(), { solicited, create: false, override });
      return;
    }
    const known = nextHops.neighbours.get(device, target);
    if (solicited && known !== undefined) nextHops.neighbours.confirm(known, now());
  }

  /** Without this, forged senders would fill the table and make us ask for them. */
  #onLink(ip: Ipv6, device: string): boolean {
    const route = this.parts.routes.lookup(ip);
    return route?.scope === 'link' && route.device === device && route.gateway === IP_NONE;
  }

  /** undefined for what RFC 4861, 7.1.1 and 7.1.2, says to discard. */
  #read(upcalls: UpcallBatch, i: number): Message | undefined {
    const { packets: p } = this.parts;
    const frame = upcalls.data(i);
    const ip = frame + upcalls.l3(i);
    const nd = frame + upcalls.l4(i);
    const length = frame + upcalls.length(i) - nd;
    if (p.u8(ip + 7) !== HOP_LIMIT || length < BARE || p.u8(nd + 1) !== 0) return undefined;
    if (p.checksum(nd, length, p.pseudoHeader6(ip, ICMP6, length)) !== 0) return undefined;
    const type = p.u8(nd);
    const solicitation = type === Type.solicitation;
    const flags = p.u8(nd + 4);
    const source = p.ip6Address(ip + 8);
    const destination = p.ip6Address(ip + 24);
    const target = p.ip6Address(nd + 8);
    const option = this.#linkLayerAddress(nd + BARE, nd + length, solicitation ? Option.source : Option.target);
    if (option === null || isMulticastIpv6(target)) return undefined;
    if (!solicitation && isMulticastIpv6(destination) && (flags & Flag.solicited) !== 0) return undefined;
    if (source === IPV6_ANY && (!solicitation || destination !== solicitedNode(target) || option !== undefined))
      return undefined;
    return { type, flags, source, target, mac: option };
  }

  /** undefined: no such option; null: an option of length 0 or beyond the end. */
  #linkLayerAddress(from: number, end: number, kind: number): Mac | null | undefined {
    const { packets: p } = this.parts;
    let found: Mac | undefined;
    for (let at = from; at < end; ) {
      const length = end - at < 2 ? 0 : p.u8(at + 1) * 8;
      if (length === 0 || at + length > end) return null;
      if (p.u8(at) === kind && length === 8) found = p.mac(at + 2);
      at += length;
    }
    return found;
  }

  /** A whole frame with our MAC in the option. Returns its length. */
  #write(
    frame: number,
    port: SlowPathPort,
    station: Mac,
    source: Ipv6,
    destination: Ipv6,
    message: { readonly type: number; readonly flags: number; readonly target: Ipv6; readonly option: number },
  ): number {
    const { packets: p } = this.parts;
    const ip = frame + ETH_HEADER;
    const nd = ip + IP6_HEADER;
    p.ethernet(frame, station, port.mac, ETHERTYPE_IP6);
    p.ip6(ip, source, destination, ICMP6, MESSAGE, HOP_LIMIT);
    p.set32(nd, message.type << 24);
    p.set32(nd + 4, message.flags << 24);
    p.setIp6Address(nd + 8, message.target);
    p.set16(nd + BARE, (message.option << 8) | 1);
    writeMac(port.mac, p.bytes, nd + BARE + 2);
    p.set16(nd + 2, p.checksum(nd, MESSAGE, p.pseudoHeader6(ip, ICMP6, MESSAGE)));
    return ETH_HEADER + IP6_HEADER + MESSAGE;
  }
}
