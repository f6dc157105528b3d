// Which multicast MACs a port has to receive: those the kernel joined on its kni, and those of its own IPv6 addresses.
import type { KernelGroup } from '../../kni/index.js';
import { formatMac, multicastMacOfIpv6, parseIpv6, solicitedNode } from '../inet/index.js';

/** As many as the reference's; a filter of a NIC holds fewer, and says so. DP_MAX_GROUPS of native/src/port.h. */
export const MAX_GROUPS = 1024;

export interface WantedGroup {
  readonly mac: string;
  /** How often it was joined. */
  readonly users: number;
  readonly sources: readonly ('kni' | 'dataplane')[];
}

/** Neighbours tell there of a new link-layer address (RFC 4861, 7.2.6). */
const ALL_NODES = formatMac(multicastMacOfIpv6(parseIpv6('ff02::1')));

/** Where neighbours ask for an IPv6 address. */
export const solicitedNodeMac = (address: string): string =>
  formatMac(multicastMacOfIpv6(solicitedNode(parseIpv6(address))));

/** In the order of their addresses. @param addresses the port's own, as the dataplane answers for them */
export function wantedGroups(kernel: readonly KernelGroup[], addresses: readonly string[]): WantedGroup[] {
  const groups = new Map<string, WantedGroup>(kernel.map((group) => [group.mac, { ...group, sources: ['kni'] }]));
  const ours = addresses.filter((address) => address.includes(':'));
  for (const mac of ours.length === 0 ? [] : [ALL_NODES, ...ours.map(solicitedNodeMac)]) {
    const known = groups.get(mac) ?? { mac, users: 0, sources: [] };
    const sources = known.sources.includes('dataplane') ? known.sources : [...known.sources, 'dataplane' as const];
    groups.set(mac, { mac, users: known.users + 1, sources });
  }
  return [...groups.values()].sort((a, b) => (a.mac < b.mac ? -1 : 1));
}

/** Whether all multicast is needed: asked for, or the only way to receive the groups. */
export const needsAll = (asked: boolean, groups: number, filtered: boolean): boolean =>
  asked || (groups > 0 && !filtered);
