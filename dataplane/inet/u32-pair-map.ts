// A hash map from two u32 keys to a small integer, in one typed array: the lookup of routes, neighbours, addresses and services.

/**
 * Open addressing with linear probing, load at most one half, deletion by backward shift (no tombstones, so lookups stay short
 * for ever). A `Map` would want one key: a string, or a double that V8 boxes. Growing rehashes; nothing else allocates.
 */
export declare class U32PairMap {
  /** @param capacity expected number of keys; grows beyond it */
  constructor(capacity?: number);
  get size(): number;
  /** The value of the pair, or -1. */
  get(first: number, second: number): number;
  /** @param value 0 … 2^31-2 */
  set(first: number, second: number, value: number): void;
  /** @returns whether it was there */
  delete(first: number, second: number): boolean;
  clear(): void;
}
