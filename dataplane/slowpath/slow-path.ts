// The slow path: takes upcalls, decides, answers; ages neighbours and connections; keeps the tables the control thread fills.
// It knows nothing of threads: worker.ts runs it in one, tests step it by hand.
import { Counters, loadLibrary } from '../../native/index.js';
import type { Change } from '../control/index.js';
import { AddressTable, isIp4, RouteTable } from '../inet/index.js';
import { SaPoolTable, ServiceTable } from '../ipvs/index.js';
import { adoptConnections } from './adopt.js';
import { Announcements } from './announcements.js';
import { AnswerBatch } from './answers.js';
import { Arp } from './arp.js';
import { Configure, type Timeouts } from './configure.js';
import { ConnView } from './conn-view.js';
import { DestChecks, type Notice } from './dest-checks.js';
import { DestInfo } from './dest-info.js';
import { Events } from './events.js';
import { Expiry } from './expiry.js';
import { Icmp } from './icmp.js';
import { ErrorLimit } from './icmp-common.js';
import { Icmp6 } from './icmp6.js';
import { Ip4Input } from './ip4-input.js';
import { Ip6Input } from './ip6-input.js';
import { Nd } from './nd.js';
import { NextHops } from './next-hops.js';
import { Packets } from './packets.js';
import { type PortSlot, Ports, type SlowPathPort } from './ports.js';
import { answerQuery, type Queries, type QueryParts } from './queries.js';
import { RouteFollower } from './route-follower.js';
import { maxServers, Scheduling } from './scheduling.js';
import { drop, UpcallBatch, UpcallClass } from './upcalls.js';

export interface SlowPathOptions {
  readonly ports: readonly PortSlot[];
  readonly timeouts: Timeouts;
  readonly neighbour: { readonly reachableMs: number; readonly queueLength: number };
  /** Pools a local address: what `sa_free` is a multiple of. */
  readonly sapoolBuckets: number;
  readonly defaultTtl: number;
  readonly forwarding: boolean;
  readonly decrementTtl: boolean;
  readonly tcpDefence: boolean;
  readonly udpDefence: boolean;
  /** For choices that must differ between nodes and be repeatable in tests. */
  readonly seed: number;
}

/** Upcalls of one turn: small enough that a command waits little, large enough that calls into C are rare. */
const BURST = 256;
const HOUSEKEEPING_MS = 1000;

export class SlowPath {
  readonly #parts: QueryParts;
  readonly #configure: Configure;
  readonly #upcalls: UpcallBatch;
  readonly #answers: AnswerBatch;
  readonly #arp: Arp;
  readonly #nd: Nd;
  readonly #ip4: Ip4Input;
  readonly #ip6: Ip6Input;
  readonly #expiry: Expiry;
  readonly #follower: RouteFollower;
  readonly #announcements: Announcements;
  readonly #ports: Ports;
  readonly #destInfo = new DestInfo();
  readonly #destChecks: DestChecks;
  readonly #sapools: SaPoolTable;
  /** The native clock at its last reading, milliseconds modulo 2^32; `#now` is the same moment without the modulo. */
  #nativeMs = loadLibrary().dp_clock_ms() as number;
  #now = this.#nativeMs;
  #housekeeping = 0;

  /** @param notice told of what the slow path did by itself */
  constructor(options: SlowPathOptions, notice: (notice: Notice) => void = () => {}) {
    const { seed } = options;
    const now = (): number => this.#now;
    const ports = new Ports(options.ports);
    this.#ports = ports;
    const packets = new Packets();
    this.#upcalls = new UpcallBatch(packets);
    const events = new Events();
    const conns = new ConnView();
    const addresses = new AddressTable();
    const routes = new RouteTable();
    const sapools = new SaPoolTable({ seed, buckets: options.sapoolBuckets });
    const services = new ServiceTable({ seed, start: seed, maxServers: maxServers() });
    const reasons = drop();
    this.#sapools = sapools;
    this.#answers = new AnswerBatch((refused) => scheduling.close(refused));
    const answers = this.#answers;
    const nextHops = new NextHops({
      ...options.neighbour,
      ports,
      now,
      sendRequest: (device, target, unicast) => {
        if (isIp4(target)) this.#arp.request(device, target, unicast);
        else this.#nd.request(device, target, unicast);
      },
      resolved: (handles) => {
        for (const handle of handles) answers.run(handle);
      },
      failed: (handles) => {
        for (const handle of handles) answers.drop(handle, reasons.neighbourFailed);
      },
    });
    const buckets = options.sapoolBuckets;
    const { decrementTtl } = options;
    const scheduling: Scheduling = new Scheduling({
      services,
      sapools,
      routes,
      nextHops,
      ports,
      packets,
      buckets,
      decrementTtl,
    });
    const inet = { packets, ports, addresses, nextHops, answers, events, now };
    this.#arp = new Arp({ ...inet, routes });
    this.#nd = new Nd({ ...inet, routes });
    const ttl = options.defaultTtl;
    const errorLimit = new ErrorLimit();
    const icmp = new Icmp({ ...inet, conns, errorLimit, ttl });
    const icmp6 = new Icmp6({ ...inet, conns, errorLimit, hopLimit: ttl });
    const { forwarding, tcpDefence, udpDefence } = options;
    const shared = { services, nextHops, scheduling, conns, packets, answers, tcpDefence, udpDefence };
    this.#ip4 = new Ip4Input({ ...shared, routes, icmp, ports, forwarding });
    this.#ip6 = new Ip6Input({ ...shared, icmp6 });
    this.#expiry = new Expiry(conns, packets, ports, answers, events, (ended) => scheduling.close(ended));
    this.#follower = new RouteFollower(routes, conns, nextHops, ports);
    this.#announcements = new Announcements({ addresses, routes, arp: this.#arp, nd: this.#nd });
    const { timeouts } = options;
    const destInfo = this.#destInfo;
    const destChecks = new DestChecks(services.dests, new Counters(), notice);
    this.#destChecks = destChecks;
    const tables = { addresses, routes, services, sapools, nextHops, conns };
    const portSet = (name: string): void => this.#portSet(name);
    this.#configure = new Configure({ ...tables, destInfo, destChecks, portSet, timeouts });
    this.#parts = { services, sapools, addresses, nextHops, scheduling, conns, now };
  }

