// Which routers of the area's database are there: LSAs of a router that lost its power stay in it for up to an hour (MaxAge, RFC 2328
// appendix B), and nobody uses them (section 16.4 (3)). So they must not be counted.
import { object, objects, string } from './frr-json.js';

/**
 * By the router- and network-LSAs of this node's areas, both ends of a link agreeing (RFC 2328 section 16.1 (2) (b)), and by the routing
 * table, which has the AS boundary routers of other areas.
 * @param routers `show ip ospf database router json`
 * @param networks `show ip ospf database network json`
 * @param routes `show ip ospf route json`
 */
export function reachableRouters(own: string, routers: unknown, networks: unknown, routes: unknown): Set<string> {
  const links = new Map<string, Set<string>>();
  const link = (from: string, to: string): void => {
    links.set(from, (links.get(from) ?? new Set()).add(to));
  };
  for (const lsa of lsasOf(object(routers).routerLinkStates)) {
    const router = string(lsa.advertisingRouter);
    for (const each of Object.values(object(lsa.routerLinks)).map(object)) {
      if (string(each.neighborRouterId) !== '') link(router, string(each.neighborRouterId));
      if (string(each.designatedRouterAddress) !== '') link(router, `network ${each.designatedRouterAddress}`);
    }
  }
  // FRR's own spelling.
  for (const lsa of lsasOf(object(networks).networkLinkStates))
    for (const router of Object.keys(object(lsa.attchedRouters ?? lsa.attachedRouters)))
      link(`network ${string(lsa.linkStateId)}`, router);
  const found = new Set([own]);
  for (const node of found)
    for (const next of links.get(node) ?? []) if (links.get(next)?.has(node) === true) found.add(next);
  for (const [router, route] of Object.entries(object(routes)))
    if (string(object(route).routeType).startsWith('R')) found.add(router);
  return found;
}

const lsasOf = (states: unknown) =>
  Object.values(object(object(states).areas))
    .flatMap(objects)
    .filter(({ lsaAge }) => Number(lsaAge) < 3600);
