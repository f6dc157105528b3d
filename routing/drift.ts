// Whether what was set up for announced VIPs is still there: somebody may have taken an address off, a daemon may have started anew. Of a
// VIP with several ports one that has all of it is enough; the others are told apart, to be put right without a word to anybody.
import { type AddressFamily, familyOf } from './address.js';
import type { Port } from './port.js';
import { explain } from './steps.js';
import type { Target } from './targets.js';
import { hostAddresses, kniHostRoutes, type Tools, withoutRoute } from './tools.js';
import type { Reason } from './vip-state.js';
import { VtyshError } from './vtysh.js';

export interface Drift {
  /** By VIP, one reason each. */
  readonly gone: ReadonlyMap<string, Reason>;
  /** By VIP that is not gone: the ports where something of it is missing. */
  readonly lacking: ReadonlyMap<string, readonly Port[]>;
}

/** The watch stands still meanwhile: a dataplane that hangs is to be missed after its grace, not after this. */
const answerMs = 1_000;

/**
 * What cannot be asked now is not taken for gone.
 * @param silent whether the daemon of this family is known to hang: not asked again, everybody else would wait for it
 */
export async function findDrift(
  tools: Tools,
  targets: readonly Target[],
  silent: (family: AddressFamily) => boolean = () => false,
): Promise<Drift> {
  const missing = await missingOnPorts(tools, targets);
  const gone = new Map<string, Reason>();
  const lacking = new Map<string, Port[]>();
  for (const { vip, ports } of targets) {
    const without = ports.filter(({ device }) => missing.get(device)?.has(vip));
    const reason = missing.get(without[0]?.device)?.get(vip);
    if (reason === undefined) continue;
    if (without.length === ports.length) gone.set(vip, reason);
    else lacking.set(vip, without);
  }
  for (const [family, members] of grouped(targets, ({ vip }) => familyOf(vip))) {
    const driver = tools.driver(family);
    if (driver === null || silent(family)) continue;
    const note = (vips: readonly string[], reason: Reason): void => {
      for (const vip of vips) if (!gone.has(vip)) gone.set(vip, reason);
    };
    try {
      const originated = await driver.originated();
      note(
        vipsOf(members).filter((vip) => originated.get(vip) !== 'live'),
        lost(driver.daemon, `${driver.daemon} does not announce it any more`),
      );
    } catch (error) {
      const { code, detail } = explain(error);
      if (error instanceof VtyshError && error.kind === 'silent') continue;
      // The daemon itself is gone, and what it announced with it.
      note(vipsOf(members), { at: driver.daemon, code, detail });
    }
  }
  for (const vip of gone.keys()) lacking.delete(vip);
  return { gone, lacking };
}

/** By device and VIP. */
async function missingOnPorts(tools: Tools, targets: readonly Target[]): Promise<Map<string, Map<string, Reason>>> {
  const { kernel, dataplane } = tools;
  const found = new Map<string, Map<string, Reason>>();
  const each = targets.flatMap(({ vip, ports }) => ports.map((port) => ({ vip, ...port })));
  for (const [device, members] of grouped(each, (one) => one.device)) {
    const reasons = new Map<string, Reason>();
    found.set(device, reasons);
    const { kni } = members[0];
    const there = await askOrNull(() => hostAddresses(kernel, kni));
    const routes = await askOrNull(() => kniHostRoutes(dataplane, device, answerMs));
    for (const vip of routes === null ? [] : withoutRoute(vipsOf(members), routes))
      reasons.set(vip, lost('dataplane route', `no kni_host route of ${vip} any more`));
    for (const vip of there === null ? [] : vipsOf(members).filter((one) => !there.has(one)))
      reasons.set(vip, lost('kernel address', `${vip} is not on ${kni} any more`));
  }
  return found;
}

const vipsOf = (members: readonly { readonly vip: string }[]): string[] => members.map(({ vip }) => vip);

const lost = (at: string, detail: string): Reason => ({ at, code: 'not_verified', detail });

function grouped<T, K>(all: readonly T[], key: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const group = groups.get(key(one));
    if (group === undefined) groups.set(key(one), [one]);
    else group.push(one);
  }
  return groups;
}

async function askOrNull<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    explain(error);
    return null;
  }
}
