// Live connections follow the routes: after a change each one's next hops are looked up again, a slice of the table a turn, so that
// new connections never wait for it. (The reference keeps the MAC of the first packet for a connection's whole life.)
import { usage } from '../../native/index.js';
import { clientHash, nextHopOf, type RouteTable, wayOf } from '../inet/index.js';
import { ConnFlag, type ConnView } from './conn-view.js';
import type { NextHops } from './next-hops.js';

const SLICE = 4096;

export class RouteFollower {
  #generation: number;
  /** The next record to look at; 0 when there is nothing to do. */
  #cursor = 0;

  constructor(
    readonly routes: RouteTable,
    readonly conns: ConnView,
    readonly nextHops: NextHops,
  ) {
    this.#generation = routes.generation;
  }

  get busy(): boolean {
    return this.#cursor > 0 || this.#generation !== this.routes.generation;
  }

  tick(): void {
    if (this.#generation !== this.routes.generation) {
      this.#generation = this.routes.generation;
      this.#cursor = 1;
    }
    if (this.#cursor === 0) return;
    const { highestConnection } = usage();
    const end = Math.min(highestConnection, this.#cursor + SLICE - 1);
    for (let conn = this.#cursor; conn <= end; conn++) {
      if ((this.conns.byte(conn, 'flags') & ConnFlag.used) === 0) continue;
      const flowIn = this.conns.word(conn, 'flowIn');
      const { src, sport } = this.conns.key(flowIn);
      const hash = clientHash(src, sport);
      this.#follow(flowIn, hash);
      this.#follow(this.conns.word(conn, 'flowOut'), hash);
    }
    this.#cursor = end >= highestConnection ? 0 : end + 1;
  }

  /** A flow whose destination has no route keeps the way it has. */
  #follow(flow: number, hash: number): void {
    const { conns, nextHops } = this;
    const before = conns.nextHop(flow);
    if (nextHops.isReturnPath(before)) return;
    const destination = conns.rewrite(flow).dst;
    const route = this.routes.lookup(destination);
    if (route === undefined || (route.scope !== 'link' && route.scope !== 'global')) return;
    const way = wayOf(route, hash);
    const slot = nextHops.slotOf(way.device, nextHopOf(way, destination));
    if (slot < 0 || slot === before) return;
    nextHops.hold(slot);
    conns.setNextHop(flow, slot);
    nextHops.release(before);
  }
}
