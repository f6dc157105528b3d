// A running ospfd, asked and changed through vtysh.

import type { Announcement } from './drivers/driver.js';
import {
  type Neighbour,
  type Origination,
  type OspfConfig,
  type OspfInterfaceState,
  parseDatabaseRouter,
  parseExternalAnnouncers,
  parseExternals,
  parseGraceLsa,
  parseInterface,
  parseNeighbours,
  parseRunningConfig,
  parseStubAnnouncers,
  parseStubs,
  parseYoungest,
} from './frr-output.js';
import { reachableRouters } from './reachability.js';
import { type Vtysh, VtyshError } from './vtysh.js';

export class Ospfd {
  readonly #vtysh: Vtysh;

  constructor(vtysh: Vtysh) {
    this.#vtysh = vtysh;
  }

  /** @throws {VtyshError}, as all of these */
  async neighbours(): Promise<Neighbour[]> {
    return parseNeighbours(await this.#vtysh.json('ospfd', 'show ip ospf neighbor'));
  }

  async interface(name: string): Promise<OspfInterfaceState | null> {
    return parseInterface(await this.#vtysh.json('ospfd', `show ip ospf interface ${name}`), name);
  }

  /** Host routes that this ospfd announces now, whether as type-5 LSA or as stub link. */
  async originated(): Promise<Map<string, Origination>> {
    const [externals, router] = await this.#vtysh.jsons(
      'ospfd',
      'show ip ospf database external self-originate',
      'show ip ospf database router self-originate',
    );
    const found = parseExternals(externals);
    for (const vip of parseStubs(router)) found.set(vip, 'live');
    return found;
  }

  async config(): Promise<OspfConfig> {
    return parseRunningConfig(await this.#vtysh.run('ospfd', ['show running-config']));
  }

  configure(lines: readonly string[]): Promise<void> {
    return this.#vtysh.configure('ospfd', lines);
  }

  /** Who in the area announces which host route and can be reached, this node included. */
  async announcers(): Promise<Map<string, Announcement[]>> {
    const [externals, routers, networks, routes] = await this.#vtysh.jsons(
      'ospfd',
      'show ip ospf database external',
      'show ip ospf database router',
      'show ip ospf database network',
      'show ip ospf route',
    );
    const own = parseDatabaseRouter(routers);
    const found = parseExternalAnnouncers(externals, own);
    for (const [vip, stubs] of parseStubAnnouncers(routers, own)) found.set(vip, [...(found.get(vip) ?? []), ...stubs]);
    const reachable = reachableRouters(own, routers, networks, routes);
    return new Map([...found].map(([vip, list]) => [vip, list.filter(({ router }) => reachable.has(router))]));
  }

  /** Tells the neighbours to keep our routes while this process is replaced (RFC 3623). There is no way back but the restart. */
  async prepareRestart(): Promise<void> {
    // It ends with 0 also when it refuses, and says nothing when it does not.
    const said = (await this.#vtysh.run('ospfd', ['graceful-restart prepare ip ospf'])).trim();
    if (said !== '') throw new VtyshError('ospfd', 'refused', said);
  }

  async graceLsa(): Promise<boolean> {
    return parseGraceLsa(await this.#vtysh.json('ospfd', 'show ip ospf database opaque-link self-originate'));
  }

  /** Seconds since the area's last change, as far as it is known here. */
  async youngestLsa(): Promise<number> {
    const [externals, routers] = await this.#vtysh.jsons(
      'ospfd',
      'show ip ospf database external',
      'show ip ospf database router',
    );
    return parseYoungest(externals, routers);
  }

  /** Whether every adjacency that is Full has acknowledged every LSA. */
  async acknowledged(): Promise<boolean> {
    return (await this.neighbours()).every(({ full, unacknowledged }) => !full || unacknowledged === 0);
  }
}
