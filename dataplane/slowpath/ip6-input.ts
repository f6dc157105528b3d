// What becomes of an IPv6 packet for one of the dataplane's addresses and without a flow entry: a service's new connection, an answer,
// the kernel's, or a drop with its reason. Packets for other addresses never come here: nothing of IPv6 is routed.
import { type FlowRefusalParts, FlowRefusals } from './flow-refusals.js';
import type { Icmp6 } from './icmp6.js';
import { ServiceMiss, type ServiceMissParts } from './service-miss.js';
import { drop, punt, type UpcallBatch } from './upcalls.js';

export interface Ip6Parts extends FlowRefusalParts, ServiceMissParts {
  readonly icmp6: Icmp6;
}

export class Ip6Input {
  readonly #punt = punt();
  readonly #drop = drop();
  readonly #refusals: FlowRefusals;
  readonly #miss: ServiceMiss;

  constructor(readonly parts: Ip6Parts) {
    this.#miss = new ServiceMiss(parts);
    this.#refusals = new FlowRefusals(parts, (upcalls, i, mtu) => this.#tooBig(upcalls, i, mtu));
  }

  input(upcalls: UpcallBatch, i: number): void {
    const { icmp6 } = this.parts;
    const reason = upcalls.reason(i);
    if (reason === this.#punt.miss && this.#miss.input(upcalls, i)) return;
    if (this.#refusals.input(upcalls, i)) return;
    if (reason === this.#punt.ttl) return this.#hopLimit(upcalls, i);
    if (reason === this.#punt.icmp && (icmp6.relatedError(upcalls, i) || icmp6.echo(upcalls, i))) return;
    this.#toKernel(upcalls, i);
  }

  /** The kernel may have the address too. */
  #toKernel(upcalls: UpcallBatch, i: number): void {
    this.parts.answers.kni(upcalls.handle(i), upcalls.port(i), this.#punt.local);
  }

  #hopLimit(upcalls: UpcallBatch, i: number): void {
    this.parts.icmp6.error(upcalls, i, 'time-exceeded');
    this.parts.answers.drop(upcalls.handle(i), this.#drop.hopLimit);
  }

  /** Nothing is fragmented on the way (RFC 8200, 5): the sender is always told. */
  #tooBig(upcalls: UpcallBatch, i: number, mtu: number): void {
    this.parts.icmp6.error(upcalls, i, 'too-big', mtu);
    this.parts.answers.drop(upcalls.handle(i), this.#drop.mtu);
  }
}
