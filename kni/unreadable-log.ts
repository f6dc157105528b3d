// Messages of the kernel that cannot be read, in the log: the same one comes with every reading, so each kind and reason once.
import type { Log } from '../log/index.js';
import type { OnUnreadable } from './attributes.js';

/** Reasons that are told of, at most. */
const mostReasons = 16;

export function tellOnce(log: Log): OnUnreadable {
  const told = new Set<string>();
  return ({ what, error }) => {
    const reason = String(error);
    if (told.size >= mostReasons || told.has(`${what} ${reason}`)) return;
    told.add(`${what} ${reason}`);
    log.event('kni.not_understood', { what, reason });
  };
}
