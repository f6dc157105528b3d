// ARP (RFC 826): requests for our addresses are answered, replies to us are learnt, the rest is the kernel's.
import type { AddressTable, Mac, RouteTable } from '../inet/index.js';
import { IPV4_ANY, type Ip, type Ipv4, ipv4, isGroupMac, isIp4, prefixContains } from '../inet/index.js';
import type { AnswerBatch } from './answers.js';
import type { Events } from './events.js';
import type { NextHops } from './next-hops.js';
import { ETH_HEADER, type Packets } from './packets.js';
import type { Ports, SlowPathPort } from './ports.js';
import { drop, punt, type UpcallBatch } from './upcalls.js';

const ARP_LENGTH = 28;

export interface ArpParts {
  readonly packets: Packets;
  readonly ports: Ports;
  readonly addresses: AddressTable;
  readonly routes: RouteTable;
  readonly nextHops: NextHops;
  readonly answers: AnswerBatch;
  readonly events: Events;
  readonly now: () => number;
}

export class Arp {
  readonly #punt = punt();
  readonly #drop = drop();

  constructor(readonly parts: ArpParts) {}

  /** Broadcast for `target`, or asked at `unicast` when an entry is only confirmed. */
  request(device: string, target: Ipv4, unicast: Mac | null): void {
    const { packets, ports, answers, events } = this.parts;
    const port = ports.byName(device);
    const fresh = packets.allocate();
    if (fresh === undefined) return; // the neighbour table asks again
    const length = packets.arp(fresh.data, 1, port.mac, this.#sourceFor(device, target), unicast, target);
    answers.output(fresh.handle, port.index, length);
    events.count(events.arpRequestSent);
  }

  /** Unasked, to everybody: an announcement (RFC 5227, 2.3). */
  announce(port: SlowPathPort, ip: Ipv4): void {
    const { packets, answers, events } = this.parts;
    const fresh = packets.allocate();
    if (fresh === undefined) return; // there is another round
    answers.output(fresh.handle, port.index, packets.arp(fresh.data, 1, port.mac, ip, null, ip));
    events.count(events.addressAnnounced);
  }

  input(upcalls: UpcallBatch, i: number): void {
    const { packets: p, ports, addresses, nextHops, answers, events, now } = this.parts;
    const handle = upcalls.handle(i);
    const frame = upcalls.data(i);
    const arp = frame + ETH_HEADER;
    const port = ports.byIndex(upcalls.port(i));
    if (port === undefined || upcalls.length(i) < ETH_HEADER + ARP_LENGTH || !this.#wellFormed(arp))
      return answers.drop(handle, this.#drop.arpMalformed);
    const op = p.u16(arp + 6);
    const senderMac = p.mac(arp + 8);
    const senderIp = ipv4(p.u32(arp + 14));
    const targetIp = ipv4(p.u32(arp + 24));
    const forUs = addresses.find(targetIp, port.name) !== undefined;
    // Whoever claims one of our own addresses is not believed (RFC 5227, 2.4 leaves defending to the answer below).
    if (senderIp !== 0 && !addresses.isLocal(senderIp))
      nextHops.neighbours.learn(port.name, senderIp, senderMac, now(), {
        solicited: op === 2 && (forUs || targetIp === this.#sourceFor(port.name, senderIp)),
        create: forUs && this.#onLink(senderIp, port.name),
      });
    if (!forUs) return answers.kni(handle, port.index, this.#punt.arpKernel);
    // A reply may be meant for both: the address can be on the kni too.
    if (op === 2) return answers.kni(handle, port.index, this.#punt.arpKernel);
    const length = p.arp(frame, 2, port.mac, targetIp, senderMac, senderIp);
    answers.output(handle, port.index, length);
    events.count(events.arpAnswered);
  }

  /** Without this, forged senders would fill the table and make us ask for them. */
  #onLink(ip: Ipv4, device: string): boolean {
    const route = this.parts.routes.lookup(ip);
    return route?.scope === 'link' && route.device === device;
  }

  /**
   * Who asks: our address in the target's network, else the one the kernel has there (its reply is for both), else any of ours on
   * the device, else 0.0.0.0, a probe (RFC 5227, 1.1), which every host answers. An address outside may be the VIP of direct
   * routing: its real servers have it themselves and would not answer.
   */
  #sourceFor(device: string, target: Ipv4): Ipv4 {
    const { addresses } = this.parts;
    const ours = numeric(addresses.selectSource(device, target));
    const length = addresses.find(ours, device)?.length;
    if (length !== undefined && prefixContains(ours, length, target)) return ours;
    return this.#kernelSource(device, target) || ours;
  }

  #kernelSource(device: string, target: Ipv4): Ipv4 {
    const route = this.parts.routes.lookup(target);
    return route?.scope === 'link' && route.device === device ? numeric(route.source) : IPV4_ANY;
  }

  #wellFormed(arp: number): boolean {
    const { packets: p } = this.parts;
    const op = p.u16(arp + 6);
    return (
      p.u16(arp) === 1 &&
      p.u16(arp + 2) === 0x0800 &&
      p.u8(arp + 4) === 6 &&
      p.u8(arp + 5) === 4 &&
      (op === 1 || op === 2) &&
      !isGroupMac(p.mac(arp + 8))
    );
  }
}

/** What an IPv4 lookup gave is of IPv4. */
const numeric = (ip: Ip): Ipv4 => (isIp4(ip) ? ip : IPV4_ANY);
