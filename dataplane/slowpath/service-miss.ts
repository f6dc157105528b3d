// A TCP segment or UDP datagram without a flow entry, as far as services go: scheduled, or dropped with its reason. The same for both
// families.
import { Protocol, type ServiceTable } from '../ipvs/index.js';
import type { AnswerBatch } from './answers.js';
import type { Scheduling } from './scheduling.js';
import { drop, type UpcallBatch, UpcallClass } from './upcalls.js';

export interface ServiceMissParts {
  readonly services: ServiceTable;
  readonly scheduling: Scheduling;
  readonly answers: AnswerBatch;
  /** Drop instead of passing on: TCP to a VIP's port without a service, UDP to a VIP with TCP services only. */
  readonly tcpDefence: boolean;
  readonly udpDefence: boolean;
}

export class ServiceMiss {
  readonly #drop = drop();

  constructor(readonly parts: ServiceMissParts) {}

  /** False: no service has to do with it. */
  input(upcalls: UpcallBatch, i: number): boolean {
    const { services, scheduling, answers, tcpDefence, udpDefence } = this.parts;
    const proto = upcalls.proto(i);
    const vip = upcalls.dst(i);
    const service = services.lookup(proto as Protocol, vip, upcalls.dport(i));
    const tcp = proto === Protocol.tcp;
    if (tcp && upcalls.cls(i) !== UpcallClass.new) {
      if (!services.hasVip(vip)) return false;
      // A segment of nobody's connection, such as after another node's death: the reference is silent, and so are we.
      answers.drop(upcalls.handle(i), this.#drop.noConnection);
    } else if (service !== undefined) {
      scheduling.open(upcalls, i, service, answers);
    } else if ((tcp ? tcpDefence : udpDefence) && services.hasVip(vip)) {
      answers.drop(upcalls.handle(i), this.#drop.policy);
    } else {
      return false;
    }
    return true;
  }
}
