// Adjacencies and sessions of the daemons whose configuration is changed, and how long one takes to be missed.
import type { ConfigDaemon } from '../quagga-conf/index.js';
import { parseBgpNeighbours } from './bgp-output.js';
import { type Neighbour, parseNeighbours } from './frr-output.js';
import { parseNeighbours6 } from './ospf6-output.js';
import type { Vtysh } from './vtysh.js';

type Asked = Pick<Vtysh, 'json'>;

const ask: Partial<Record<ConfigDaemon, (vtysh: Asked) => Promise<Neighbour[]>>> = {
  ospfd: async (vtysh) => parseNeighbours(await vtysh.json('ospfd', 'show ip ospf neighbor')),
  ospf6d: async (vtysh) => parseNeighbours6(await vtysh.json('ospf6d', 'show ipv6 ospf6 neighbor detail')),
  bgpd: async (vtysh) => {
    const json = await vtysh.json('bgpd', 'show bgp neighbors');
    return [...parseBgpNeighbours(json, 'inet', []), ...parseBgpNeighbours(json, 'inet6', [])];
  },
};

/** Those that are Full or Established, as `ospfd 10.0.0.1`; none of a daemon that has no neighbours. @throws {VtyshError} */
export async function adjacenciesOf(vtysh: Asked, daemons: readonly ConfigDaemon[]): Promise<Set<string>> {
  const each = daemons.map(async (daemon) => {
    const neighbours = (await ask[daemon]?.(vtysh)) ?? [];
    return neighbours.filter(({ full }) => full).map(({ routerId }) => `${daemon} ${routerId}`);
  });
  return new Set((await Promise.all(each)).flat());
}

/** FRR's own, where the configuration has no line: 40 s (RFC 2328 C.3), 180 s (RFC 4271 section 10, as FRR has it). */
const silence: Partial<Record<ConfigDaemon, { readonly line: RegExp; readonly seconds: number }>> = {
  ospfd: { line: /^ *ip ospf dead-interval (\d+)/gm, seconds: 40 },
  ospf6d: { line: /^ *ipv6 ospf6 dead-interval (\d+)/gm, seconds: 40 },
  bgpd: { line: /^ *(?:neighbor \S+ )?timers (?:bgp )?\d+ (\d+)/gm, seconds: 180 },
};
/** The other end misses us, says so, and is taken at its word. */
const hearsayMs = 2_000;

/** A neighbour that does not understand us any more is missed by then. @param texts configurations, running and wanted */
export function missedAfterMs(daemon: ConfigDaemon, texts: readonly string[]): number {
  const rule = silence[daemon];
  if (rule === undefined) return 0;
  const seconds = texts.map((text) => {
    const said = [...text.matchAll(rule.line)].map(([, number]) => Number(number));
    return said.length === 0 ? rule.seconds : Math.max(...said);
  });
  return Math.max(...seconds) * 1000 + hearsayMs;
}
