// Whether what was set up for announced VIPs is still there: somebody may have taken an address off, a daemon may have started anew.
import { familyOf } from './address.js';
import type { Target } from './announce.js';
import { explain } from './steps.js';
import { hostAddresses, kniHostRoutes, type Tools, withoutRoute } from './tools.js';
import type { Reason } from './vip-state.js';
import { VtyshError } from './vtysh.js';

/** By VIP, one reason each. What cannot be asked now is not taken for gone. */
export async function findDrift(tools: Tools, targets: readonly Target[]): Promise<Map<string, Reason>> {
  const found = new Map<string, Reason>();
  const note = (vips: readonly string[], reason: (vip: string) => Reason): void => {
    for (const vip of vips) if (!found.has(vip)) found.set(vip, reason(vip));
  };
  const { kernel, dataplane } = tools;
  const vipsOf = (members: readonly Target[]): string[] => members.map(({ vip }) => vip);
  for (const [kni, members] of grouped(targets, ({ kni }) => kni)) {
    const there = await askOrNull(() => hostAddresses(kernel, kni));
    if (there === null) continue;
    note(
      vipsOf(members).filter((vip) => !there.has(vip)),
      (vip) => gone('kernel address', `${vip} is not on ${kni} any more`),
    );
  }
  for (const [device, members] of grouped(targets, ({ device }) => device)) {
    const routes = await askOrNull(() => kniHostRoutes(dataplane, device));
    if (routes === null) continue;
    note(withoutRoute(vipsOf(members), routes), (vip) =>
      gone('dataplane route', `no kni_host route of ${vip} any more`),
    );
  }
  for (const [family, members] of grouped(targets, ({ vip }) => familyOf(vip))) {
    const driver = tools.driver(family);
    if (driver === null) continue;
    try {
      const originated = await driver.originated();
      note(
        vipsOf(members).filter((vip) => originated.get(vip) !== 'live'),
        () => gone(driver.daemon, `${driver.daemon} does not announce it any more`),
      );
    } catch (error) {
      const { code, detail } = explain(error);
      if (error instanceof VtyshError && error.kind === 'silent') continue;
      // The daemon itself is gone, and what it announced with it.
      note(vipsOf(members), () => ({ at: driver.daemon, code, detail }));
    }
  }
  return found;
}

const gone = (at: string, detail: string): Reason => ({ at, code: 'not_verified', detail });

function grouped<K>(targets: readonly Target[], key: (target: Target) => K): Map<K, Target[]> {
  const groups = new Map<K, Target[]>();
  for (const target of targets) {
    const group = groups.get(key(target));
    if (group === undefined) groups.set(key(target), [target]);
    else group.push(target);
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
