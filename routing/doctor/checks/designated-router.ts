// Whether a neighbour that names no Designated Router has a point-to-point link, or only waits: alike in OSPFv2 and OSPFv3.
import { canonicalAddress } from '../../address.js';
import type { Ospf6Port, OspfPort } from '../check.js';
import {
  type Facts,
  foreignHellos,
  foreignHellos6,
  type HeardHello,
  type HeardHello6,
  neighbours6On,
  neighboursOn,
} from '../facts.js';
import type { SeenNeighbour } from '../seen-neighbour.js';

type Heard = Pick<HeardHello | HeardHello6, 'source' | 'hello'>;

export interface Link {
  readonly kni: string;
  readonly own: { readonly pointToPoint: boolean; readonly state: string; readonly dead: number };
  /** This node's router id. */
  readonly ownId: string;
  readonly hellos: readonly Heard[];
  readonly neighbours: readonly SeenNeighbour[];
}

export const linkOf = (facts: Facts, port: OspfPort): Link => ({
  ...{ kni: port.kni, own: port.ospf, ownId: facts.ospf?.routerId ?? '' },
  ...{ hellos: foreignHellos(port), neighbours: neighboursOn(facts, port) },
});

export const link6Of = (facts: Facts, port: Ospf6Port): Link => ({
  ...{ kni: port.kni, own: port.ospf6, ownId: facts.ospf6?.routerId ?? '' },
  ...{ hellos: foreignHellos6(port), neighbours: neighbours6On(facts, port) },
});

/**
 * `never`: it hears us and names nobody, as on a point-to-point link. `not yet`: so it does, but from its start a router on a broadcast
 * link does the same for up to its dead interval (RFC 2328 sections 9.1 and 9.4). null: it does not hear us, or is no neighbour.
 */
export type Naming = 'somebody' | 'never' | 'not yet' | null;

export function namingOf(heard: Heard, { ownId, neighbours }: Link): Naming {
  if (heard.hello.designated !== '0.0.0.0') return 'somebody';
  const neighbour = neighbours.find(isSpeakerOf(heard));
  if (neighbour === undefined || !heard.hello.neighbours.includes(ownId)) return null;
  // Who waits knows of no DR and is adjacent to nobody (section 10.4): it does not answer database descriptions.
  const exchanges = /^(ExChange|Loading|Full)/i.test(neighbour.state);
  return exchanges || neighbour.age > heard.hello.deadInterval ? 'never' : 'not yet';
}

/** Neighbours on a broadcast link that may be waiting, and for how long they do so at most: seconds. */
export function waitersOn(link: Link): { readonly neighbour: SeenNeighbour; readonly most: number }[] {
  if (link.own.pointToPoint) return [];
  return link.hellos
    .filter((heard) => namingOf(heard, link) === 'not yet')
    .flatMap((heard) =>
      link.neighbours.filter(isSpeakerOf(heard)).map((neighbour) => ({ neighbour, most: heard.hello.deadInterval })),
    );
}

/** By address: two may have one router id. */
const isSpeakerOf =
  ({ source }: Heard) =>
  ({ address }: SeenNeighbour): boolean =>
    canonicalAddress(address) === source;

const election = 'waits before the election of a Designated Router';

/** Who waits, in the words of a finding. */
export function describeWaiting(link: Link): { title: string; evidence: string; advice: string }[] {
  const { kni, own, neighbours } = link;
  if (own.state === 'Waiting' && neighbours.length > 0)
    return [
      {
        title: `${kni} ${election}`,
        evidence: `its state is Waiting: from its start, for at most the dead interval, ${own.dead} s`,
        advice: 'look again after that',
      },
    ];
  return waitersOn(link).map(({ neighbour: { routerId, address, state, age }, most }) => ({
    title: `${routerId} ${election}`,
    evidence: `${routerId} at ${address} hears this node and names no DR yet; it is ${state} for ${Math.round(age)} s, and may wait ${most} s, its dead interval, from its start`,
    advice: 'look again after that: if it names no DR even then, its link is point-to-point',
  }));
}
