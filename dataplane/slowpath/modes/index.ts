// The door of the forwarding modes: one file each, what it decides of a new connection. What a mode refuses when it is configured is
// in ../../control/judge-forwarding.ts, what it does with a packet in native/src/execute.c.
import type { Forwarding } from '../../ipvs/index.js';
import { DirectRouting } from './dr.js';
import { FullNat, type FullNatParts } from './fullnat.js';
import type { Mode } from './mode.js';
import { Snat, type SnatParts } from './snat.js';
import { Ways, type WaysParts } from './ways.js';

export { Flow, type Mode, OPENED } from './mode.js';
export { remoteHash } from './snat.js';
export { leaves } from './ways.js';

export type ModeParts = Omit<FullNatParts & SnatParts, 'ways'> & WaysParts;

/** The modes that are built. */
export function modesOf(parts: ModeParts): Partial<Record<Forwarding, Mode>> {
  const ways = new Ways(parts);
  return {
    FullNat: new FullNat({ ...parts, ways }),
    Route: new DirectRouting({ ...parts, ways }),
    SNAT: new Snat({ ...parts, ways }),
  };
}
