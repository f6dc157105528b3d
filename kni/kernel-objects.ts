// Links, addresses and routes of the kernel as plain values, decoded from rtnetlink messages.
import { type ifla, rt } from 'netlink';
import { addressText, type Family, macText } from './address-bytes.js';

export interface KernelLink {
  readonly index: number;
  readonly name: string;
  /** Lower case; empty for a link without a link-layer address. */
  readonly mac: string;
  readonly mtu: number;
  /** Administratively up (IFF_UP). */
  readonly up: boolean;
  /** The link layer says it is connected (IFLA_CARRIER), whether or not it is up. */
  readonly carrier: boolean;
}

export interface KernelAddress {
  readonly device: string;
  readonly address: string;
  readonly prefixLength: number;
  readonly family: Family;
  readonly scope: 'global' | 'site' | 'link' | 'host' | 'nowhere';
  /** true: it has a lifetime, as one from a router's advertisement or DHCP. */
  readonly dynamic?: boolean;
}

export interface KernelNextHop {
  /** null when the destination is on the link. */
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
  readonly metric: number;
  readonly source: string | null;
  /** Who made it: `kernel`, `static`, `boot`, `zebra`, `ospf`, …, or the number. */
  readonly protocol: string;
  readonly scope: string;
  readonly type: string;
  readonly table: number;
}

/** An ifindex's name; null if it is not known (any more). */
export type NameOfIndex = (index: number) => string | null;

const word = (value: string | number | undefined): string => String(value ?? 0).toLowerCase();
const scopeWords: Record<number, KernelAddress['scope']> = { 0: 'global', 200: 'site', 253: 'link', 254: 'host' };

export function decodeLink(message: rt.LinkMessage): KernelLink {
  const { data, attrs } = message;
  return {
    index: data.index ?? 0,
    name: attrs.ifname ?? '',
    mac: attrs.address === undefined ? '' : macText(attrs.address),
    mtu: attrs.mtu ?? 0,
    up: data.flags?.up === true,
    carrier: attrs.carrier === 1,
  };
}

function decodeFamily(family: number | undefined): Family | null {
  if (family === 2) return 'inet';
  return family === 10 ? 'inet6' : null;
}

/** null for a family that is neither IPv4 nor IPv6. */
export function decodeAddress(message: rt.AddressMessage, nameOf: NameOfIndex): KernelAddress | null {
  const { data, attrs } = message;
  const family = decodeFamily(data.family);
  // IFA_ADDRESS is the far end on a point-to-point link; IFA_LOCAL is ours there, and missing for IPv6 elsewhere.
  const bytes = attrs.local ?? attrs.address;
  if (family === null || bytes === undefined) return null;
  return {
    device: nameOf(data.index ?? 0) ?? `if${data.index}`,
    address: addressText(bytes),
    prefixLength: data.prefixlen ?? 0,
    family,
    scope: scopeWords[data.scope ?? 0] ?? 'nowhere',
    ...(data.flags?.permanent === true ? {} : { dynamic: true }),
  };
}

/** null for a family that is neither IPv4 nor IPv6, and for cached (cloned) routes. */
export function decodeRoute(message: rt.RouteMessage, nameOf: NameOfIndex): KernelRoute | null {
  const { data, attrs } = message;
  const family = decodeFamily(data.family);
  if (family === null || data.flags?.cloned === true) return null;
  const destination = attrs.dst === undefined ? (family === 'inet' ? '0.0.0.0' : '::') : addressText(attrs.dst);
  const device = (index: number): string => nameOf(index) ?? `if${index}`;
  const gateway = (bytes: Buffer | undefined): string | null => (bytes === undefined ? null : addressText(bytes));
  const nextHops: KernelNextHop[] =
    attrs.multipath !== undefined
      ? decodeMultipath(attrs.multipath).map((hop) => ({ ...hop, device: device(hop.index) }))
      : attrs.oif !== undefined
        ? [{ gateway: gateway(attrs.gateway), device: device(attrs.oif), weight: 1 }]
        : [];
  return {
    family,
    destination: `${destination}/${data.dstLen ?? 0}`,
    nextHops: nextHops.map(({ gateway, device, weight, dead }) => ({
      ...{ gateway, device, weight },
      ...(dead === true ? { dead } : {}),
    })),
    metric: attrs.priority ?? 0,
    source: gateway(attrs.prefsrc),
    protocol: word(data.protocol),
    scope: data.scope === 'UNIVERSE' || data.scope === 0 ? 'global' : word(data.scope),
    type: word(data.type),
    table: attrs.table ?? data.table ?? 0,
  };
}

interface MultipathHop {
  readonly index: number;
  readonly gateway: string | null;
  readonly weight: number;
  readonly dead: boolean;
}

/** RTA_MULTIPATH: an array of `struct rtnexthop`, each followed by its own attributes and padded to 4 bytes (rtnetlink(7)). */
function decodeMultipath(bytes: Buffer): MultipathHop[] {
  const hops: MultipathHop[] = [];
  const headerLength = rt.__LENGTH_RouteNextHop;
  for (let at = 0; at + headerLength <= bytes.length; ) {
    const hop = rt.parseRouteNextHop(bytes.subarray(at, at + headerLength));
    const length = hop.len ?? 0;
    if (length < headerLength || at + length > bytes.length) break;
    const { gateway } = rt.parseRouteAttrs(bytes.subarray(at + headerLength, at + length));
    hops.push({
      index: hop.ifindex ?? 0,
      gateway: gateway === undefined ? null : addressText(gateway),
      // rtnh_hops is the weight minus one.
      weight: (hop.hops ?? 0) + 1,
      dead: hop.flags?.dead === true || hop.flags?.linkdown === true,
    });
    at += (length + 3) & ~3;
  }
  return hops;
}

export type LinkAttributes = ifla.LinkAttrs;