  /** Takes the configuration, and with `adopt` what a dead slow path left in native memory. */
  start(changes: readonly Change[], adopt: boolean): { kept: number; ended: number; requeued: number } {
    const { conns, services, nextHops } = this.#parts;
    // A slow path that died may not have heard of a port's new MAC.
    const macs = this.#ports.list().map((port) => ({ port, changed: nextHops.sourceChanged(port.index) > 0 }));
    if (adopt) {
      nextHops.adopt();
      services.adoptServers(this.#destInfo.known());
    }
    this.#configure.apply(changes);
    this.#answers.flush();
    for (const { port, changed } of macs) this.#newMac(port, changed);
    if (!adopt) return { kept: 0, ended: 0, requeued: 0 };
    const adopted = adoptConnections({ conns, services, sapools: this.#sapools, nextHops });
    return { ...adopted, requeued: loadLibrary().dp_requeue_held() as number };
  }

  /** @throws what a change cannot be applied for; the control thread judged it before, so that is a bug */
  apply(changes: readonly Change[]): void {
    this.#clock();
    this.#configure.apply(changes);
    this.#answers.flush();
  }

  query<Q extends keyof Queries>(name: Q, params: Queries[Q]['params']): Queries[Q]['result'] {
    this.#clock();
    const result = answerQuery(this.#parts, name, params);
    this.#answers.flush();
    return result;
  }

  /** One turn. Returns the number of upcalls taken. */
  turn(): number {
    this.#clock();
    const upcalls = this.#upcalls;
    const n = upcalls.take(BURST);
    if (n > 0) this.#parts.scheduling.beginBurst();
    for (let i = 0; i < n; i++) {
      const six = upcalls.family(i) === 6;
      if (upcalls.cls(i) === UpcallClass.arp) (six ? this.#nd : this.#arp).input(upcalls, i);
      else (six ? this.#ip6 : this.#ip4).input(upcalls, i);
    }
    this.#timers();
    this.#answers.flush();
    return n;
  }

  /** Milliseconds until the next timer, for sleeping. */
  idleMs(): number {
    if (this.#follower.busy) return 0;
    const checks = Math.min(this.#destChecks.due(this.#now), this.#announcements.due(this.#now));
    return Math.max(
      0,
      Math.min(checks, this.#expiry.due(this.#now), this.#parts.nextHops.neighbours.nextDeadline - this.#now),
    );
  }

  #portSet(name: string): void {
    const changed = this.#ports.reread(name);
    if (changed.mtu) this.#follower.again();
    if (!changed.mac) return;
    const port = this.#ports.byName(name);
    this.#parts.nextHops.sourceChanged(port.index);
    this.#newMac(port, true);
  }

  /** @param isNew false: at a start, when the slow path before this one had told of it */
  #newMac(port: SlowPathPort, isNew: boolean): void {
    if (isNew) this.#announcements.begin(port, this.#now);
    else loadLibrary().dp_port_forget_mac(port.index);
  }

  #timers(): void {
    this.#parts.nextHops.neighbours.tick(this.#now);
    this.#expiry.tick(this.#now);
    this.#follower.tick();
    this.#announcements.tick(this.#now);
    this.#destChecks.tick(this.#now);
    if (this.#now < this.#housekeeping) return;
    this.#housekeeping = this.#now + HOUSEKEEPING_MS;
    const { services } = this.#parts;
    this.#destInfo.reclaim(services.dests, (dest) => services.free(dest));
  }

  /** The native clock comes round after 49.7 days; deadlines here need one that never does. */
  #clock(): void {
    const nativeMs = loadLibrary().dp_clock_ms() as number;
    const passed = (nativeMs - this.#nativeMs) | 0;
    // Negative: this thread moved to a CPU whose counter is a little behind.
    if (passed <= 0) return;
    this.#nativeMs = nativeMs;
    this.#now += passed;
  }
}
