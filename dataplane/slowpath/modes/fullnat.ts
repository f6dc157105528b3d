// FullNAT: both ends' addresses are replaced, so both directions pass here; the client's address goes along as a TCP option.
import { type LaddrPick, rsBucket, type Service, type ServiceTable } from '../../ipvs/index.js';
import type { NewConnection } from '../answers.js';
import { drop, type UpcallBatch } from '../upcalls.js';
import { Flow, type Mode, OPENED } from './mode.js';
import type { Ways } from './ways.js';

const TCP = 6;
const TCP_IN = Flow.nat | Flow.toa | Flow.seq | Flow.noTimestamp;
const TCP_OUT = Flow.nat | Flow.out | Flow.seq | Flow.mss;

export interface FullNatParts {
  readonly services: ServiceTable;
  readonly ways: Ways;
  /** Pools a local address. */
  readonly buckets: number;
  /** ipvs_defs/conn/xmit_ttl. */
  readonly decrementTtl: boolean;
}

export class FullNat implements Mode {
  readonly #drop = drop();
  readonly #pick: LaddrPick = { laddr: undefined, port: 0 };

  constructor(readonly parts: FullNatParts) {}

  open(upcalls: UpcallBatch, i: number, service: Service, dest: number, c: NewConnection): number {
    const { ways, buckets } = this.parts;
    const { dests } = this.parts.services;
    const { nextHops } = ways.parts;
    const rip = dests.address(dest);
    const rport = dests.ports[dest];
    const route = ways.toServer(rip);
    if (route === undefined) return this.#drop.noRoute;
    c.nextHopIn = ways.byRoute(route, rip, upcalls, i);
    c.mtuIn = ways.mtu;
    c.nextHopOut = ways.toClient(upcalls, i);
    c.mtuOut = ways.mtu;
    const bucket = rsBucket(service.protocol, rip, rport, buckets);
    const reached = c.nextHopIn >= 0 && c.nextHopOut >= 0;
    if (!reached || !service.laddrs.take(bucket, this.#pick)) {
      nextHops.abandon(c.nextHopOut);
      return reached ? this.#drop.noLocalPort : this.#drop.neighbourFailed;
    }
    c.lip = this.#pick.laddr!.address;
    c.lipPort = this.#pick.port;
    c.localBucket = bucket;
    c.rip = rip;
    c.ripPort = rport;
    const tcp = service.protocol === TCP;
    const ttl = this.parts.decrementTtl ? Flow.ttl : 0;
    c.flagsIn = (tcp ? TCP_IN : Flow.nat) | ttl | (nextHops.isReturnPath(c.nextHopOut) ? Flow.returnPath : 0);
    c.flagsOut = (tcp ? TCP_OUT : Flow.nat | Flow.out) | ttl;
    return OPENED;
  }
}
