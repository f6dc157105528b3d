// A running ospfd, asked and changed through vtysh.
import {
  type Origination,
  type OspfConfig,
  type OspfInterfaceState,
  type OspfNeighbour,
  parseExternals,
  parseInterface,
  parseNeighbours,
  parseRunningConfig,
  parseStubs,
} from './frr-output.js';
import type { Vtysh } from './vtysh.js';

export class Ospfd {
  readonly #vtysh: Vtysh;

  constructor(vtysh: Vtysh) {
    this.#vtysh = vtysh;
  }

  /** @throws {VtyshError}, as all of these */
  async neighbours(): Promise<OspfNeighbour[]> {
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

  /** ospfd learns of addresses through zebra only. */
  async zebraAnswers(): Promise<boolean> {
    try {
      await this.#vtysh.run('zebra', ['show version']);
      return true;
    } catch {
      return false;
    }
  }
}
