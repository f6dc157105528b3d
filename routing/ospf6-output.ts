// What FRR's ospf6d prints (8.4's JSON) → what the bridge wants to know. Its databases are arrays, so that no announcer hides another;
// a VIP that comes back has another link-state id, so the prefix is what counts.
import { type Announcement, typeTwo } from './drivers/driver.js';
import { addTo, hostOf, isObject, type Json, object, objects, string } from './frr-json.js';
import { maxAge, type Neighbour, type Origination } from './frr-output.js';

/** Of `show ipv6 ospf6 neighbor detail json`. */
export function parseNeighbours6(json: unknown): Neighbour[] {
  return Object.entries(object(json)).flatMap(([key, value]) => {
    // `10.0.0.1%dpdk1.kni`
    if (!isObject(value) || !key.includes('%')) return [];
    const state = string(value.neighborState);
    return {
      routerId: key.split('%')[0],
      address: string(value.linkLocalAddress),
      interface: string(value.interface),
      state,
      full: state === 'Full',
      unacknowledged: Number(value.reTransListCount ?? 0),
    };
  });
}

/** Of `show ipv6 ospf6 interface NAME json`. */
export const parseAttached6 = (json: unknown, name: string): boolean =>
  object(object(json)[name]).attachedToArea === true;

/** Of `show ipv6 ospf6 json`. */
export const parseRouterId6 = (json: unknown): string => string(object(json).routerId);

const externals = (json: unknown): Json[] =>
  objects(object(json).asScopedLinkStateDb).flatMap(({ lsa }) =>
    objects(lsa).filter(({ type }) => type === 'AS-External'),
  );

const intraPrefixes = (json: unknown): Json[] =>
  objects(object(json).areaScopedLinkStateDb).flatMap(({ lsa }) =>
    objects(lsa).filter(({ type, age }) => type === 'Intra-Prefix' && Number(age) < maxAge),
  );

/** Of `show ipv6 ospf6 database self-originated detail json`. */
export function parseOriginated6(json: unknown): Map<string, Origination> {
  const found = new Map<string, Origination>();
  for (const { prefix, age } of externals(json)) {
    const vip = hostOf(prefix);
    // Its predecessor may be flushed still while it is there again, under another link-state id.
    if (vip !== null && found.get(vip) !== 'live') found.set(vip, Number(age) < maxAge ? 'live' : 'flushing');
  }
  for (const lsa of intraPrefixes(json))
    for (const { prefix } of objects(lsa.prefix)) {
      const vip = hostOf(prefix);
      if (vip !== null) found.set(vip, 'live');
    }
  return found;
}

/** AS boundary routers that can be reached, of `show ipv6 ospf6 border-routers`, which has no JSON. */
export function parseBorderRouters6(text: string): Set<string> {
  const rows = text.split('\n').map((line) => line.trim().split(/\s+/));
  return new Set(rows.filter(([id, bits = '']) => /^\d/.test(id) && bits.includes('E')).map(([id]) => id));
}

/**
 * @param external of `show ipv6 ospf6 database as-external detail json`
 * @param intra of `show ipv6 ospf6 database intra-prefix detail json`: addresses of interfaces, where somebody announces a VIP like that
 * @param reachable the LSAs of a router that lost its power stay for up to an hour, and nobody uses them
 */
export function parseAnnouncers6(
  external: unknown,
  intra: unknown,
  ownRouter: string,
  reachable: ReadonlySet<string>,
): Map<string, Announcement[]> {
  const found = new Map<string, Announcement[]>();
  const add = (prefix: unknown, router: string, metric: number): void => {
    const vip = hostOf(prefix);
    if (vip === null || router === '' || !Number.isSafeInteger(metric)) return;
    // A router's intra-area prefix beats its own external one (RFC 5340 section 4.8.5).
    if (found.get(vip)?.some((known) => known.router === router)) return;
    addTo(found, vip, { router, metric, self: router === ownRouter });
  };
  for (const lsa of intraPrefixes(intra))
    for (const { prefix, metric } of objects(lsa.prefix)) add(prefix, string(lsa.advertisingRouter), Number(metric));
  // The E bit: a type-2 metric, worse than any of type 1.
  for (const { prefix, advertisingRouter, metric, bits, age } of externals(external))
    if (Number(age) < maxAge && reachable.has(string(advertisingRouter)))
      add(prefix, string(advertisingRouter), Number(metric) + (string(bits).startsWith('E') ? typeTwo : 0));
  return found;
}
