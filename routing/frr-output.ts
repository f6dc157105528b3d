// What FRR's ospfd prints (8.4's JSON, and its running configuration) → what the bridge wants to know.
import { type Announcement, typeTwo } from './drivers/driver.js';
import { isObject, object, objects, string } from './frr-json.js';
import { configLines, parseRedistribute, type RedistributeConfig } from './redistribute-config.js';
import { ospfWords } from './redistribute-words.js';

export interface Neighbour {
  readonly routerId: string;
  readonly address: string;
  readonly interface: string;
  /** `Full/DR`, `ExStart/Backup`, `Full/-` on a point-to-point link. */
  readonly state: string;
  readonly full: boolean;
  /** LSAs it has been sent and has not acknowledged. */
  readonly unacknowledged: number;
}

/** Of `show ip ospf neighbor json`. */
export function parseNeighbours(json: unknown): Neighbour[] {
  return Object.entries(object(object(json).neighbors)).flatMap(([routerId, list]) =>
    (Array.isArray(list) ? list : []).map((item) => {
      const entry = object(item);
      const state = string(entry.nbrState) || string(entry.state);
      return {
        routerId,
        address: string(entry.ifaceAddress) || string(entry.address),
        // `dpdk1.kni:172.10.0.2`: the interface and our address on it.
        interface: string(entry.ifaceName).replace(/:[^:]*$/, ''),
        state,
        full: state.startsWith('Full'),
        unacknowledged: Number(entry.linkStateRetransmissionListCounter ?? 0),
      };
    }),
  );
}

export interface OspfInterfaceState {
  readonly enabled: boolean;
  readonly pointToPoint: boolean;
  readonly area: string;
}

/** Of `show ip ospf interface NAME json`; null when ospfd does not know the interface. */
export function parseInterface(json: unknown, name: string): OspfInterfaceState | null {
  const entry = object(object(json).interfaces)[name];
  if (!isObject(entry)) return null;
  return {
    enabled: entry.ospfEnabled === true,
    pointToPoint: string(entry.networkType) === 'POINTOPOINT',
    area: string(entry.area).split(' ')[0] ?? '',
  };
}

/** `flushing`: the LSA is at MaxAge, sent to the neighbours to be forgotten (RFC 2328 section 14.1). */
export type Origination = 'live' | 'flushing';
export const maxAge = 3600;

/** Host routes of `show ip ospf database external self-originate json`. */
export function parseExternals(json: unknown): Map<string, Origination> {
  const found = new Map<string, Origination>();
  for (const item of Object.values(object(object(json)['AS External Link States']))) {
    const lsa = object(item);
    if (lsa.networkMask !== 32) continue;
    found.set(string(lsa.linkStateId), Number(lsa.lsaAge) >= maxAge ? 'flushing' : 'live');
  }
  return found;
}

/**
 * Who announces which host route as an AS-external LSA, of `show ip ospf database external json`: a list, unlike what the same command
 * prints with `self-originate`.
 */
export function parseExternalAnnouncers(json: unknown, ownRouter: string): Map<string, Announcement[]> {
  const found = new Map<string, Announcement[]>();
  for (const lsa of objects(object(json).asExternalLinkStates)) {
    if (lsa.networkMask !== 32 || Number(lsa.lsaAge) >= maxAge) continue;
    const metric = Number(lsa.metric);
    // A type-2 metric is worse than any of type 1 (RFC 2328 section 16.4 (6)).
    const rank = string(lsa.metricType).startsWith('E2') ? metric + typeTwo : metric;
    addAnnouncement(found, string(lsa.linkStateId), string(lsa.advertisingRouter), rank, ownRouter);
  }
  return found;
}

/** Who announces which host route as a stub link, of `show ip ospf database router json`. */
export function parseStubAnnouncers(json: unknown, ownRouter: string): Map<string, Announcement[]> {
  const found = new Map<string, Announcement[]>();
  for (const lsas of Object.values(object(object(object(json).routerLinkStates).areas)))
    for (const lsa of objects(lsas)) {
      if (Number(lsa.lsaAge) >= maxAge) continue;
      for (const link of Object.values(object(lsa.routerLinks)).map(object))
        if (link.linkType === 'Stub Network' && link.networkMask === '255.255.255.255')
          addAnnouncement(
            found,
            string(link.networkAddress),
            string(lsa.advertisingRouter),
            link.tos0Metric,
            ownRouter,
          );
    }
  return found;
}

