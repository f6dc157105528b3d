// A small seeded random generator for choices that must not be in lock-step and must be repeatable in tests.

/** xorshift32 (Marsaglia 2003, triple 13 17 5): 0 ≤ x < 1. Nothing secret may depend on it. */
export function seededRandom(seed: number): () => number {
  // A state of zero would stay zero; the multiplication spreads small seeds, whose first outputs would be alike.
  let state = Math.imul(seed | 0, 0x9e3779b1) ^ 0x6d2b79f5 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x100000000;
  };
}
