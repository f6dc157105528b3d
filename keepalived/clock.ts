// Time as a value, so that a test can be the clock. Monotonic: a clock that is set moves no check.
export interface Clock {
  /** Milliseconds from some start. */
  now(): number;
  /** @returns a function that calls it off */
  after(delayMs: number, run: () => void): () => void;
}

export const monotonicClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
