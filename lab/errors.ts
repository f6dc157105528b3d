// What the lab says when something it needs is missing or does not happen. A message for a person, never a stack.

export class LabError extends Error {
  constructor(
    message: string,
    /** What to do about it; empty when the message says it all. */
    readonly suggestion = '',
  ) {
    super(message);
    this.name = 'LabError';
  }
}

/** The machine lacks something; nothing was begun. */
export class CannotRun extends LabError {}

/** Waiting longer is of no use: `eventually` passes it on at once. */
export class Hopeless extends LabError {}
