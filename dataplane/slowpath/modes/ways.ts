// The ways that a new connection's packets take: to a real server by its route, back to the client by route or by return path.
import { clientHash, type Ip, nextHopOf, type Route, type RouteTable, type Way, wayOf } from '../../inet/index.js';
import type { NextHops } from '../next-hops.js';
import type { Packets } from '../packets.js';
import { pathMtu } from '../path-mtu.js';
import type { Ports } from '../ports.js';
import type { UpcallBatch } from '../upcalls.js';

export interface WaysParts {
  readonly routes: RouteTable;
  readonly nextHops: NextHops;
  readonly ports: Ports;
  readonly packets: Packets;
}

/** One is made at start and filled again for each connection. */
export class Ways {
  /** IP bytes that the way last looked up takes. */
  mtu = 0;

  constructor(readonly parts: WaysParts) {}

  /** The route to a real server; undefined where there is none that leaves this node. */
  toServer(rip: Ip): Route | undefined {
    const route = this.parts.routes.lookup(rip);
    return route === undefined || !leaves(route) ? undefined : route;
  }

  /** The next hop's slot, -1 when the table is full. Sets `mtu`. */
  byRoute(route: Route, to: Ip, upcalls: UpcallBatch, i: number, hash?: number): number {
    const way = this.choose(route, upcalls, i, hash);
    return this.parts.nextHops.slotOf(way.device, nextHopOf(way, to));
  }

  /** Of a route's several ways the client's end chooses, unless another hash is given. Sets `mtu`. */
  choose(route: Route, upcalls: UpcallBatch, i: number, hash = clientHash(upcalls.src(i), upcalls.sport(i))): Way {
    const way = wayOf(route, hash);
    this.mtu = pathMtu(route, this.parts.ports.byName(way.device));
    return way;
  }

  /**
   * To whom the frame came from: by route where there is one, else back to its station (the reference's fast transmit). Sets
   * `mtu`.
   */
  toClient(upcalls: UpcallBatch, i: number, hash?: number): number {
    const { routes, nextHops, packets, ports } = this.parts;
    const client = upcalls.src(i);
    const route = routes.lookup(client);
    if (route !== undefined && leaves(route)) return this.byRoute(route, client, upcalls, i, hash);
    this.mtu = ports.byIndex(upcalls.port(i))?.mtu ?? 1500;
    return nextHops.returnPath(upcalls.port(i), packets.mac(upcalls.data(i) + 6));
  }
}

/** Does what takes it leave this node? */
export const leaves = ({ scope }: Route): boolean => scope === 'link' || scope === 'global';
