// What makes ospfd tell zebra its routes again, and ask it again for what it redistributes. ospfd (FRR 8.4.4) forgets that it has asked when
// its connection to zebra ends, asks a new zebra for nothing, and gives it a route only when that has changed. Pure.
import { nextMark, redistributeVips } from '../../quagga-conf/index.js';
import type { OspfConfig } from '../frr-output.js';
import { ospfWords } from '../redistribute-words.js';
import type { ZebraClient } from '../zebra-output.js';
import type { Retelling } from './driver.js';

/** Its routes leave zebra, where a new one has none of them, and come with the next SPF, external ones as well. The adjacency stays. */
export function routesAgain({ routerOspf, maximumPaths }: OspfConfig): string[] {
  if (!routerOspf) return [];
  const other = maximumPaths === 2 ? 3 : 2;
  const back = maximumPaths === null ? 'no maximum-paths' : `maximum-paths ${maximumPaths}`;
  return [ospfWords.router, `maximum-paths ${other}`, back, 'exit'];
}

export function retellingOf(config: OspfConfig, { routes, redistributed }: ZebraClient): Retelling {
  const routesToo = routes > 0 ? [] : routesAgain(config);
  if (config.redistribute === undefined || redistributed > 0) return { lines: routesToo, deaf: null };
  if (config.redistribute.routeMap !== ospfWords.routeMap || !config.ownMetric)
    return {
      lines: routesToo,
      deaf: `it was started anew, and ospfd does not redistribute any more: \`no redistribute connected\` and the line again, which takes the VIPs away for some 5 s, or restart ospfd (its redistribution is not through ${ospfWords.routeMap})`,
    };
  return {
    lines: [...redistributionAgain(config), ...routesAgain(config)],
    deaf: 'it was started anew, and ospfd is about to be told to redistribute again',
  };
}

/**
 * `no redistribute connected` flushes the LSAs of all VIPs, and the line brings them back. All LSAs are renewed before, so that the
 * flush reaches the switch within a second of its predecessor and is dropped there (MinLSArrival, RFC 2328 section 13 (5)), and what
 * comes 5 s later is the newest. Where a switch takes LSAs at any time the VIPs are away until zebra has answered, milliseconds.
 * Something else is redistributed meanwhile, nothing of which passes the route-map: the router-LSA goes on naming a border router.
 */
function redistributionAgain({ redistribute, alsoRedistributed }: OspfConfig): string[] {
  const line = redistributeVips('ospf', nextMark(redistribute?.metric));
  const other = `redistribute rip route-map ${ospfWords.routeMap}`;
  const staysBorder = alsoRedistributed.length > 0;
  return [
    ...[ospfWords.router, ...(staysBorder ? [] : [other])],
    ...[line, 'no redistribute connected', line],
    ...(staysBorder ? [] : ['no redistribute rip']),
    'exit',
  ];
}
