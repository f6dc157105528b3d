// One service: its real servers as a scheduler's view, its local addresses, its options.
import type { Ip } from '../inet/index.js';
import type { DestTable } from './dest-table.js';
import { LaddrSet } from './laddr-set.js';
import type { Match } from './match-table.js';
import type { Protocol } from './protocol.js';
import { createScheduler, type Scheduler, type SchedulerName, type ServerView } from './schedulers/index.js';

export interface ServiceOptions {
  /** Default wlc. */
  readonly scheduler?: SchedulerName;
  /** Seconds; null for the protocol's own. */
  readonly connTimeout?: number | null;
}

export interface Service extends ServerView {
  /** Never used again for another service. */
  readonly id: number;
  readonly protocol: Protocol;
  /** IP_NONE of a match service, whose port is 0. */
  readonly vip: Ip;
  readonly port: number;
  /** null of a service of a virtual IP. */
  readonly match: Match | null;
  readonly scheduler: Scheduler;
  readonly connTimeout: number | null;
  readonly laddrs: LaddrSet;
  /** false once it was removed; its connections go on. */
  readonly live: boolean;
}

/** The service as its table changes it. */
export class ServiceEntry implements Service {
  live = true;
  members = new Int32Array(4);
  count = 0;
  scheduler: Scheduler;
  connTimeout: number | null = null;
  readonly laddrs: LaddrSet;

  constructor(
    readonly id: number,
    readonly protocol: Protocol,
    readonly vip: Ip,
    readonly port: number,
    readonly columns: DestTable,
    readonly start: number,
    random: () => number,
    readonly match: Match | null = null,
  ) {
    this.laddrs = new LaddrSet({ jitter: false, random });
    this.scheduler = createScheduler('wlc', this, start);
  }

  configure(options: ServiceOptions): void {
    if (options.connTimeout !== undefined) this.connTimeout = options.connTimeout;
    if (options.scheduler === undefined || options.scheduler === this.scheduler.name) return;
    this.scheduler = createScheduler(options.scheduler, this, this.start);
    // Lock-step needs two round robins: the LIPs' and the scheduler's.
    this.laddrs.jitter = options.scheduler !== 'wlc';
  }

  push(destIndex: number): void {
    if (this.count === this.members.length) {
      const grown = new Int32Array(this.count * 2);
      grown.set(this.members);
      this.members = grown;
    }
    this.members[this.count++] = destIndex;
  }

  /** The others keep their order, in which they are listed. */
  drop(destIndex: number): void {
    const at = this.members.indexOf(destIndex);
    this.members.copyWithin(at, at + 1, this.count);
    this.count--;
  }
}
