// Next-hop objects of the kernel (linux/nexthop.h, `ip nexthop`): what a route names that has no next hops of its own, as zebra installs
// them and the kernel writes them with `net.ipv4.nexthop_compat_mode` 0.
import { getU32 } from 'netlink';
import { addressText } from './address-bytes.js';
import { attributesOf } from './attributes.js';
import type { NameOfIndex } from './kernel-objects.js';
import { deviceOf, type KernelNextHop, type KernelRoute } from './kernel-routes.js';

/** Next hops by the number of their object; those of a group are its members'. */
export type NextHopsById = ReadonlyMap<number, readonly KernelNextHop[]>;

/** One object: its own next hop, or the members of a group with their weights; neither for a blackhole. */
export interface NextHopObject {
  readonly id: number;
  readonly hop: KernelNextHop | null;
  /** Its link is down or without carrier. */
  readonly dead: boolean;
  readonly members: readonly { readonly id: number; readonly weight: number }[];
}

const NHA = { ID: 1, GROUP: 2, OIF: 5, GATEWAY: 6 } as const;
/** RTNH_F_DEAD, RTNH_F_LINKDOWN */
const deadFlags = 1 | 16;
/** `struct nhmsg` */
export const nextHopHeaderBytes = 8;
const memberBytes = 8;

/** @throws {Error} it is not a next-hop message */
export function decodeNextHopObject(data: Buffer, nameOf: NameOfIndex): NextHopObject {
  // After family, scope, protocol and a byte of nothing.
  const flags = getU32(data.subarray(4, nextHopHeaderBytes));
  const attributes = attributesOf(data.subarray(nextHopHeaderBytes));
  const [id, oif, gateway, group] = [NHA.ID, NHA.OIF, NHA.GATEWAY, NHA.GROUP].map((n) => attributes.get(n));
  if (id === undefined) throw new Error('a next-hop object without a number');
  const device = oif === undefined ? null : deviceOf(getU32(oif), nameOf);
  return {
    id: getU32(id),
    hop: device === null ? null : { gateway: gateway === undefined ? null : addressText(gateway), device, weight: 1 },
    dead: (flags & deadFlags) !== 0,
    members: group === undefined ? [] : decodeGroup(group),
  };
}

/** An array of `struct nexthop_grp`: the number in four bytes, the weight minus one in one, three more that are not used. */
function decodeGroup(bytes: Buffer): { id: number; weight: number }[] {
  const members: { id: number; weight: number }[] = [];
  for (let at = 0; at + memberBytes <= bytes.length; at += memberBytes)
    members.push({ id: getU32(bytes.subarray(at, at + 4)), weight: bytes[at + 4] + 1 });
  return members;
}

/** The members of a group are no groups. */
export function nextHopsById(objects: readonly NextHopObject[]): NextHopsById {
  const byId = new Map(objects.map((object) => [object.id, object]));
  const hopsOf = ({ hop, members }: NextHopObject): KernelNextHop[] =>
    hop !== null
      ? [hop]
      : members.flatMap(({ id, weight }) => {
          const member = byId.get(id);
          if (member === undefined || member.hop === null) return [];
          return [{ ...member.hop, weight, ...(member.dead ? { dead: true } : {}) }];
        });
  return new Map(objects.map((object) => [object.id, hopsOf(object)]));
}

/** null: its object has gone since, and the kernel removes the routes of an object with it. */
export function withNextHops(route: KernelRoute, objects: NextHopsById): KernelRoute | null {
  const { nextHopId, ...rest } = route;
  if (nextHopId === undefined) return route;
  const nextHops = objects.get(nextHopId);
  return nextHops === undefined ? null : { ...rest, nextHops };
}
