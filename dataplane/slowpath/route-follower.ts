// Live connections follow the routes and the ports' MTU: after a change each one's next hops and MTU are looked up again, a slice of the
// table a turn, so that new connections never wait for it. (The reference keeps the MAC of the first packet for a connection's whole life.)
import { usage } from '../../native/index.js';
import { IP_NONE, nextHopOf, type RouteTable, wayOf } from '../inet/index.js';
import { ConnFlag, type ConnView } from './conn-view.js';
import { remoteHash } from './modes/index.js';
import type { NextHops } from './next-hops.js';
import { pathMtu } from './path-mtu.js';
import type { Ports } from './ports.js';

const SLICE = 4096;

export class RouteFollower {
  #generation: number;
  /** The next record to look at; 0 when there is nothing to do. */
  #cursor = 0;

  constructor(
    readonly routes: RouteTable,
    readonly conns: ConnView,
    readonly nextHops: NextHops,
    readonly ports: Ports,
  ) {
    this.#generation = routes.generation;
  }

  get busy(): boolean {
    return this.#cursor > 0 || this.#generation !== this.routes.generation;
  }

  /** From the first record again: a port has another MTU. */
  again(): void {
    this.#cursor = 1;
  }

  tick(): void {
    if (this.#generation !== this.routes.generation) {
      this.#generation = this.routes.generation;
      this.again();
    }
    if (this.#cursor === 0) return;
    const { highestConnection } = usage();
    const end = Math.min(highestConnection, this.#cursor + SLICE - 1);
    for (let conn = this.#cursor; conn <= end; conn++) {
      if ((this.conns.byte(conn, 'flags') & ConnFlag.used) === 0) continue;
      const flowIn = this.conns.word(conn, 'flowIn');
      // The client or, of SNAT, the remote end.
      const { src, sport } = this.conns.key(flowIn);
      const hash = remoteHash(this.conns.byte(conn, 'proto'), src, sport);
      this.#follow(flowIn, hash);
      if (!this.conns.isOneWay(conn)) this.#follow(this.conns.word(conn, 'flowOut'), hash);
    }
    this.#cursor = end >= highestConnection ? 0 : end + 1;
  }

  #follow(flow: number, hash: number): void {
    const { conns, nextHops, ports } = this;
    const before = conns.nextHop(flow);
    const destination = conns.rewrite(flow).dst;
    const route = nextHops.isReturnPath(before) ? undefined : this.routes.lookup(destination);
    // Back to where the frames come from; and a flow whose destination has no route any more keeps the way it has.
    if (route === undefined || (route.scope !== 'link' && route.scope !== 'global'))
      return this.#limit(flow, ports.byIndex(nextHops.portOf(before))?.mtu);
    const way = wayOf(route, hash);
    // DR goes to the server itself; through a gateway it would not arrive.
    if (way.gateway !== IP_NONE && conns.isOneWay(conns.connOf(flow)))
      return this.#limit(flow, ports.byIndex(nextHops.portOf(before))?.mtu);
    const slot = nextHops.slotOf(way.device, nextHopOf(way, destination));
    if (slot < 0) return;
    this.#limit(flow, pathMtu(route, ports.byName(way.device)));
    if (slot === before) return;
    nextHops.hold(slot);
    conns.setNextHop(flow, slot);
    nextHops.release(before);
  }

  #limit(flow: number, mtu: number | undefined): void {
    if (mtu !== undefined && mtu !== this.conns.mtu(flow)) this.conns.setMtu(flow, mtu);
  }
}
