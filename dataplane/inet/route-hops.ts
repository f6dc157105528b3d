// Which of a route's several ways a connection takes: weighted rendezvous hashing, so that a way that comes or goes moves only the
// connections it gains or loses, and the same connection chooses the same way again after a restart.
import { type Ip, ipHash } from './ip.js';

/** One way out: the gateway (IP_NONE when on-link) and the port. */
export interface Way {
  readonly gateway: Ip;
  readonly device: string;
}

export interface RouteHop extends Way {
  /** At least 1. */
  readonly weight: number;
}

/** The finaliser of MurmurHash3. */
function mix(given: number): number {
  let z = given | 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}

/** Of the client's end, which both directions of a connection know. */
export const clientHash = (address: Ip, port: number): number =>
  mix(mix(ipHash(address)) ^ Math.imul(port, 0x9e3779b1));

function ofDevice(device: string): number {
  let h = 0;
  for (let i = 0; i < device.length; i++) h = Math.imul(h, 31) + device.charCodeAt(i);
  return h;
}

/** The route itself when it has one way only; no allocation. */
export function wayOf(route: Way & { readonly hops?: readonly RouteHop[] }, hash: number): Way {
  const { hops } = route;
  if (hops === undefined) return route;
  let best: Way = route;
  let highest = -1;
  for (const hop of hops) {
    const uniform = (mix(hash ^ mix(ipHash(hop.gateway) ^ ofDevice(hop.device))) + 0.5) / 2 ** 32;
    // A weight of n wins as often as n ways of weight 1.
    const score = -hop.weight / Math.log(uniform);
    if (score <= highest) continue;
    highest = score;
    best = hop;
  }
  return best;
}
