// A hash map from two u32 keys to a small integer, in one typed array: the lookup of routes, neighbours, addresses and services.

/** A cell is three words: first key, second key, value + 1 (0 is an empty cell). */
const CELL = 3;

/** Full avalanche of the low bits is what linear probing needs: prefixes and ports differ in few bits. */
function mix(first: number, second: number): number {
  let h = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}

/**
 * Open addressing with linear probing, load at most one half, deletion by backward shift (no tombstones, so lookups stay short
 * for ever). A `Map` would want one key: a string, or a double that V8 boxes. Growing rehashes; nothing else allocates.
 */
export class U32PairMap {
  #cells: Int32Array;
  #mask: number;
  #size = 0;

  /** @param capacity expected number of keys; grows beyond it */
  constructor(capacity = 16) {
    let slots = 16;
    while (slots < capacity * 2) slots *= 2;
    this.#cells = new Int32Array(slots * CELL);
    this.#mask = slots - 1;
  }

  get size(): number {
    return this.#size;
  }

  /** The value of the pair, or -1. */
  get(first: number, second: number): number {
    // Keys are compared as the int32 that the array holds; the value of an empty cell is 0, so it reads as -1.
    return this.#cells[this.#find(first | 0, second | 0) + 2]! - 1;
  }

  /** @param value 0 … 2^31-2 */
  set(first: number, second: number, value: number): void {
    let at = this.#find(first | 0, second | 0);
    if (this.#cells[at + 2] === 0) {
      if ((this.#size + 1) * 2 > this.#mask + 1) {
        this.#grow();
        at = this.#find(first | 0, second | 0);
      }
      this.#size++;
    }
    this.#cells[at] = first;
    this.#cells[at + 1] = second;
    this.#cells[at + 2] = value + 1;
  }

  /** @returns whether it was there */
  delete(first: number, second: number): boolean {
    const cells = this.#cells;
    const mask = this.#mask;
    let hole = this.#find(first | 0, second | 0) / CELL;
    if (cells[hole * CELL + 2] === 0) return false;
    for (let next = (hole + 1) & mask; cells[next * CELL + 2] !== 0; next = (next + 1) & mask) {
      const home = mix(cells[next * CELL]!, cells[next * CELL + 1]!) & mask;
      // A cell may move into the hole only when that is not before its home position.
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        cells.copyWithin(hole * CELL, next * CELL, next * CELL + CELL);
        hole = next;
      }
    }
    cells[hole * CELL + 2] = 0;
    this.#size--;
    return true;
  }

  clear(): void {
    this.#cells.fill(0);
    this.#size = 0;
  }

  /** The word offset of the pair's cell, or of the empty cell where it would go. */
  #find(first: number, second: number): number {
    const cells = this.#cells;
    const mask = this.#mask;
    let slot = mix(first, second) & mask;
    for (;;) {
      const at = slot * CELL;
      if (cells[at + 2] === 0 || (cells[at] === first && cells[at + 1] === second)) return at;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const old = this.#cells;
    this.#cells = new Int32Array(old.length * 2);
    this.#mask = this.#mask * 2 + 1;
    for (let at = 0; at < old.length; at += CELL) {
      if (old[at + 2] !== 0) this.#cells.set(old.subarray(at, at + CELL), this.#find(old[at]!, old[at + 1]!));
    }
  }
}
