// SNAT: a host behind the node opens a connection to the Internet; its address and port become those of the WAN address, which is the
// service's "real server". As in the reference the remote end has the client's part and the host behind the node the real server's, so
// that states, counts and listings read alike: what goes out is "out".
import { clientHash, IP_NONE, type Ip } from '../../inet/index.js';
import { isEligible, Protocol, rsBucket, type SaPoolTable, type Service, type ServiceTable } from '../../ipvs/index.js';
import type { NewConnection } from '../answers.js';
import { drop, type UpcallBatch } from '../upcalls.js';
import { Flow, type Mode, OPENED } from './mode.js';
import type { Ways } from './ways.js';

/** Seconds, as the reference's for ICMP. */
const ICMP_TIMEOUT = 300;
/** Of the WAN addresses of a service so many are asked for a port: the bound on the work of one SYN, as with local addresses. */
const MAX_TRIES = 16;

export interface SnatParts {
  readonly services: ServiceTable;
  readonly sapools: SaPoolTable;
  readonly ways: Ways;
  /** Pools a WAN address. */
  readonly buckets: number;
}

/** Which of a route's ways a connection to this end takes; `port` of ICMP does not matter. */
export const remoteHash = (proto: number, remote: Ip, port: number): number =>
  clientHash(remote, proto === Protocol.icmp ? 0 : port);

export class Snat implements Mode {
  readonly #drop = drop();

  constructor(readonly parts: SnatParts) {}

  open(upcalls: UpcallBatch, i: number, service: Service, dest: number, c: NewConnection): number {
    const { ways, buckets } = this.parts;
    const { nextHops } = ways.parts;
    const proto = service.protocol;
    const remote = upcalls.dst(i);
    const rport = upcalls.dport(i);
    const hash = remoteHash(proto, remote, rport);
    const route = ways.toServer(remote);
    if (route === undefined) return this.#drop.noRoute;
    c.nextHopOut = ways.byRoute(route, remote, upcalls, i, hash);
    c.mtuOut = ways.mtu;
    c.nextHopIn = ways.toClient(upcalls, i, hash);
    c.mtuIn = ways.mtu;
    // A port is in use once for each remote end of a bucket: what comes back is told apart by it.
    c.localBucket = rsBucket(proto, remote, rport, buckets);
    const reached = c.nextHopIn >= 0 && c.nextHopOut >= 0;
    if (!reached || !this.#takePort(service, dest, c)) {
      nextHops.abandon(c.nextHopIn);
      return reached ? this.#drop.noLocalPort : this.#drop.neighbourFailed;
    }
    c.client = c.lip = remote;
    c.clientPort = c.lipPort = rport;
    c.rip = upcalls.src(i);
    c.ripPort = upcalls.sport(i);
    const both = Flow.nat | Flow.snat | Flow.ttl;
    c.flagsIn = both;
    c.flagsOut = both | Flow.out | (nextHops.isReturnPath(c.nextHopIn) ? Flow.returnPath : 0);
    if (proto === Protocol.icmp && c.timeout === 0) c.timeout = ICMP_TIMEOUT;
    return OPENED;
  }

  /** Of the WAN address that the scheduler picked or, when it has none left, of those behind it. Fills VIP and server. */
  #takePort(service: Service, picked: number, c: NewConnection): boolean {
    const { dests } = this.parts.services;
    const first = service.members.indexOf(picked);
    const tries = Math.min(service.count, MAX_TRIES);
    for (let n = 0; n < tries; n++) {
      const dest = service.members[(first + n) % service.count];
      if (!isEligible(dests, dest)) continue;
      const wan = dests.address(dest);
      const port = this.parts.sapools.get(wan)?.take(c.localBucket) ?? 0;
      if (port === 0) continue;
      c.dest = dest;
      c.vip = wan;
      c.vipPort = port;
      return true;
    }
    c.vip = IP_NONE;
    return false;
  }
}
