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
  parseInterface,
  parseNeighbours,
  parseRunningConfig,
  parseStubAnnouncers,
  parseStubs,
} from './frr-output.js';
import { reachableRouters } from './reachability.js';
import type { Vtysh } from './vtysh.js';

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
    const [externals, router] = await Promise.all([
      this.#vtysh.json('ospfd', 'show ip ospf database external self-originate'),
      this.#vtysh.json('ospfd', 'show ip ospf database router self-originate'),
    ]);
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
    const [externals, routers, networks, routes] = await Promise.all([
      this.#vtysh.json('ospfd', 'show ip ospf database external'),
      this.#vtysh.json('ospfd', 'show ip ospf database router'),
      this.#vtysh.json('ospfd', 'show ip ospf database network'),
      this.#vtysh.json('ospfd', 'show ip ospf route'),
    ]);
    const own = parseDatabaseRouter(routers);
    const found = parseExternalAnnouncers(externals, own);
    for (const [vip, stubs] of parseStubAnnouncers(routers, own)) found.set(vip, [...(found.get(vip) ?? []), ...stubs]);
    const reachable = reachableRouters(own, routers, networks, routes);
    return new Map([...found].map(([vip, list]) => [vip, list.filter(({ router }) => reachable.has(router))]));
  }

  /** Whether every adjacency that is Full has acknowledged every LSA. */
  async acknowledged(): Promise<boolean> {
    return (await this.neighbours()).every(({ full, unacknowledged }) => !full || unacknowledged === 0);
  }
}
