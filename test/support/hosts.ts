// Simulated hosts on the wires: they answer ARP requests and neighbour solicitations that come out of a port, so that a test need
// not script it.
import type { PortName } from './harness.js';
import { advertisement, type Dissection, dissect, neighbourDiscovery, packet } from './packet/index.js';

export interface Host {
  readonly address: string;
  readonly mac: string;
}

export class Hosts {
  readonly #onPort = new Map<PortName, Map<string, string>>();
  /** Addresses asked for, answered or not, in order. */
  readonly asked: string[] = [];

  add(port: PortName, ...hosts: readonly Host[]): this {
    const known = this.#onPort.get(port) ?? new Map<string, string>();
    for (const { address, mac } of hosts) known.set(address, mac);
    this.#onPort.set(port, known);
    return this;
  }

  remove(port: PortName, address: string): void {
    this.#onPort.get(port)?.delete(address);
  }

  /** @returns the reply the asked host sends, or undefined if the frame asks for nothing or nobody has the address. */
  answer(port: PortName, frame: Uint8Array): Uint8Array | undefined {
    const dissection = dissect(frame);
    if (dissection.icmp6 !== undefined) return this.#advertise(port, dissection);
    const { arp } = dissection;
    if (arp?.op !== 'request') return undefined;
    this.asked.push(arp.targetIp);
    const mac = this.#onPort.get(port)?.get(arp.targetIp);
    return mac === undefined ? undefined : arpReply({ address: arp.targetIp, mac }, arp.senderMac, arp.senderIp);
  }

  #advertise(port: PortName, dissection: Dissection): Uint8Array | undefined {
    const asked = neighbourDiscovery(dissection);
    if (asked?.type !== 'solicitation' || asked.mac === undefined) return undefined;
    this.asked.push(asked.target);
    const mac = this.#onPort.get(port)?.get(asked.target);
    const to = { address: dissection.ip6?.src ?? '', mac: asked.mac };
    if (mac === undefined) return undefined;
    return advertisement({ from: { address: asked.target, mac }, target: asked.target, to }).build();
  }
}

export const BROADCAST = 'ff:ff:ff:ff:ff:ff';

export const arpRequest = (from: Host, targetIp: string): Uint8Array =>
  packet()
    .eth({ src: from.mac, dst: BROADCAST })
    .arp({ op: 'request', senderMac: from.mac, senderIp: from.address, targetIp })
    .pad()
    .build();

export const arpReply = (from: Host, targetMac: string, targetIp: string): Uint8Array =>
  packet()
    .eth({ src: from.mac, dst: targetMac })
    .arp({ op: 'reply', senderMac: from.mac, senderIp: from.address, targetMac, targetIp })
    .pad()
    .build();
