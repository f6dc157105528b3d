// OSPF, default form: `redistribute connected` through a route-map that lets the VIPs pass. One type-5 LSA a VIP, so that each change
// reaches the switch by itself in 0.1 s (measured, routing/README.md), and nothing depends on the type of the link.
import { DpvsError } from '../../api/index.js';
import {
  announceMapLines,
  announceRouteMap,
  drainListSentinel,
  drainMetric,
  drainPermitLine,
  nextMark,
  permitLine,
  prefixListSentinel,
  redistributeVips,
} from '../../quagga-conf/index.js';
import type { OspfConfig } from '../frr-output.js';
import type { Ospfd } from '../ospfd.js';
import { covers } from './covers.js';
import { type Change, noChange } from './driver.js';
import { OspfDriver } from './ospf-driver.js';

export class OspfRedistribute extends OspfDriver {
  readonly form = 'redistribute';
  readonly followMs = 3_000;
  readonly spreadMs = 2_000;
  readonly drainMetric = drainMetric;
  /** Where the route-map is not ours, ospfd looks again at what it redistributes only 5 s after it has changed. */
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
    // A hand-made `redistribute connected` that does not ask our prefix-list stays as it is. If it does not let the VIP pass, the
    // verification says so.
    if (config.redistribute?.routeMap === null) return noChange;
    if (routeMap !== announceRouteMap && !config.routeMaps.has(routeMap)) return noChange;
    const inRange = (vip: string): boolean => config.permittedRanges.some((range) => covers(range, vip));
    const added = vips.filter((vip) => !config.permitted.has(vip) && !inRange(vip));
    const lines = [...(config.prefixList ? [] : [prefixListSentinel]), ...added.map(permitLine)];
    if (!config.routeMaps.has(routeMap)) lines.push(...this.#routeMap(config));
    if (config.redistribute === undefined) lines.push('router ospf', redistributeVips('ospf'));
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
    if (added.length === 0) return noChange;
    const lines = [...(config.drainList ? [] : [drainListSentinel]), ...added.map(drainPermitLine)];
    if (!config.drainRouteMap) lines.push(...this.#routeMap({ ...config, drainList: true }));
    return { lines: [...lines, ...this.#atOnce(config)], vips: added };
  }

  async improvement(vips: readonly string[]): Promise<Change> {
    const config = await this.ospfd.config();
    const worse = vips.filter((vip) => config.drained.has(vip));
    if (worse.length === 0) return noChange;
    return { lines: [...worse.map((vip) => `no ${drainPermitLine(vip)}`), ...this.#atOnce(config)], vips: worse };
  }

  /** Our route-map, whole; a drain list without an entry would match everything. */
  #routeMap({ drainList }: Pick<OspfConfig, 'drainList'>): string[] {
    return [...(drainList ? [] : [drainListSentinel]), ...announceMapLines('ospf', this.#metric), 'exit'];
  }

  /** ospfd asks the route-map again when this number changes, and 5 s after a prefix-list has (measured, quagga-conf/README.md). */
  #atOnce({ redistribute, ownMetric }: OspfConfig): string[] {
    return ownMetric ? ['router ospf', redistributeVips('ospf', nextMark(redistribute?.metric)), 'exit'] : [];
  }
}
