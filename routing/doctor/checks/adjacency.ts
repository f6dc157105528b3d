// Adjacencies that come to no end: the MTU that routers name in their database descriptions, and what was heard of these where it is not
// that. Alike in OSPFv2 and OSPFv3.
import type { Wire } from '../capture.js';
import type { SeenNeighbour } from '../seen-neighbour.js';
import { type Link, waitersOn } from './designated-router.js';

interface Heard {
  readonly packet: { readonly routerId: string; readonly description: { readonly mtu: number } | null };
}

/** Router ids with the MTU that each named last, where it is not ours; 0, of a virtual link, says nothing. */
export function otherMtus(heard: readonly Heard[], own: number): [routerId: string, mtu: number][] {
  const named = new Map(
    heard.flatMap(({ packet: { routerId, description } }) =>
      description === null ? [] : [[routerId, description.mtu] as const],
    ),
  );
  return [...named].filter(([, mtu]) => mtu !== 0 && mtu !== own);
}

/** Seconds: what is not answered has been sent once more (RxmtInterval's default, RFC 2328 appendix C.3). */
const patience = 5;

/** Those that should be further, but not those that wait for an election. */
export function stuckOn(link: Link): SeenNeighbour[] {
  const waiters = waitersOn(link).map(({ neighbour }) => neighbour);
  return link.neighbours.filter(
    (each) => /^(ExStart|ExChange|Loading)/i.test(each.state) && each.age > patience && !waiters.includes(each),
  );
}

interface Way {
  readonly wire: Wire;
  readonly mtu: number;
  /** What shows whether a packet as large as the MTU gets through. */
  readonly ping: string;
  /** Where to look when the kernel does not take unicast, and when the port does not pass it on. */
  readonly taken: string;
  readonly passed: string;
}

/** @param heard of all other routers. @returns what was seen, and what to do */
export function describeStuck({ routerId, state, age }: SeenNeighbour, heard: readonly Heard[], way: Way) {
  const { wire, mtu, ping, taken, passed } = way;
  const count = heard.filter(({ packet }) => packet.routerId === routerId && packet.description !== null).length;
  const seen = wire.listened
    ? `database descriptions of it heard in ${wire.seconds} s: ${count === 0 ? 'none' : count}`
    : `not listened: ${wire.why}`;
  const large = `do packets of ${mtu} bytes get through (${ping})?`;
  const advice = state.startsWith('Loading')
    ? `what is asked for does not come: ${large}`
    : count > 0
      ? `they come, and the kernel does not take them (${taken}), or ours do not arrive at the switch`
      : `unicast does not come: ${passed}; ${large}`;
  return { evidence: `for ${Math.round(age)} s; MTU ${mtu} here; ${seen}`, advice };
}

export const stateOf = ({ state }: SeenNeighbour): string => state.split('/')[0];
