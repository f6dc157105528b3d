// The first packet of a connection: real server, local address and port, next hops of both directions, one answer.
import { Counters, layout } from '../../native/index.js';
import { clientHash, IP_NONE, nextHopOf, type RouteTable, wayOf } from '../inet/index.js';
import { type LaddrPick, rsBucket, type SaPoolTable, type Service, type ServiceTable } from '../ipvs/index.js';
import type { AnswerBatch, NewConnection, Refused } from './answers.js';
import { LONGEST_TIMEOUT_S } from './conn-view.js';
import type { NextHops } from './next-hops.js';
import type { Packets } from './packets.js';
import { pathMtu } from './path-mtu.js';
import type { Ports } from './ports.js';
import { drop, type UpcallBatch } from './upcalls.js';

/** As enum dp_flow_flags in dp.h. */
const Flow = { nat: 1, out: 2, toa: 4, seq: 8, mss: 16, noTimestamp: 32, ttl: 64, returnPath: 1024 } as const;
const TCP_IN = Flow.nat | Flow.toa | Flow.seq | Flow.noTimestamp;
const TCP_OUT = Flow.nat | Flow.out | Flow.seq | Flow.mss;
const TCP = 6;

export interface SchedulingParts {
  readonly services: ServiceTable;
  readonly sapools: SaPoolTable;
  readonly routes: RouteTable;
  readonly nextHops: NextHops;
  readonly ports: Ports;
  readonly packets: Packets;
  readonly buckets: number;
  /** ipvs_defs/conn/xmit_ttl. */
  readonly decrementTtl: boolean;
}

export class Scheduling {
  readonly #parts: SchedulingParts;
  readonly #drop = drop();
  readonly #counters = new Counters();
  readonly #pick: LaddrPick = { laddr: undefined, port: 0 };
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
  }

  /** Call before each burst of upcalls: connection counts are then read again from native memory when a scheduler needs them. */
  beginBurst(): void {
    this.#burst++;
  }

  /** Schedules upcall `i` for the service, or drops it with a reason. */
  open(upcalls: UpcallBatch, i: number, service: Service, answers: AnswerBatch): void {
    const { services, routes, nextHops, buckets } = this.#parts;
    const handle = upcalls.handle(i);
    if (service.scheduler.name === 'wlc') this.#syncOnce(service);
    const dest = service.scheduler.pick();
    if (dest < 0) return answers.drop(handle, this.#drop.noServer);
    const rip = services.dests.address(dest);
    const rport = services.dests.ports[dest];
    const route = routes.lookup(rip);
    if (route === undefined || route.scope === 'host' || route.scope === 'kni_host')
      return answers.drop(handle, this.#drop.noRoute);
    const proto = service.protocol;
    const bucket = rsBucket(proto, rip, rport, buckets);
    const client = upcalls.src(i);
    const way = wayOf(route, clientHash(client, upcalls.sport(i)));
    const nextHopIn = nextHops.slotOf(way.device, nextHopOf(way, rip));
    const nextHopOut = this.#towardsClient(upcalls, i, this.#conn);
    const pick = this.#pick;
    const reached = nextHopIn >= 0 && nextHopOut >= 0;
    if (!reached || !service.laddrs.take(bucket, pick)) {
      nextHops.abandon(nextHopOut);
      return answers.drop(handle, reached ? this.#drop.noLocalPort : this.#drop.neighbourFailed);
    }

    const c = this.#conn;
    c.proto = proto;
    c.client = client;
    c.clientPort = upcalls.sport(i);
    c.vip = service.vip;
    c.vipPort = service.port;
    c.lip = pick.laddr!.address;
    c.lipPort = pick.port;
    c.rip = rip;
    c.ripPort = rport;
    const ttl = this.#parts.decrementTtl ? Flow.ttl : 0;
    c.flagsIn = (proto === TCP ? TCP_IN : Flow.nat) | ttl | (nextHops.isReturnPath(nextHopOut) ? Flow.returnPath : 0);
    c.flagsOut = (proto === TCP ? TCP_OUT : Flow.nat | Flow.out) | ttl;
    c.mtuIn = pathMtu(route, this.#parts.ports.byName(way.device));
    c.nextHopIn = nextHopIn;
    c.nextHopOut = nextHopOut;
    c.dest = dest;
    c.service = service.id >>> 0;
    c.localBucket = bucket;
    c.timeout = Math.min(service.connTimeout ?? 0, LONGEST_TIMEOUT_S);
    services.dests.opened(dest);
    nextHops.hold(nextHopIn);
    nextHops.hold(nextHopOut);
    answers.newConnection(handle, c);
  }

  /** Takes back what a refused or ended connection had reserved. */
  close(c: Refused): void {
    const { services, sapools, nextHops } = this.#parts;
    sapools.give(c.lip, c.localBucket, c.lipPort);
    services.serviceOf(c.dest)?.laddrs.ended(c.lip);
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

  /** By route where there is one, else back to the station the frame came from (the reference's fast transmit). */
  #towardsClient(upcalls: UpcallBatch, i: number, c: NewConnection): number {
    const { routes, nextHops, packets } = this.#parts;
    const client = upcalls.src(i);
    const route = routes.lookup(client);
    if (route !== undefined && (route.scope === 'link' || route.scope === 'global')) {
      const way = wayOf(route, clientHash(client, upcalls.sport(i)));
      c.mtuOut = pathMtu(route, this.#parts.ports.byName(way.device));
      return nextHops.slotOf(way.device, nextHopOf(way, client));
    }
    c.mtuOut = this.#parts.ports.byIndex(upcalls.port(i))?.mtu ?? 1500;
    return nextHops.returnPath(upcalls.port(i), packets.mac(upcalls.data(i) + 6));
  }
}

/** Real servers a node can hold at once: the native counters' slots. */
export const maxServers = (): number => layout('DP_DESTS');
