// A mistake in the words the user typed: exit code 2, one line of what is wrong and one of where to look.
import { DpvsError } from './api.js';

export class UsageError extends DpvsError {
  constructor(
    message: string,
    readonly hint = '',
  ) {
    super('usage', message);
    // The table's prefix ("usage: ") would only lengthen the reference's own messages.
    this.message = message;
  }

  override get suggestion(): string {
    return this.hint;
  }
}

/** For what the reference has and this node has not built: refused, not misunderstood. */
export function notSupported(what: string): DpvsError {
  return new DpvsError('not_support', what);
}
