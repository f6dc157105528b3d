// Links and addresses of the kernel as plain values, decoded from rtnetlink messages.
import { getU8, getU32, type ifla, rt } from 'netlink';
import { addressText, type Family, macText } from './address-bytes.js';
import { attributesOf } from './attributes.js';

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

/** An ifindex's name; null if it is not known (any more). */
export type NameOfIndex = (index: number) => string | null;

const scopeWords: Record<number, KernelAddress['scope']> = { 0: 'global', 200: 'site', 253: 'link', 254: 'host' };
// linux/if_link.h, linux/if_addr.h
const IFLA = { ADDRESS: 1, IFNAME: 3, MTU: 4, CARRIER: 33 } as const;
const IFA = { ADDRESS: 1, LOCAL: 2 } as const;

/** @throws {Error} it is not a link message */
export function decodeLink(data: Buffer): KernelLink {
  const { index = 0, flags } = rt.parseLink(data.subarray(0, rt.__LENGTH_Link));
  const attributes = attributesOf(data.subarray(rt.__LENGTH_Link));
  const [mac, name, mtu, carrier] = [IFLA.ADDRESS, IFLA.IFNAME, IFLA.MTU, IFLA.CARRIER].map((n) => attributes.get(n));
  return {
    index,
    name: name?.toString('latin1').replace(/\0.*$/s, '') ?? '',
    mac: mac === undefined ? '' : macText(mac),
    mtu: mtu === undefined ? 0 : getU32(mtu),
    up: flags?.up === true,
    carrier: carrier !== undefined && getU8(carrier) === 1,
  };
}

/** AF_INET and AF_INET6; null for another family. */
export function decodeFamily(family: number | undefined): Family | null {
  if (family === 2) return 'inet';
  return family === 10 ? 'inet6' : null;
}

/** null for a family that is neither IPv4 nor IPv6. @throws {Error} it is not an address message */
export function decodeAddress(data: Buffer, nameOf: NameOfIndex): KernelAddress | null {
  const { index = 0, flags, scope, prefixlen, ...head } = rt.parseAddress(data.subarray(0, rt.__LENGTH_Address));
  const attributes = attributesOf(data.subarray(rt.__LENGTH_Address));
  const family = decodeFamily(head.family);
  // IFA_ADDRESS is the far end on a point-to-point link; IFA_LOCAL is ours there, and missing for IPv6 elsewhere.
  const bytes = attributes.get(IFA.LOCAL) ?? attributes.get(IFA.ADDRESS);
  if (family === null || bytes === undefined) return null;
  return {
    device: nameOf(index) ?? `if${index}`,
    address: addressText(bytes),
    prefixLength: prefixlen ?? 0,
    family,
    scope: scopeWords[scope ?? 0] ?? 'nowhere',
    ...(flags?.permanent === true ? {} : { dynamic: true }),
  };
}

export type LinkAttributes = ifla.LinkAttrs;
