// A seeded generator of numbers, so that whatever chance found can be found again.

export class Random {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }

  /** The next 32 bits (the finaliser of MurmurHash3 over a Weyl sequence). */
  bits(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  }

  /** 0 to below the limit. */
  below(limit: number): number {
    return this.bits() % limit;
  }

  chance(probability: number): boolean {
    return this.bits() / 2 ** 32 < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.bits() & 0xff);
  }
}

/** The seed of this run: from the environment to repeat one, otherwise a new one each time. */
export const chosenSeed = (): number => Number(process.env.FUZZ_SEED ?? (Date.now() ^ (process.pid << 16)) >>> 0);
/** Milliseconds a fuzz test may take. */
export const fuzzBudget = (): number => Number(process.env.FUZZ_MS ?? 5000);
