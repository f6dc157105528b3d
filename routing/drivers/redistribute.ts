// `redistribute connected` through a route-map that lets the VIPs pass: the changes of it, for ospfd and for ospf6d. Pure.
import { DpvsError } from '../../api/index.js';
import { announceMapLines, nextMark, redistributeVips } from '../../quagga-conf/index.js';
import type { RedistributeConfig } from '../redistribute-config.js';
import type { RedistributeWords } from '../redistribute-words.js';
import { covers } from './covers.js';
import { type Change, noChange } from './driver.js';

/** @param metric of the VIPs, where the route-map is not there yet; as below */
export function permissionOf(
  config: RedistributeConfig,
  own: RedistributeWords,
  metric: number,
  vips: readonly string[],
): Change {
  const routeMap = config.redistribute?.routeMap ?? own.routeMap;
  // A hand-made `redistribute connected` that does not ask our prefix-list stays as it is. If it does not let the VIP pass, the
  // verification says so.
  if (config.redistribute?.routeMap === null) return noChange;
  if (routeMap !== own.routeMap && !config.routeMaps.has(routeMap)) return noChange;
  const inRange = (vip: string): boolean => config.permittedRanges.some((range) => covers(range, vip));
  const added = vips.filter((vip) => !config.permitted.has(vip) && !inRange(vip));
  const lines = [...(config.prefixList ? [] : [own.vipListSentinel]), ...added.map(own.permit)];
  if (!config.routeMaps.has(routeMap)) lines.push(...routeMapLines(config, own, metric));
  if (config.redistribute === undefined) lines.push(own.router, redistributeVips(own.protocol), 'exit');
  return { lines, vips: added };
}

export function prohibitionOf(
  { permitted, drained }: RedistributeConfig,
  own: RedistributeWords,
  vips: readonly string[],
): Change {
  const lines = vips.filter((vip) => permitted.has(vip)).map((vip) => `no ${own.permit(vip)}`);
  lines.push(...vips.filter((vip) => drained.has(vip)).map((vip) => `no ${own.drain(vip)}`));
  return { lines, vips };
}

/** @throws {DpvsError} not_support */
export function worseningOf(
  config: RedistributeConfig,
  own: RedistributeWords,
  metric: number,
  vips: readonly string[],
): Change {
  if (config.redistribute?.routeMap !== own.routeMap)
    throw new DpvsError(
      'not_support',
      `${own.daemon} redistributes through ${config.redistribute?.routeMap ?? 'no route-map'}, which is not ours (${own.routeMap}): raise the metric there by hand`,
    );
  const added = vips.filter((vip) => !config.drained.has(vip));
  if (added.length === 0) return noChange;
  const lines = [...(config.drainList ? [] : [own.drainListSentinel]), ...added.map(own.drain)];
  if (!config.drainRouteMap) lines.push(...routeMapLines({ ...config, drainList: true }, own, metric));
  return { lines: [...lines, ...atOnce(config, own)], vips: added };
}

export function improvementOf(config: RedistributeConfig, own: RedistributeWords, vips: readonly string[]): Change {
  const worse = vips.filter((vip) => config.drained.has(vip));
  if (worse.length === 0) return noChange;
  return { lines: [...worse.map((vip) => `no ${own.drain(vip)}`), ...atOnce(config, own)], vips: worse };
}

/** Where the route-map is ours and sets the metric, the number in `redistribute connected` is free for this. */
export const hasteningOf = (config: RedistributeConfig, own: RedistributeWords): Change =>
  config.redistribute?.routeMap === own.routeMap ? { lines: atOnce(config, own), vips: [] } : noChange;

/** Our route-map, whole; a drain list without an entry would match everything. */
function routeMapLines({ drainList }: RedistributeConfig, own: RedistributeWords, metric: number): string[] {
  return [...(drainList ? [] : [own.drainListSentinel]), ...announceMapLines(own.protocol, metric), 'exit'];
}

/** The daemon asks the route-map again when this number changes, and 5 s after a prefix-list has (measured, quagga-conf/README.md). */
function atOnce({ redistribute, ownMetric }: RedistributeConfig, own: RedistributeWords): string[] {
  return ownMetric ? [own.router, redistributeVips(own.protocol, nextMark(redistribute?.metric)), 'exit'] : [];
}
