// What a running configuration has of `redistribute connected` through our route-map; of ospfd and of ospf6d.
import { hostOf } from './frr-json.js';
import type { RedistributeWords } from './redistribute-words.js';

export interface RedistributeConfig {
  /** `router ospf` or `router ospf6` is there. */
  readonly routerOspf: boolean;
  /** `redistribute connected`: absent, or with the name of its route-map (null: none, everything is let through). */
  readonly redistribute: undefined | { readonly routeMap: string | null; readonly metric: number | undefined };
  /** Our route-map sets the metric of every VIP, so that the one in `redistribute connected` decides nothing. */
  readonly ownMetric: boolean;
  /** Route-maps that match our prefix-list; ours is one of them when it is complete. */
  readonly routeMaps: ReadonlySet<string>;
  /** Our prefix-list has an entry, so that it is not empty. */
  readonly prefixList: boolean;
  /** VIPs that our prefix-list permits by name. */
  readonly permitted: ReadonlySet<string>;
  /** Networks whose host routes it permits, all of them: `permit 123.2.0.0/16 ge 32`. */
  readonly permittedRanges: readonly string[];
  /** VIPs that our drain list makes worse. */
  readonly drained: ReadonlySet<string>;
  /** The drain list has its first entry; the entry of our route-map that asks it is there. */
  readonly drainList: boolean;
  readonly drainRouteMap: boolean;
}

export interface ConfigLine {
  /** The line without indentation that it stands below: `router ospf`, `interface dpdk1.kni`. */
  readonly context: string;
  readonly line: string;
  readonly words: readonly string[];
}

export function configLines(text: string): ConfigLine[] {
  let context = '';
  return text.split('\n').map((raw) => {
    const line = raw.trim();
    if (!raw.startsWith(' ')) context = line;
    return { context, line, words: line.split(/\s+/) };
  });
}

export function parseRedistribute(lines: readonly ConfigLine[], own: RedistributeWords): RedistributeConfig {
  let redistribute: RedistributeConfig['redistribute'];
  const permitted = new Set<string>();
  const permittedRanges: string[] = [];
  const drained = new Set<string>();
  const routeMaps = new Set<string>();
  const seen = { routerOspf: false, prefixList: false, drainList: false, drainRouteMap: false, ownMetric: false };
  for (const { context, line, words } of lines) {
    if (context === own.router) seen.routerOspf = true;
    const list = words[0] === own.ip && words[1] === 'prefix-list' ? words[2] : undefined;
    if (list === own.vipList || list === own.drainList) {
      const [verdict, prefix, ...range] = words.slice(words[3] === 'seq' ? 5 : 3);
      const ofVips = list === own.vipList;
      if (verdict === 'permit' || verdict === 'deny') seen[ofVips ? 'prefixList' : 'drainList'] = true;
      if (verdict !== 'permit') continue;
      const vip = hostOf(prefix);
      if (vip !== null) (ofVips ? permitted : drained).add(vip);
      else if (ofVips && (range[0] === 'ge' || range[0] === 'le') && range.includes(own.ip === 'ip' ? '32' : '128'))
        permittedRanges.push(prefix);
    } else if (/^route-map \S+ permit/.test(context)) {
      const name = context.split(/\s+/)[1];
      if (line === `match ${own.ip} address prefix-list ${own.vipList}`) routeMaps.add(name);
      if (line === `match ${own.ip} address prefix-list ${own.drainList}` && name === own.routeMap)
        seen.drainRouteMap = true;
      if (context === `route-map ${own.routeMap} permit 10` && words[0] === 'set' && words[1] === 'metric')
        seen.ownMetric = true;
    } else if (context === own.router && words[0] === 'redistribute' && words[1] === 'connected') {
      const at = words.indexOf('route-map');
      const metric = words.indexOf('metric');
      redistribute = {
        routeMap: at < 0 ? null : (words[at + 1] ?? null),
        metric: metric < 0 ? undefined : Number(words[metric + 1]),
      };
    }
  }
  return { ...seen, redistribute, routeMaps, permitted, permittedRanges, drained };
}
