// Weighted least connection: the eligible real server with the least (active * 256 + inactive) / weight.
import type { Scheduler, ServerView } from './scheduler.js';

/** An established connection costs as much as this many others: the reference's factor. */
const ACTIVE_COST = 256;

/**
 * Among equals the one after the last picked: with short connections all counts are often zero, and the kernel's wlc then
 * sends everything to the first server.
 */
export class WeightedLeastConnection implements Scheduler {
  readonly name = 'wlc';
  #view: ServerView;
  #next: number;

  constructor(view: ServerView, start = 0) {
    this.#view = view;
    this.#next = start;
  }

  update(view: ServerView): void {
    this.#view = view;
  }

  pick(): number {
    const { columns, members, count } = this.#view;
    const { weights, flags, active, inactive } = columns;
    let best = -1;
    let bestAt = 0;
    let bestCost = 0;
    let bestWeight = 1;
    let at = this.#next % count;
    for (let tries = count; tries > 0; tries--) {
      const dest = members[at]!;
      const weight = weights[dest]!;
      if (flags[dest] === 0 && weight > 0) {
        // cost / weight < bestCost / bestWeight without dividing; exact, being below 2^53 up to 2^29 connections.
        const cost = active[dest]! * ACTIVE_COST + inactive[dest]!;
        if (best === -1 || cost * bestWeight < bestCost * weight) {
          best = dest;
          bestAt = at;
          bestCost = cost;
          bestWeight = weight;
        }
      }
      if (++at === count) at = 0;
    }
    if (best !== -1) this.#next = bestAt + 1;
    return best;
  }
}
