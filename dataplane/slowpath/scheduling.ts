// The first packet of a connection: a real server, what its forwarding mode makes of it (modes/), one answer.
import { Counters, layout } from '../../native/index.js';
import { IP_NONE } from '../inet/index.js';
import type { SaPoolTable, Service, ServiceTable } from '../ipvs/index.js';
import type { AnswerBatch, NewConnection, Refused } from './answers.js';
import { LONGEST_TIMEOUT_S } from './conn-view.js';
import { type ModeParts, modesOf, OPENED } from './modes/index.js';
import type { NextHops } from './next-hops.js';
import { drop, type UpcallBatch } from './upcalls.js';

export interface SchedulingParts extends ModeParts {
  readonly services: ServiceTable;
  readonly sapools: SaPoolTable;
  readonly nextHops: NextHops;
}

export class Scheduling {
  readonly #parts: SchedulingParts;
  readonly #modes: ReturnType<typeof modesOf>;
  readonly #drop = drop();
  readonly #counters = new Counters();
  readonly #syncedInBurst = new WeakMap<Service, number>();
  #burst = 0;
  readonly #conn: NewConnection = {
    proto: 0,
    client: IP_NONE,
    clientPort: 0,
    vip: IP_NONE,
    vipPort: 0,
    lip: IP_NONE,
    lipPort: 0,
    rip: IP_NONE,
    ripPort: 0,
    flagsIn: 0,
    flagsOut: 0,
    nextHopIn: 0,
    nextHopOut: 0,
    dest: 0,
    service: 0,
    localBucket: 0,
    timeout: 0,
    mtuIn: 0,
    mtuOut: 0,
  };

  constructor(parts: SchedulingParts) {
    this.#parts = parts;
    this.#modes = modesOf(parts);
  }

  /** Call before each burst of upcalls: connection counts are then read again from native memory when a scheduler needs them. */
  beginBurst(): void {
    this.#burst++;
  }

  /** Schedules upcall `i` for the service, or drops it with a reason. */
  open(upcalls: UpcallBatch, i: number, service: Service, answers: AnswerBatch): void {
    const { services, nextHops } = this.#parts;
    const handle = upcalls.handle(i);
    if (service.scheduler.name === 'wlc') this.#syncOnce(service);
    const dest = service.scheduler.pick();
    if (dest < 0) return answers.drop(handle, this.#drop.noServer);
    const c = this.#conn;
    c.proto = service.protocol;
    c.client = upcalls.src(i);
    c.clientPort = upcalls.sport(i);
    c.vip = service.vip;
    c.vipPort = service.port;
    c.dest = dest;
    c.service = service.id >>> 0;
    c.timeout = Math.min(service.connTimeout ?? 0, LONGEST_TIMEOUT_S);
    const refused = this.#modes[services.forwardingOf(dest)!]!.open(upcalls, i, service, dest, c);
    if (refused !== OPENED) return answers.drop(handle, refused);
    // SNAT may have taken another than the scheduler's, which had no port left.
    services.dests.opened(c.dest);
    nextHops.hold(c.nextHopIn);
    nextHops.hold(c.nextHopOut);
    answers.newConnection(handle, c);
  }

  /** Takes back what a refused or ended connection had reserved. */
  close(c: Refused): void {
    const { services, sapools, nextHops } = this.#parts;
    if (c.lipPort !== 0) {
      sapools.give(c.lip, c.localBucket, c.lipPort);
      services.serviceOf(c.dest)?.laddrs.ended(c.lip);
    }
    const { dests } = services;
    // Which of the two is counted down is corrected by the next sync; the sum is what must be right.
    if (dests.conns(c.dest) > 0) dests.closed(c.dest, dests.inactive[c.dest] === 0);
    nextHops.release(c.nextHopIn);
    nextHops.release(c.nextHopOut);
  }

  /** Brings active and inactive up to date with the states the fast path keeps. */
  sync(service: Service): void {
    const { dests } = this.#parts.services;
    for (let i = 0; i < service.count; i++) {
      const dest = service.members[i];
      const total = dests.active[dest] + dests.inactive[dest];
      const active = Math.max(0, Math.min(total, this.#counters.established(dest)));
      dests.active[dest] = active;
      dests.inactive[dest] = total - active;
    }
  }

  #syncOnce(service: Service): void {
    if (this.#syncedInBurst.get(service) === this.#burst) return;
    this.#syncedInBurst.set(service, this.#burst);
    this.sync(service);
  }
}

/** Real servers a node can hold at once: the native counters' slots. */
export const maxServers = (): number => layout('DP_DESTS');
