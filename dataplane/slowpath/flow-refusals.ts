// Packets that hit a flow entry and that the executor would not send: no MAC yet, too big, another station. The same for both families.
import type { AnswerBatch } from './answers.js';
import type { ConnView } from './conn-view.js';
import type { NextHops } from './next-hops.js';
import type { Packets } from './packets.js';
import { drop, punt, type UpcallBatch } from './upcalls.js';

export interface FlowRefusalParts {
  readonly conns: ConnView;
  readonly nextHops: NextHops;
  readonly packets: Packets;
  readonly answers: AnswerBatch;
}

export class FlowRefusals {
  readonly #punt = punt();
  readonly #drop = drop();

  /** @param tooBig says so to the sender and answers the upcall */
  constructor(
    readonly parts: FlowRefusalParts,
    readonly tooBig: (upcalls: UpcallBatch, i: number, mtu: number) => void,
  ) {}

  /** False: the upcall is of another kind. */
  input(upcalls: UpcallBatch, i: number): boolean {
    const reason = upcalls.reason(i);
    if (reason !== this.#punt.noNextHop && reason !== this.#punt.tooBig && reason !== this.#punt.pathChanged)
      return false;
    this.#refused(upcalls, i, reason);
    return true;
  }

  /** Until the neighbour in the slot answers; -1 is none. */
  wait(handle: number, slot: number): void {
    const { nextHops, answers } = this.parts;
    const neighbour = slot < 0 ? undefined : nextHops.neighbours.bySlot(slot);
    if (neighbour === undefined) return answers.drop(handle, this.#drop.neighbourFailed);
    // It may have been resolved since the packet came up.
    if (nextHops.where(slot) !== undefined) return answers.run(handle);
    if (!nextHops.neighbours.enqueue(neighbour, handle)) answers.drop(handle, this.#drop.neighbourQueueFull);
  }

  #refused(upcalls: UpcallBatch, i: number, reason: number): void {
    const tuple = { src: upcalls.src(i), dst: upcalls.dst(i), sport: upcalls.sport(i), dport: upcalls.dport(i) };
    // The connection may have ended while the packet waited: then it finds its way anew.
    if (!this.parts.conns.isLive(upcalls.flow(i), upcalls.proto(i), tuple))
      return this.parts.answers.run(upcalls.handle(i));
    if (reason === this.#punt.noNextHop) return this.#noNextHop(upcalls, i);
    if (reason === this.#punt.tooBig) return this.tooBig(upcalls, i, this.parts.conns.mtu(upcalls.flow(i)));
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
    this.wait(upcalls.handle(i), slot);
  }

  /**
   * The station that the packets of who opened it come from, or its port, changed, such as when its router was replaced or lost a
   * link: answers follow.
   */
  #pathChanged(upcalls: UpcallBatch, i: number): void {
    const { conns, nextHops, packets, answers } = this.parts;
    const flow = upcalls.flow(i);
    const port = upcalls.port(i);
    const mac = packets.mac(upcalls.data(i) + 6);
    const before = conns.nextHop(conns.otherWay(flow));
    const slot = nextHops.isReturnPath(before) ? nextHops.returnPath(port, mac) : -1;
    if (slot >= 0) {
      nextHops.hold(slot);
      conns.setReturnPath(flow, slot, port, mac);
      nextHops.release(before);
    }
    answers.run(upcalls.handle(i));
  }
}
