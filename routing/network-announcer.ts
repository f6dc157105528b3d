// The tutorial's form: `network VIP/32 area A` makes the VIP an OSPF interface of its own, announced as a stub link of the router-LSA.
// That LSA changes at most every 5 s (MinLSInterval), and a point-to-point link announces nothing this way (peers.md 0.2, 0.3).
import { isIPv4 } from 'node:net';
import type { Announcer } from './announcer.js';
import type { Origination } from './frr-output.js';
import type { Ospfd } from './ospfd.js';

export class NetworkAnnouncer implements Announcer {
  readonly form = 'network';
  readonly followMs = 10_000;
  readonly #ospfd: Ospfd;

  constructor(ospfd: Ospfd) {
    this.#ospfd = ospfd;
  }

  async obstacle(kni: string): Promise<string | null> {
    const state = await this.#ospfd.interface(kni);
    if (state === null || !state.enabled)
      return `ospfd does not run on ${kni}: it needs a \`network\` of ${kni}'s address`;
    if (state.pointToPoint)
      return `${kni} is a point-to-point link, on which FRR announces nothing for \`network VIP/32\`: use --form redistribute`;
    return null;
  }

  async permit(vips: readonly string[], kni: string): Promise<string[]> {
    const [config, state] = await Promise.all([this.#ospfd.config(), this.#ospfd.interface(kni)]);
    const area = state?.area ?? '0.0.0.0';
    const added = vips.filter((vip) => !config.networks.some(({ prefix }) => covers(prefix, vip)));
    const loud = vips.filter((vip) => !config.passive.has(`${kni} ${vip}`));
    const lines: string[] = [];
    // Passive first: otherwise the VIP sends a hello of its own as soon as it is an OSPF interface.
    if (loud.length > 0) lines.push(`interface ${kni}`, ...loud.map((vip) => `ip ospf passive ${vip}`), 'exit');
    if (added.length > 0) lines.push('router ospf', ...added.map((vip) => `network ${vip}/32 area ${area}`));
    await this.#ospfd.configure(lines);
    return added;
  }

  async forbid(vips: readonly string[], kni: string): Promise<void> {
    const config = await this.#ospfd.config();
    const gone = config.networks.filter(({ prefix }) => vips.some((vip) => prefix === `${vip}/32`));
    const quiet = vips.filter((vip) => config.passive.has(`${kni} ${vip}`));
    const lines: string[] = [];
    if (gone.length > 0)
      lines.push('router ospf', ...gone.map(({ prefix, area }) => `no network ${prefix} area ${area}`), 'exit');
    if (quiet.length > 0) lines.push(`interface ${kni}`, ...quiet.map((vip) => `no ip ospf passive ${vip}`));
    await this.#ospfd.configure(lines);
  }

  originated(): Promise<ReadonlyMap<string, Origination>> {
    return this.#ospfd.originated();
  }
}

/** Whether an IPv4 prefix `a.b.c.d/len` holds the address. */
export function covers(prefix: string, address: string): boolean {
  const [base, length] = prefix.split('/');
  if (!isIPv4(base) || !isIPv4(address)) return false;
  const number = (text: string): number => text.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const size = 2 ** (32 - Number(length));
  return Math.floor(number(base) / size) === Math.floor(number(address) / size);
}
