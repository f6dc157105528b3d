// The default form: `redistribute connected` through a route-map that lets the VIPs pass. One type-5 LSA a VIP, so that each change
// reaches the switch by itself in 0.1 s (peers.md 0.3), and nothing depends on the type of the link.
import {
  announceRouteMap,
  permitLine,
  prefixListSentinel,
  redistributeLine,
  routeMapLines,
} from '../quagga-conf/index.js';
import type { Announcer } from './announcer.js';
import type { Origination } from './frr-output.js';
import type { Ospfd } from './ospfd.js';

export class RedistributeAnnouncer implements Announcer {
  readonly form = 'redistribute';
  readonly followMs = 3_000;
  readonly #ospfd: Ospfd;
  readonly #metric: number;

  constructor(ospfd: Ospfd, metric: number) {
    this.#ospfd = ospfd;
    this.#metric = metric;
  }

  async obstacle(): Promise<string | null> {
    const { routerOspf } = await this.#ospfd.config();
    return routerOspf ? null : 'ospfd has no `router ospf`: dpvs-route config writes a configuration for it';
  }

  async permit(vips: readonly string[]): Promise<string[]> {
    const config = await this.#ospfd.config();
    const routeMap = config.redistribute?.routeMap ?? announceRouteMap;
    // A hand-made `redistribute connected` that does not ask our prefix-list stays as it is. If it does not let the VIP pass, the
    // verification says so.
    if (config.redistribute?.routeMap === null) return [];
    if (routeMap !== announceRouteMap && !config.routeMaps.has(routeMap)) return [];
    const added = vips.filter((vip) => !config.permitted.has(vip));
    const lines = [...(config.prefixList ? [] : [prefixListSentinel]), ...added.map(permitLine)];
    if (!config.routeMaps.has(routeMap)) lines.push(...routeMapLines, 'exit');
    if (config.redistribute === undefined) lines.push('router ospf', redistributeLine(this.#metric));
    await this.#ospfd.configure(lines);
    return added;
  }

  async forbid(vips: readonly string[]): Promise<void> {
    const { permitted } = await this.#ospfd.config();
    await this.#ospfd.configure(vips.filter((vip) => permitted.has(vip)).map((vip) => `no ${permitLine(vip)}`));
  }

  originated(): Promise<ReadonlyMap<string, Origination>> {
    return this.#ospfd.originated();
  }
}
