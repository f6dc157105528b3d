// Neighbour discovery (RFC 4861, 4.3 and 4.4) over the other layers: messages to build, and what one that came out says.

import { type PacketBuilder, packet } from './builder.js';
import { concat, formatIp6, formatMac, parseIp6, parseMac } from './bytes.js';
import type { Dissection } from './dissect.js';
import { Icmp6Type, type Ip6Spec } from './headers.js';

export interface Station {
  readonly address: string;
  readonly mac: string;
}

export const ALL_NODES = 'ff02::1';

/** ff02::1:ff and the low 24 bits (RFC 4291, 2.7.1). */
export const solicitedNode = (address: string): string =>
  formatIp6(concat(parseIp6('ff02::1:ff00:0').subarray(0, 13), parseIp6(address).subarray(13)));

/** 33:33 and the low 32 bits (RFC 2464, 7). */
export const multicastMac = (group: string): string => formatMac(concat([0x33, 0x33], parseIp6(group).subarray(12)));

/** fe80:: and the modified EUI-64 (RFC 2464, 4 and 5). */
export function linkLocal(mac: string): string {
  const m = parseMac(mac);
  const id = concat([m[0] ^ 2], m.subarray(1, 3), [0xff, 0xfe], m.subarray(3));
  return formatIp6(concat([0xfe, 0x80, 0, 0, 0, 0, 0, 0], id));
}

export interface NdSpec {
  readonly from: Station;
  readonly target: string;
  /** Where to; the solicited-node group unless told. */
  readonly to?: Station;
  readonly ip6?: Partial<Ip6Spec>;
  /** In the place of the link-layer address option. */
  readonly options?: readonly number[];
  readonly code?: number;
  readonly checksum?: 'bad';
}

const option = (kind: number, mac: string): number[] => [kind, 1, ...parseMac(mac)];

export function solicitation({ from, target, to, ip6 = {}, options, code, checksum }: NdSpec): PacketBuilder {
  const group = solicitedNode(target);
  return packet()
    .eth({ src: from.mac, dst: to?.mac ?? multicastMac(group) })
    .ip6({ src: from.address, dst: to?.address ?? group, hopLimit: 255, ...ip6 })
    .icmp6({ type: Icmp6Type.solicitation, code, checksum })
    .payload(concat(parseIp6(target), options ?? option(1, from.mac)));
}

/** @param flags S 0x4000, O 0x2000, R 0x8000 */
export function advertisement({ from, target, to, ip6 = {}, options, code, checksum }: NdSpec, flags = 0x6000) {
  return packet()
    .eth({ src: from.mac, dst: to?.mac ?? multicastMac(ALL_NODES) })
    .ip6({ src: from.address, dst: to?.address ?? ALL_NODES, hopLimit: 255, ...ip6 })
    .icmp6({ type: Icmp6Type.advertisement, id: flags, code, checksum })
    .payload(concat(parseIp6(target), options ?? option(2, from.mac)));
}

export interface NdMessage {
  readonly type: 'solicitation' | 'advertisement';
  readonly target: string;
  readonly solicited: boolean;
  readonly override: boolean;
  readonly router: boolean;
  /** Of the one option. */
  readonly mac: string | undefined;
}

export function neighbourDiscovery({ icmp6, payload }: Dissection): NdMessage | undefined {
  const types: Record<number, NdMessage['type']> = { 135: 'solicitation', 136: 'advertisement' };
  const type = types[icmp6?.type ?? 0];
  if (icmp6 === undefined || type === undefined || payload.length < 16) return undefined;
  const [kind, length] = payload.subarray(16);
  const right = kind === (type === 'solicitation' ? 1 : 2) && length === 1;
  return {
    type,
    target: formatIp6(payload.subarray(0, 16)),
    router: (icmp6.id & 0x8000) !== 0,
    solicited: (icmp6.id & 0x4000) !== 0,
    override: (icmp6.id & 0x2000) !== 0,
    mac: right ? formatMac(payload.subarray(18, 24)) : undefined,
  };
}
