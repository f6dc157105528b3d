// BGP: a `network VIP/32` line a VIP. bgpd announces it while the kernel has the host route (import-check, its default), so that a VIP
// comes and goes with its address as in OSPF; and unlike a prefix-list below `redistribute`, the line itself takes effect in 0.1 s.
import { DpvsError } from '../../api/index.js';
import type { KernelAddress } from '../../kni/index.js';
import { bgpDrainLines, bgpDrainRouteMap, drainMetric } from '../../quagga-conf/index.js';
import { type AddressFamily, hostRoute } from '../address.js';
import {
  type Advertised,
  type BgpConfig,
  type BgpNeighbour,
  blockOf,
  isWorse,
  parseAdvertised,
  parseBgpConfig,
  parseBgpNeighbours,
  parseOwnRoutes,
} from '../bgp-output.js';
import type { Origination } from '../frr-output.js';
import type { Vtysh } from '../vtysh.js';
import { type Change, type Driver, noChange } from './driver.js';

export class Bgp implements Driver {
  readonly protocol = 'bgp';
  readonly form = 'network';
  readonly daemon = 'bgpd';
  readonly zebraClient = 'bgp';
  readonly followMs = 3_000;
  readonly spreadMs = 2_000;
  readonly floodMs = 0;
  readonly drainMetric = drainMetric;
  readonly preferenceMs = 8_000;
  readonly #vtysh: Vtysh;
  readonly #addresses: () => Promise<readonly KernelAddress[]>;

  /** @param addresses the kernel's: they tell on which interface a session is */
  constructor(
    readonly family: AddressFamily,
    vtysh: Vtysh,
    addresses: () => Promise<readonly KernelAddress[]>,
  ) {
    this.#vtysh = vtysh;
    this.#addresses = addresses;
  }

  async neighbours(): Promise<BgpNeighbour[]> {
    const [json, addresses] = await Promise.all([this.#vtysh.json('bgpd', 'show bgp neighbors'), this.#addresses()]);
    return parseBgpNeighbours(json, this.family, addresses);
  }

  async runsOn(kni: string): Promise<boolean> {
    return (await this.neighbours()).some((each) => each.interface === kni);
  }

  async obstacle(): Promise<string | null> {
    const [{ asn }, neighbours] = await Promise.all([this.#config(), this.neighbours()]);
    if (asn === null)
      return 'bgpd has no `router bgp`: bgpd.conf needs `router bgp ASN` and `neighbor SWITCH remote-as ASN`';
    if (neighbours.length === 0)
      return `bgpd has no neighbour for ${blockOf(this.family)}: \`neighbor SWITCH activate\` in that address-family`;
    if (!neighbours.every(({ lacksPolicy }) => lacksPolicy)) return null;
    return 'bgpd sends nothing without a policy (RFC 8212): `no bgp ebgp-requires-policy`, or `neighbor SWITCH route-map MAP out`';
  }

  async permission(vips: readonly string[]): Promise<Change> {
    const config = await this.#config();
    const added = vips.filter((vip) => !config.networks.has(vip));
    return this.#networks(
      config,
      added,
      added.map((vip) => `network ${hostRoute(vip)}`),
    );
  }

  async prohibition(vips: readonly string[]): Promise<Change> {
    const config = await this.#config();
    const there = vips.filter((vip) => config.networks.has(vip));
    return this.#networks(
      config,
      there,
      there.map((vip) => `no network ${hostRoute(vip)}`),
    );
  }

  async worsening(vips: readonly string[]): Promise<Change> {
    const config = await this.#config();
    const foreign = vips.find((vip) => ![null, bgpDrainRouteMap].includes(config.networks.get(vip) ?? null));
    if (foreign !== undefined)
      throw new DpvsError(
        'not_support',
        `bgpd announces ${foreign} through the route-map ${config.networks.get(foreign)}, which is not ours: worsen it there by hand`,
      );
    const better = vips.filter((vip) => config.networks.get(vip) !== bgpDrainRouteMap);
    const change = this.#networks(
      config,
      better,
      better.map((vip) => `network ${hostRoute(vip)} route-map ${bgpDrainRouteMap}`),
    );
    if (config.drainRouteMap || config.asn === null || better.length === 0) return change;
    return { lines: [...bgpDrainLines(config.asn), 'exit', ...change.lines], vips: better };
  }

  async improvement(vips: readonly string[]): Promise<Change> {
    const config = await this.#config();
    const worse = vips.filter((vip) => config.networks.get(vip) === bgpDrainRouteMap);
    return this.#networks(
      config,
      worse,
      worse.map((vip) => `network ${hostRoute(vip)}`),
    );
  }

  apply({ lines }: Change): Promise<void> {
    return this.#vtysh.configure('bgpd', lines);
  }

  /** What some neighbour is told; without any, what would be told. */
  async originated(): Promise<ReadonlyMap<string, Origination>> {
    const told = await this.#told(await this.neighbours());
    const vips =
      told.length > 0
        ? told.flatMap((routes) => [...routes.keys()])
        : parseOwnRoutes(await this.#vtysh.json('bgpd', `show bgp ${blockOf(this.family)}`));
    return new Map([...vips].map((vip) => [vip, 'live']));
  }

  /** A switch passes on its best path only, and not to the node that it has it from. */
  async announcers(): Promise<null> {
    return null;
  }

  /** BGP has no acknowledgement but TCP's: whether each neighbour is told what the configuration says, and no message waits. */
  async acknowledged(): Promise<boolean> {
    const [{ asn, networks }, neighbours] = await Promise.all([this.#config(), this.neighbours()]);
    if (asn === null || neighbours.some(({ full, unacknowledged }) => full && unacknowledged > 0)) return false;
    return (await this.#told(neighbours)).every((routes) =>
      [...routes].every(([vip, route]) => {
        const routeMap = networks.get(vip);
        return routeMap === undefined || isWorse(route, asn) === (routeMap === bgpDrainRouteMap);
      }),
    );
  }

  #told(neighbours: readonly BgpNeighbour[]): Promise<ReadonlyMap<string, Advertised>[]> {
    const up = neighbours.filter(({ full }) => full);
    const show = (key: string): string => `show bgp ${blockOf(this.family)} neighbors ${key} advertised-routes`;
    return Promise.all(up.map(async ({ key }) => parseAdvertised(await this.#vtysh.json('bgpd', show(key)))));
  }

  #networks({ asn }: BgpConfig, vips: readonly string[], lines: readonly string[]): Change {
    if (asn === null || lines.length === 0) return noChange;
    const block = [`router bgp ${asn}`, `address-family ${blockOf(this.family)}`];
    return { lines: [...block, ...lines, 'exit-address-family', 'exit'], vips };
  }

  async #config(): Promise<BgpConfig> {
    return parseBgpConfig(await this.#vtysh.run('bgpd', ['show running-config']), this.family);
  }
}
