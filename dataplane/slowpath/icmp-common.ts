// What ICMP and ICMPv6 share: the limit on errors made here, and the way out of a translated one.
import { writeMac } from '../inet/index.js';
import type { AnswerBatch } from './answers.js';
import type { NextHops } from './next-hops.js';
import type { Packets } from './packets.js';
import type { Ports } from './ports.js';

/** RFC 1812, 4.3.2.8 and RFC 4443, 2.4 (f): errors are limited; both families together. */
const ERRORS_PER_SECOND = 1000;

export class ErrorLimit {
  #tokens = ERRORS_PER_SECOND;
  #since = 0;

  allowed(now: number): boolean {
    this.#tokens = Math.min(ERRORS_PER_SECOND, this.#tokens + (now - this.#since));
    this.#since = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

interface Parts {
  readonly packets: Packets;
  readonly ports: Ports;
  readonly answers: AnswerBatch;
  readonly nextHops: NextHops;
}

/** Sends the frame to a connection's next hop, or drops it for `unresolved`. */
export function sendBy(parts: Parts, nextHop: number, frame: number, handle: number, unresolved: number): void {
  const { packets: p, ports, answers, nextHops } = parts;
  const hop = nextHops.where(nextHop);
  const port = hop === undefined ? undefined : ports.byIndex(hop.port);
  if (hop === undefined || port === undefined) return answers.drop(handle, unresolved);
  writeMac(hop.mac, p.bytes, frame);
  writeMac(port.mac, p.bytes, frame + 6);
  answers.output(handle, port.index);
}
