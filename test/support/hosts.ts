// Simulated hosts on the wires: they answer ARP requests that come out of a port, so that a test need not script it.
import type { PortName } from './harness.js';
import { dissect, packet } from './packet/index.js';

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

  /** @returns the reply the asked host sends, or undefined if the frame is no request or nobody has the address. */
  answer(port: PortName, frame: Uint8Array): Uint8Array | undefined {
    const { arp } = dissect(frame);
    if (arp?.op !== 'request') return undefined;
    this.asked.push(arp.targetIp);
    const mac = this.#onPort.get(port)?.get(arp.targetIp);
    return mac === undefined ? undefined : arpReply({ address: arp.targetIp, mac }, arp.senderMac, arp.senderIp);
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
