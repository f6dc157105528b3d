// OSPF, default form: `redistribute connected` through a route-map that lets the VIPs pass. One type-5 LSA a VIP, so that each change
// reaches the switch by itself in 0.1 s (measured, routing/README.md), and nothing depends on the type of the link.
import { DpvsError } from '../../api/index.js';
import {
  announceRouteMap,
  drainListSentinel,
  drainPermitLine,
  drainRouteMapLines,
  permitLine,
  prefixListSentinel,
  redistributeLine,
  routeMapLines,
} from '../../quagga-conf/index.js';
import type { Ospfd } from '../ospfd.js';
import { covers } from './covers.js';
import type { Change } from './driver.js';
import { OspfDriver } from './ospf-driver.js';

export class OspfRedistribute extends OspfDriver {
  readonly form = 'redistribute';
  readonly followMs = 3_000;
  /** ospfd looks again at what it redistributes 5 s after a route-map has changed. */
  readonly preferenceMs = 12_000;
  readonly #metric: number;

  constructor(ospfd: Ospfd, metric: number) {
    super(ospfd);
    this.#metric = metric;
  }

  async obstacle(): Promise<string | null> {
    const { routerOspf } = await this.ospfd.config();
    return routerOspf ? null : 'ospfd has no `router ospf`: dpvs-route config writes a configuration for it';
  }

  async permission(vips: readonly string[]): Promise<Change> {
    const config = await this.ospfd.config();
    const routeMap = config.redistribute?.routeMap ?? announceRouteMap;
    const nothing = { lines: [], vips: [] };
    // A hand-made `redistribute connected` that does not ask our prefix-list stays as it is. If it does not let the VIP pass, the
    // verification says so.
    if (config.redistribute?.routeMap === null) return nothing;
    if (routeMap !== announceRouteMap && !config.routeMaps.has(routeMap)) return nothing;
    const inRange = (vip: string): boolean => config.permittedRanges.some((range) => covers(range, vip));
    const added = vips.filter((vip) => !config.permitted.has(vip) && !inRange(vip));
    const lines = [...(config.prefixList ? [] : [prefixListSentinel]), ...added.map(permitLine)];
    if (!config.routeMaps.has(routeMap)) lines.push(...routeMapLines, 'exit');
    if (config.redistribute === undefined) lines.push('router ospf', redistributeLine(this.#metric));
    return { lines, vips: added };
  }

  async prohibition(vips: readonly string[]): Promise<Change> {
    const { permitted, drained } = await this.ospfd.config();
    const lines = vips.filter((vip) => permitted.has(vip)).map((vip) => `no ${permitLine(vip)}`);
    lines.push(...vips.filter((vip) => drained.has(vip)).map((vip) => `no ${drainPermitLine(vip)}`));
    return { lines, vips };
  }

  async worsening(vips: readonly string[]): Promise<Change> {
    const config = await this.ospfd.config();
    if (config.redistribute?.routeMap !== announceRouteMap)
      throw new DpvsError(
        'not_support',
        `ospfd redistributes through ${config.redistribute?.routeMap ?? 'no route-map'}, which is not ours (${announceRouteMap}): raise the metric there by hand`,
      );
    const added = vips.filter((vip) => !config.drained.has(vip));
    if (added.length === 0) return { lines: [], vips: [] };
    const lines = [...(config.drainList ? [] : [drainListSentinel]), ...added.map(drainPermitLine)];
    if (!config.drainRouteMap) lines.push(...drainRouteMapLines, 'exit');
    return { lines, vips: added };
  }

  async improvement(vips: readonly string[]): Promise<Change> {
    const { drained } = await this.ospfd.config();
    const worse = vips.filter((vip) => drained.has(vip));
    return { lines: worse.map((vip) => `no ${drainPermitLine(vip)}`), vips: worse };
  }
}