/** The youngest LSA of `show ip ospf database external json` and `… router json`, seconds; infinite when there is none. */
export function parseYoungest(external: unknown, router: unknown): number {
  const areas = Object.values(object(object(object(router).routerLinkStates).areas));
  const all = [...objects(object(external).asExternalLinkStates), ...areas.flatMap(objects)];
  return all.reduce((least, { lsaAge }) => (typeof lsaAge === 'number' ? Math.min(least, lsaAge) : least), Infinity);
}

/** Of `show ip ospf database opaque-link self-originate json`: whether our grace-LSA is there (RFC 3623 section 2.1). */
export const parseGraceLsa = (json: unknown): boolean =>
  Object.values(object(object(json)['Link-Local Opaque-LSA'])).some((area) =>
    Object.values(object(area)).some(
      (lsa) => object(lsa).opaqueType === 'Grace-LSA' && Number(object(lsa).lsaAge) < maxAge,
    ),
  );

/** Of any `show ip ospf database … json`. */
export const parseDatabaseRouter = (json: unknown): string => string(object(json).routerId);

function addAnnouncement(
  map: Map<string, Announcement[]>,
  vip: string,
  router: string,
  metric: unknown,
  ownRouter: string,
): void {
  if (vip === '' || router === '' || typeof metric !== 'number' || !Number.isSafeInteger(metric)) return;
  // One router may have it as a stub link on each of several interfaces, and in each of its areas: the best counts.
  const list = map.get(vip) ?? [];
  const at = list.findIndex((each) => each.router === router);
  const best = { router, metric: Math.min(metric, list[at]?.metric ?? metric), self: router === ownRouter };
  map.set(vip, at < 0 ? [...list, best] : list.with(at, best));
}

/** Host routes among the stub links of `show ip ospf database router self-originate json`, all areas. */
export function parseStubs(json: unknown): Set<string> {
  const found = new Set<string>();
  for (const area of Object.values(object(object(json)['Router Link States'])))
    for (const lsa of Object.values(object(area)))
      for (const item of Object.values(object(object(lsa).routerLinks))) {
        const link = object(item);
        if (link.linkType === 'Stub Network' && link.networkMask === '255.255.255.255')
          found.add(string(link.networkAddress));
      }
  return found;
}

export interface OspfConfig extends RedistributeConfig {
  readonly networks: readonly { readonly prefix: string; readonly area: string }[];
  /** Seconds that the neighbours are to keep the routes over a planned restart; null: it is not configured, or the opaque capability is not. */
  readonly gracePeriod: number | null;
  /** What it redistributes beside connected routes, as `router ospf` names it. */
  readonly alsoRedistributed: readonly string[];
  /** `maximum-paths`; null: the default. */
  readonly maximumPaths: number | null;
  /** `interface address` */
  readonly passive: ReadonlySet<string>;
  /** Costs of single addresses, by `interface address`. */
  readonly costs: ReadonlyMap<string, number>;
}

/** Of `show running-config` of ospfd. */
export function parseRunningConfig(text: string): OspfConfig {
  const lines = configLines(text);
  const passive = new Set<string>();
  const networks: { prefix: string; area: string }[] = [];
  const costs = new Map<string, number>();
  const alsoRedistributed: string[] = [];
  let maximumPaths: number | null = null;
  let gracePeriod: number | null = null;
  let opaque = false;
  for (const { context, line, words } of lines) {
    if (context === 'router ospf' && words[0] === 'graceful-restart' && words[1] === 'grace-period') {
      gracePeriod = Number(words[2]);
    } else if (context === 'router ospf' && words[0] === 'redistribute' && words[1] !== 'connected') {
      alsoRedistributed.push(words[1]);
    } else if (context === 'router ospf' && words[0] === 'maximum-paths') {
      maximumPaths = Number(words[1]);
    } else if (context === 'router ospf' && line === 'capability opaque') {
      opaque = true;
    } else if (context === 'router ospf' && words[0] === 'network' && words[2] === 'area') {
      networks.push({ prefix: words[1], area: words[3] ?? '' });
    } else if (context.startsWith('interface ') && line.startsWith('ip ospf passive ')) {
      passive.add(`${context.split(/\s+/)[1]} ${words[3]}`);
    } else if (context.startsWith('interface ') && /^ip ospf cost \d+ \S/.test(line)) {
      costs.set(`${context.split(/\s+/)[1]} ${words[4]}`, Number(words[3]));
    }
  }
  const policy = parseRedistribute(lines, ospfWords);
  return {
    ...policy,
    alsoRedistributed,
    maximumPaths,
    gracePeriod: opaque ? gracePeriod : null,
    networks,
    passive,
    costs,
  };
}
