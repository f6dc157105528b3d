// VIPs by where they are: those that the procedures take together, and the ports where they can be set up now.
import { familyOf } from './address.js';
import type { JournalEntry } from './journal.js';
import { type Port, portsText } from './port.js';
import { isUsable, sightOf } from './port-conditions.js';
import type { OwnedTarget } from './targets.js';
import type { NodeView } from './view.js';
import type { Vip } from './vip-book.js';

/** What is set up there, or is to be. */
export const onPorts = (vips: readonly Vip[], ports: readonly Port[]): OwnedTarget[] =>
  vips.map(({ entry: { vip, owned } }) => ({ vip, ports, owned }));

/** Those of its ports where it can be set up now; all, where none can, or it is not known. */
export function usablePorts(view: NodeView | null, { entry }: Pick<Vip, 'entry'>): readonly Port[] {
  const { ports } = entry;
  if (view === null || ports.length === 1) return ports;
  const usable = ports.filter(({ device }) => isUsable(sightOf(view, device, null, true)));
  return usable.length > 0 ? usable : ports;
}

/** Of the same ports and one family, which a driver takes at once. */
export function byPlace<T extends { readonly entry: Pick<JournalEntry, 'vip' | 'ports'> }>(vips: readonly T[]): T[][] {
  const places = new Map<string, T[]>();
  for (const vip of vips) {
    const place = `${portsText(vip.entry.ports)} ${familyOf(vip.entry.vip)}`;
    const members = places.get(place);
    if (members === undefined) places.set(place, [vip]);
    else members.push(vip);
  }
  return [...places.values()];
}
