// Routes of the kernel as plain values, decoded from rtnetlink messages, whichever way the kernel writes their next hops: a gateway, one of
// the other family (RTA_VIA), or several (RTA_MULTIPATH).
import { getU32, rt } from 'netlink';
import { addressBytes, addressText, type Family, familyNumber, familyOf } from './address-bytes.js';
import { type Attributes, attributesOf } from './attributes.js';
import { decodeFamily, type NameOfIndex } from './kernel-objects.js';

export interface KernelNextHop {
  /** null when the destination is on the link. Of the other family than the route where neighbours have no address of it (RFC 5549). */
  readonly gateway: string | null;
  readonly device: string;
  /** 1 unless the route is multipath with unequal shares. */
  readonly weight: number;
  /** true: one of several, and its link is down or without carrier. */
  readonly dead?: boolean;
}

export interface KernelRoute {
  readonly family: Family;
  /** `a.b.c.d/len`; the default route is `0.0.0.0/0` or `::/0`. */
  readonly destination: string;
  /** One, or several for a multipath route; empty for blackhole, unreachable and the like. */
  readonly nextHops: readonly KernelNextHop[];
  /**
   * The next-hop object that the kernel names instead of next hops (`net.ipv4.nexthop_compat_mode` 0). Only in events, whose
   * `nextHops` are empty then: a reading of the routes looks them up.
   */
  readonly nextHopId?: number;
  readonly metric: number;
  readonly source: string | null;
  /** Who made it: `kernel`, `static`, `boot`, `zebra`, `ospf`, …, or the number. */
  readonly protocol: string;
  readonly scope: string;
  readonly type: string;
  readonly table: number;
}

// linux/rtnetlink.h
const RTA = {
  DST: 1,
  OIF: 4,
  GATEWAY: 5,
  PRIORITY: 6,
  PREFSRC: 7,
  MULTIPATH: 9,
  TABLE: 15,
  VIA: 18,
  NH_ID: 30,
} as const;

const word = (value: string | number | undefined): string => String(value ?? 0).toLowerCase();
export const deviceOf = (index: number, nameOf: NameOfIndex): string => nameOf(index) ?? `if${index}`;

/** null for a family that is neither IPv4 nor IPv6, and for cached (cloned) routes. @throws {Error} it is not a route message */
export function decodeRoute(data: Buffer, nameOf: NameOfIndex): KernelRoute | null {
  const head = rt.parseRoute(data.subarray(0, rt.__LENGTH_Route));
  const family = decodeFamily(head.family);
  if (family === null || head.flags?.cloned === true) return null;
  const attributes = attributesOf(data.subarray(rt.__LENGTH_Route));
  const number = (type: number): number | undefined => {
    const bytes = attributes.get(type);
    return bytes === undefined ? undefined : getU32(bytes);
  };
  const address = (type: number): string | null => {
    const bytes = attributes.get(type);
    return bytes === undefined ? null : addressText(bytes);
  };
  const multipath = attributes.get(RTA.MULTIPATH);
  const [oif, nextHopId] = [number(RTA.OIF), number(RTA.NH_ID)];
  const device = oif === undefined ? null : deviceOf(oif, nameOf);
  const nextHops: KernelNextHop[] =
    multipath !== undefined
      ? decodeMultipath(multipath, nameOf)
      : device !== null
        ? [{ gateway: gatewayOf(attributes), device, weight: 1 }]
        : [];
  return {
    family,
    destination: `${address(RTA.DST) ?? (family === 'inet' ? '0.0.0.0' : '::')}/${head.dstLen ?? 0}`,
    nextHops,
    ...(nextHops.length === 0 && nextHopId !== undefined ? { nextHopId } : {}),
    metric: number(RTA.PRIORITY) ?? 0,
    source: address(RTA.PREFSRC),
    protocol: word(head.protocol),
    scope: head.scope === 'UNIVERSE' || head.scope === 0 ? 'global' : word(head.scope),
    type: word(head.type),
    table: number(RTA.TABLE) ?? head.table ?? 0,
  };
}

function gatewayOf(attributes: Attributes): string | null {
  const [gateway, via] = [attributes.get(RTA.GATEWAY), attributes.get(RTA.VIA)];
  // `struct rtvia`: the family in two bytes, then the address.
  if (via !== undefined) return addressText(via.subarray(2));
  return gateway === undefined ? null : addressText(gateway);
}

/** RTA_MULTIPATH: an array of `struct rtnexthop`, each followed by its own attributes and padded to 4 bytes (rtnetlink(7)). */
function decodeMultipath(bytes: Buffer, nameOf: NameOfIndex): KernelNextHop[] {
  const hops: KernelNextHop[] = [];
  const headerLength = rt.__LENGTH_RouteNextHop;
  for (let at = 0; at + headerLength <= bytes.length; ) {
    const hop = rt.parseRouteNextHop(bytes.subarray(at, at + headerLength));
    const length = hop.len ?? 0;
    if (length < headerLength || at + length > bytes.length) break;
    const dead = hop.flags?.dead === true || hop.flags?.linkdown === true;
    hops.push({
      gateway: gatewayOf(attributesOf(bytes.subarray(at + headerLength, at + length))),
      device: deviceOf(hop.ifindex ?? 0, nameOf),
      // rtnh_hops is the weight minus one.
      weight: (hop.hops ?? 0) + 1,
      ...(dead ? { dead } : {}),
    });
    at += (length + 3) & ~3;
  }
  return hops;
}

/** RTA_VIA, as a route of the other family needs it. */
export function viaBytes(gateway: string): Buffer {
  const family = Buffer.from(new Uint16Array([familyNumber[familyOf(gateway)]]).buffer);
  return Buffer.concat([family, addressBytes(gateway)]);
}
