// Direct routing: the packet goes on as it came, to the MAC of a real server that has the VIP itself and answers the client by its own
// way. Only the client's direction passes here, so a connection is one flow entry: an answer that nobody sees needs none.
import { IP_NONE } from '../../inet/index.js';
import type { Service, ServiceTable } from '../../ipvs/index.js';
import type { NewConnection } from '../answers.js';
import { NO_HOP } from '../next-hops.js';
import { drop, type UpcallBatch } from '../upcalls.js';
import { Flow, type Mode, OPENED } from './mode.js';
import type { Ways } from './ways.js';

export interface DirectRoutingParts {
  readonly services: ServiceTable;
  readonly ways: Ways;
  /** ipvs_defs/conn/xmit_ttl. The reference leaves the TTL of DR alone even so; who asks for it wants loops to end. */
  readonly decrementTtl: boolean;
}

export class DirectRouting implements Mode {
  readonly #drop = drop();

  constructor(readonly parts: DirectRoutingParts) {}

  open(upcalls: UpcallBatch, i: number, _service: Service, dest: number, c: NewConnection): number {
    const { ways, decrementTtl } = this.parts;
    const { dests } = this.parts.services;
    const rip = dests.address(dest);
    const route = ways.toServer(rip);
    if (route === undefined) return this.#drop.noRoute;
    const way = ways.choose(route, upcalls, i);
    // A gateway would route by the packet's destination, which is the VIP: back to us.
    if (way.gateway !== IP_NONE) return this.#drop.serverOffLink;
    c.nextHopIn = ways.parts.nextHops.slotOf(way.device, rip);
    if (c.nextHopIn < 0) return this.#drop.neighbourFailed;
    c.mtuIn = ways.mtu;
    c.nextHopOut = NO_HOP;
    c.mtuOut = 0;
    c.lip = c.client;
    c.lipPort = 0;
    c.localBucket = 0;
    c.rip = rip;
    c.ripPort = dests.ports[dest];
    c.flagsIn = Flow.rewriteL2 | (decrementTtl ? Flow.ttl : 0);
    c.flagsOut = 0;
    return OPENED;
  }
}
