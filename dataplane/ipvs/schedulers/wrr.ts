// Weighted round robin, smooth: over any period of (sum of weights / gcd) picks each server gets exactly its share, well spread.
import type { Scheduler, ServerView } from './scheduler.js';

/**
 * Each pick adds every eligible server's weight to its credit, takes the largest credit and charges it the sum of the weights.
 * The gcd walk of the kernel's wrr gives the same shares, but sends bursts to the heaviest server, and its walk is long when
 * the heaviest is flagged away (65535 rounds for weights 65535 and 1). The credits always sum up to zero; a flagged server
 * keeps its own, which is worth about one pick.
 */
export class WeightedRoundRobin implements Scheduler {
  readonly name = 'wrr';
  #view: ServerView;
  /** By position in `members`. */
  #credits: Float64Array;
  /** The position that wins among equals; changing it between updates would make the periods inexact. */
  #start: number;
  #last: number;

  constructor(view: ServerView, start = 0) {
    this.#view = view;
    this.#credits = new Float64Array(view.count);
    this.#start = start;
    this.#last = start - 1;
  }

  /** Credits start afresh: those earned by a weight of 65535 would starve the others after it became 1. */
  update(view: ServerView): void {
    this.#view = view;
    this.#credits = new Float64Array(view.count);
    // So that frequent updates do not favour the first servers.
    this.#start = this.#last + 1;
  }

  pick(): number {
    const { columns, members, count } = this.#view;
    const { weights, flags } = columns;
    const credits = this.#credits;
    let total = 0;
    let best = -1;
    let bestCredit = 0;
    let at = this.#start % count;
    for (let tries = count; tries > 0; tries--) {
      const dest = members[at]!;
      const weight = weights[dest]!;
      if (flags[dest] === 0 && weight > 0) {
        const credit = credits[at]! + weight;
        credits[at] = credit;
        total += weight;
        if (best === -1 || credit > bestCredit) {
          best = at;
          bestCredit = credit;
        }
      }
      if (++at === count) at = 0;
    }
    if (best === -1) return -1;
    credits[best] = bestCredit - total;
    this.#last = best;
    return members[best]!;
  }
}
