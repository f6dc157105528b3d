// VIPs that this node announces and the bridge does not know: what a lost journal leaves. Nobody looks after them, and an operator may take
// them over (announce) or back (withdraw).
import type { KernelAddress } from '../kni/index.js';
import { hostLength } from './address.js';
import type { BridgeCore } from './core.js';
import type { Driver } from './drivers/driver.js';
import type { JournalEntry } from './journal.js';
import { defaultPolicy } from './policy.js';
import { kniHostRoutes, withoutRoute } from './tools.js';
import type { DataplaneView } from './view.js';

/**
 * On a kni, in the daemon's database as announced, and meant as a VIP: a line of the bridge's names it, or the dataplane has a service on it.
 * @param among only these, all of them claimed by the caller; absent: all that nobody has claimed
 * @returns entries as the bridge would have written them, not wanted. Who cannot be asked tells of none
 */
export async function findStrays(core: BridgeCore, among?: readonly string[]): Promise<JournalEntry[]> {
  const { kernel, book, dataplane } = core.parts;
  const view = dataplane.view();
  const [addresses, departed] = [await kernel.addresses(), new Set(book.departed.map(({ vip }) => vip))];
  const found: JournalEntry[] = [];
  for (const { driver } of core.speakers) {
    const unknown = addresses.filter(
      ({ address, family, prefixLength }) =>
        family === driver.family &&
        prefixLength === hostLength(family) &&
        book.get(address) === undefined &&
        !departed.has(address) &&
        (among === undefined ? !core.claims.has(address) : among.includes(address)),
    );
    found.push(...(await straysOf(driver, unknown, view).catch(() => [])));
  }
  return found;
}

async function straysOf(
  driver: Driver,
  unknown: readonly KernelAddress[],
  view: DataplaneView,
): Promise<JournalEntry[]> {
  const found = new Map<string, JournalEntry>();
  const ports = unknown.flatMap(({ address, device: kni }) =>
    view.links.flatMap(({ name, kni: own }) => (own === kni ? [{ vip: address, device: name, kni }] : [])),
  );
  // Of a node whose journal is whole there are none, and nobody is asked.
  if (ports.length === 0) return [];
  const originated = await driver.originated();
  for (const { vip, device, kni } of ports) {
    if (originated.get(vip) !== 'live') continue;
    const named = (await driver.prohibition([vip], kni)).lines.length > 0;
    if (!named && !view.vips.has(vip)) continue;
    const before = found.get(vip)?.ports ?? [];
    found.set(vip, {
      ...{ vip, ports: [...before, { device, kni }], force: false, policy: defaultPolicy, wanted: false, drain: null },
      owned: { routes: [], policy: true },
    });
  }
  return [...found.values()];
}

/** Those that the operator names, with the routes that go with them: taken back as if the bridge had announced them. */
export async function adopt(core: BridgeCore, vips: readonly string[]): Promise<JournalEntry[]> {
  if (vips.length === 0) return [];
  const strays = await findStrays(core, vips);
  for (const { vip, ports, owned } of strays)
    for (const { device } of ports) {
      const routes = await kniHostRoutes(core.parts.api, device).catch(() => new Set<string>());
      if (withoutRoute([vip], routes).length === 0) owned.routes.push(device);
    }
  return strays;
}
