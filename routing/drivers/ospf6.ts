// OSPFv3, for IPv6 VIPs: `redistribute connected` through a route-map, an AS-external LSA a VIP. ospf6d would also tell every address of
// the kni as an intra-area prefix, permitted or not, which beats the external one; a list on the interface keeps VIPs out of that.
import { advertise6Line, drainMetric, link6PrefixList, linkList6Lines } from '../../quagga-conf/index.js';
import type { Neighbour, Origination } from '../frr-output.js';
import {
  parseAnnouncers6,
  parseAttached6,
  parseBorderRouters6,
  parseNeighbours6,
  parseOriginated6,
  parseRouterId6,
} from '../ospf6-output.js';
import { configLines, parseRedistribute, type RedistributeConfig } from '../redistribute-config.js';
import { ospf6Words } from '../redistribute-words.js';
import type { Vtysh } from '../vtysh.js';
import type { Announcement, Change, Driver } from './driver.js';
import { improvementOf, permissionOf, prohibitionOf, worseningOf } from './redistribute.js';

export interface Ospf6Config extends RedistributeConfig {
  /** The prefix-list of `ipv6 ospf6 advertise`, by interface. */
  readonly advertise: ReadonlyMap<string, string>;
  /** Our list of that kind is there. */
  readonly linkList: boolean;
}

/** Of `show running-config` of ospf6d. */
export function parseConfig6(text: string): Ospf6Config {
  const lines = configLines(text);
  const advertise = new Map<string, string>();
  for (const { context, words } of lines)
    if (context.startsWith('interface ') && words.slice(0, 4).join(' ') === 'ipv6 ospf6 advertise prefix-list')
      advertise.set(context.split(/\s+/)[1], words[4]);
  const linkList = lines.some(({ line }) => line.startsWith(`ipv6 prefix-list ${link6PrefixList} `));
  return { ...parseRedistribute(lines, ospf6Words), advertise, linkList };
}

export class Ospf6 implements Driver {
  readonly protocol = 'ospf6';
  readonly form = 'redistribute';
  readonly family = 'inet6';
  readonly daemon = 'ospf6d';
  readonly zebraClient = 'ospf6';
  readonly followMs = 3_000;
  readonly spreadMs = 2_000;
  readonly floodMs = 1_200;
  readonly drainMetric = drainMetric;
  /** Where the route-map is not ours, ospf6d looks again at what it redistributes only 5 s after it has changed. */
  readonly preferenceMs = 12_000;
  readonly #vtysh: Vtysh;
  readonly #metric: number;

  constructor(vtysh: Vtysh, metric: number) {
    this.#vtysh = vtysh;
    this.#metric = metric;
  }

  async neighbours(): Promise<Neighbour[]> {
    return parseNeighbours6(await this.#show('neighbor detail'));
  }

  async runsOn(kni: string): Promise<boolean> {
    return parseAttached6(await this.#show(`interface ${kni}`), kni);
  }

  async obstacle(kni: string): Promise<string | null> {
    const { routerOspf } = await this.#config();
    if (!routerOspf) return 'ospf6d has no `router ospf6`: dpvs-route config --ospf6 writes a configuration for it';
    if (await this.runsOn(kni)) return null;
    return `ospf6d does not run on ${kni}: it needs \`ipv6 ospf6 area A\` below \`interface ${kni}\``;
  }

  async permission(vips: readonly string[], kni: string): Promise<Change> {
    const config = await this.#config();
    const change = permissionOf(config, ospf6Words, this.#metric, vips);
    // A list of the administrator's own stays.
    if (config.advertise.has(kni)) return change;
    const link = [...(config.linkList ? [] : linkList6Lines), `interface ${kni}`, advertise6Line, 'exit'];
    return { lines: [...link, ...change.lines], vips: change.vips };
  }

  async prohibition(vips: readonly string[]): Promise<Change> {
    return prohibitionOf(await this.#config(), ospf6Words, vips);
  }

  async worsening(vips: readonly string[]): Promise<Change> {
    return worseningOf(await this.#config(), ospf6Words, this.#metric, vips);
  }

  async improvement(vips: readonly string[]): Promise<Change> {
    return improvementOf(await this.#config(), ospf6Words, vips);
  }

  apply({ lines }: Change): Promise<void> {
    return this.#vtysh.configure('ospf6d', lines);
  }

  async originated(): Promise<ReadonlyMap<string, Origination>> {
    return parseOriginated6(await this.#show('database self-originated detail'));
  }

  async announcers(): Promise<ReadonlyMap<string, readonly Announcement[]>> {
    const [own, external, intra, routers] = await Promise.all([
      this.#vtysh.json('ospf6d', 'show ipv6 ospf6'),
      this.#show('database as-external detail'),
      this.#show('database intra-prefix detail'),
      this.#vtysh.run('ospf6d', ['show ipv6 ospf6 border-routers']),
    ]);
    return parseAnnouncers6(external, intra, parseRouterId6(own), parseBorderRouters6(routers));
  }

  async acknowledged(): Promise<boolean> {
    return (await this.neighbours()).every(({ full, unacknowledged }) => !full || unacknowledged === 0);
  }

  #show(what: string): Promise<unknown> {
    return this.#vtysh.json('ospf6d', `show ipv6 ospf6 ${what}`);
  }

  async #config(): Promise<Ospf6Config> {
    return parseConfig6(await this.#vtysh.run('ospf6d', ['show running-config']));
  }
}
