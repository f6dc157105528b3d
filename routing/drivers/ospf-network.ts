// OSPF, the tutorial's form: `network VIP/32 area A` makes the VIP an OSPF interface of its own, announced as a stub link of the router-LSA.
// That LSA changes at most every 5 s (MinLSInterval), and a point-to-point link announces nothing this way.
import type { OspfConfig } from '../frr-output.js';
import type { ZebraClient } from '../zebra-output.js';
import { covers } from './covers.js';
import type { Change, Retelling } from './driver.js';
import { OspfDriver } from './ospf-driver.js';
import { routesAgain } from './retelling.js';

/** Below 65535, which some routers take for unreachable (RFC 2328 appendix B, LSInfinity is 24 bits; a stub link's metric has 16). */
const drainCost = 60_000;

export class OspfNetwork extends OspfDriver {
  readonly form = 'network';
  readonly followMs = 10_000;
  /** MinLSInterval: the router-LSA may have changed just before. */
  readonly spreadMs = 7_000;
  readonly drainMetric = drainCost;
  readonly preferenceMs = 12_000;

  async obstacle(kni: string): Promise<string | null> {
    const state = await this.ospfd.interface(kni);
    if (state === null || !state.enabled)
      return `ospfd does not run on ${kni}: it needs a \`network\` of ${kni}'s address`;
    if (state.pointToPoint)
      return `${kni} is a point-to-point link, on which FRR announces nothing for \`network VIP/32\`: use --form redistribute`;
    return null;
  }

  async retelling({ routes }: ZebraClient): Promise<Retelling> {
    // The addresses themselves zebra tells every daemon that connects.
    return { lines: routes > 0 ? [] : routesAgain(await this.ospfd.config()), deaf: null };
  }

  async permission(vips: readonly string[], kni: string, ours: readonly string[]): Promise<Change> {
    const [config, state] = await Promise.all([this.ospfd.config(), this.ospfd.interface(kni)]);
    const area = state?.area ?? '0.0.0.0';
    const added = vips.filter((vip) => !config.networks.some(({ prefix }) => covers(prefix, vip)));
    // The tutorial's line, written by somebody: the VIP stays as they wrote it, with its hellos; what is ours could not be told from theirs.
    const foreign = vips.filter((vip) => !ours.includes(vip));
    const byHand = foreign.filter((vip) => config.networks.some(({ prefix }) => prefix === `${vip}/32`));
    const loud = vips.filter((vip) => !config.passive.has(`${kni} ${vip}`) && !byHand.includes(vip));
    const lines: string[] = [];
    // Passive first: otherwise the VIP sends a hello of its own as soon as it is an OSPF interface.
    if (loud.length > 0) lines.push(`interface ${kni}`, ...loud.map((vip) => `ip ospf passive ${vip}`), 'exit');
    if (added.length > 0) lines.push('router ospf', ...added.map((vip) => `network ${vip}/32 area ${area}`));
    // Where a wider network of the administrator's covers it, the passive line is all that is ours.
    const allowedBefore = loud.filter((vip) => !added.includes(vip));
    return { lines, vips: [...added, ...allowedBefore], allowedBefore };
  }

  async prohibition(vips: readonly string[], kni: string): Promise<Change> {
    const config = await this.ospfd.config();
    const gone = config.networks.filter(({ prefix }) => vips.some((vip) => prefix === `${vip}/32`));
    const networks = gone.map(({ prefix, area }) => `no network ${prefix} area ${area}`);
    const lines = gone.length === 0 ? [] : ['router ospf', ...networks, 'exit'];
    return { lines: [...lines, ...ofInterface(config, vips, kni)], vips };
  }

  async departure(vips: readonly string[], kni: string): Promise<Change> {
    return { lines: ofInterface(await this.ospfd.config(), vips, kni), vips };
  }

  async worsening(vips: readonly string[], kni: string): Promise<Change> {
    const { costs } = await this.ospfd.config();
    const better = vips.filter((vip) => costs.get(`${kni} ${vip}`) !== drainCost);
    if (better.length === 0) return { lines: [], vips: [] };
    return { lines: [`interface ${kni}`, ...better.map((vip) => `ip ospf cost ${drainCost} ${vip}`)], vips: better };
  }

  async improvement(vips: readonly string[], kni: string): Promise<Change> {
    const { costs } = await this.ospfd.config();
    const worse = vips.filter((vip) => costs.get(`${kni} ${vip}`) === drainCost);
    if (worse.length === 0) return { lines: [], vips: [] };
    return { lines: [`interface ${kni}`, ...worse.map((vip) => `no ip ospf cost ${vip}`)], vips: worse };
  }
}

/** What takes our lines about the VIPs off the interface. */
function ofInterface({ passive, costs }: OspfConfig, vips: readonly string[], kni: string): string[] {
  const quiet = vips.filter((vip) => passive.has(`${kni} ${vip}`)).map((vip) => `no ip ospf passive ${vip}`);
  const worse = vips.filter((vip) => costs.get(`${kni} ${vip}`) === drainCost).map((vip) => `no ip ospf cost ${vip}`);
  return quiet.length + worse.length === 0 ? [] : [`interface ${kni}`, ...quiet, ...worse];
}
