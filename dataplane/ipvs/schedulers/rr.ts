// Round robin: the eligible real servers in turn, whatever their weights.
import type { Scheduler, ServerView } from './scheduler.js';

export class RoundRobin implements Scheduler {
  readonly name = 'rr';
  #view: ServerView;
  /** Position in `members` to look at first. */
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
    const { weights, flags } = columns;
    let at = this.#next;
    for (let tries = count; tries > 0; tries--) {
      // Also after members were removed, or with a start beyond them.
      if (at >= count) at %= count;
      const dest = members[at]!;
      at++;
      if (flags[dest] === 0 && weights[dest]! > 0) {
        this.#next = at;
        return dest;
      }
    }
    return -1;
  }
}
