// Neighbours as ospfd and ospf6d show them in detail: with the time each has been in its state.
import { object, objects, string } from '../frr-json.js';
import { type Neighbour, parseNeighbours } from '../frr-output.js';
import { parseNeighbours6 } from '../ospf6-output.js';

export interface SeenNeighbour extends Neighbour {
  /** Seconds in its state; 0 where that is not told. */
  readonly age: number;
}

/** Of `show ip ospf neighbor detail json`. */
export const parseSeenNeighbours = (json: unknown): SeenNeighbour[] =>
  Object.entries(object(object(json).neighbors)).flatMap(([routerId, list]) =>
    objects(list).flatMap((entry) => {
      const changes = [entry.lastPrgrsvChangeMsec, entry.lastRegressiveChangeMsec].filter(
        (each) => typeof each === 'number',
      );
      const age = changes.length === 0 ? 0 : Math.min(...changes) / 1_000;
      return parseNeighbours({ neighbors: { [routerId]: [entry] } }).map((each) => ({ ...each, age }));
    }),
  );

/** Of `show ipv6 ospf6 neighbor detail json`. */
export const parseSeenNeighbours6 = (json: unknown): SeenNeighbour[] =>
  Object.entries(object(json)).flatMap(([key, entry]) =>
    parseNeighbours6({ [key]: entry }).map((each) => ({
      ...each,
      age: secondsOf(string(object(entry).neighborStateDuration)),
    })),
  );

/** `00:01:23`, `2d03:00:01` */
function secondsOf(text: string): number {
  const [, days = 0, hours, minutes, seconds] = /^(?:(\d+)d)?(\d+):(\d+):(\d+)$/.exec(text) ?? [];
  return hours === undefined
    ? 0
    : Number(days) * 86_400 + Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
}
