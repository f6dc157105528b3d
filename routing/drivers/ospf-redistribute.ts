// OSPF, default form: `redistribute connected` through a route-map that lets the VIPs pass. One type-5 LSA a VIP, so that each change
// reaches the switch by itself in 0.1 s (measured, routing/README.md), and nothing depends on the type of the link.
import { drainMetric } from '../../quagga-conf/index.js';
import type { Ospfd } from '../ospfd.js';
import { ospfWords } from '../redistribute-words.js';
import type { ZebraClient } from '../zebra-output.js';
import type { Change, Retelling } from './driver.js';
import { OspfDriver } from './ospf-driver.js';
import { hasteningOf, improvementOf, permissionOf, prohibitionOf, worseningOf } from './redistribute.js';
import { retellingOf } from './retelling.js';

export class OspfRedistribute extends OspfDriver {
  readonly form = 'redistribute';
  readonly followMs = 3_000;
  readonly spreadMs = 2_000;
  readonly drainMetric = drainMetric;
  /** Where the route-map is not ours, ospfd looks again at what it redistributes only 5 s after it has changed. */
  readonly preferenceMs = 12_000;
  readonly #metric: number;

  constructor(ospfd: Ospfd, metric: number) {
    super(ospfd);
    this.#metric = metric;
  }

  async obstacle(): Promise<string | null> {
    const { routerOspf } = await this.ospfd.config();
    return routerOspf ? null : 'ospfd has no `router ospf`: dpvs-route config writes a configuration for it';
  }

  async retelling(client: ZebraClient): Promise<Retelling> {
    if (client.routes > 0 && client.redistributed > 0) return { lines: [], deaf: null };
    return retellingOf(await this.ospfd.config(), client);
  }

  async permission(vips: readonly string[]): Promise<Change> {
    return permissionOf(await this.ospfd.config(), ospfWords, this.#metric, vips);
  }

  async prohibition(vips: readonly string[]): Promise<Change> {
    return prohibitionOf(await this.ospfd.config(), ospfWords, vips);
  }

  async hastening(): Promise<Change> {
    return hasteningOf(await this.ospfd.config(), ospfWords);
  }

  async worsening(vips: readonly string[]): Promise<Change> {
    return worseningOf(await this.ospfd.config(), ospfWords, this.#metric, vips);
  }

  async improvement(vips: readonly string[]): Promise<Change> {
    return improvementOf(await this.ospfd.config(), ospfWords, vips);
  }
}
