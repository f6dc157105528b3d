// Longest-prefix match of one family: networks with their lengths to the numbers of their buckets.
import { type Ipv4, networkOfIpv4 } from './ipv4.js';
import { type Ipv6, networkOfIpv6 } from './ipv6.js';
import { U32PairMap } from './u32-pair-map.js';

export interface PrefixIndex<A> {
  /** The bucket of just this prefix, or -1. Host bits of `ip` do not count. */
  get(ip: A, length: number): number;
  set(ip: A, length: number, bucket: number): void;
  delete(ip: A, length: number): void;
  /** The bucket of the longest prefix that has the address, or -1. */
  lookup(ip: A): number;
}

/** No allocation in a lookup, and one to three probes. */
export class Ipv4PrefixIndex implements PrefixIndex<Ipv4> {
  /** (network, prefix length) → bucket. One map for all lengths; `#lengths` says which to probe. */
  readonly #index = new U32PairMap(1024);
  /**
   * By the first 16 bits of a destination: bit (length - 1) is set when there is a prefix of that length that has, or lies in,
   * this /16. A lookup asks the map only for those: for one to three lengths and not for all that the table has.
   */
  readonly #lengths = new Int32Array(65536);
  /** (first 16 bits, length) → prefixes of that length in this /16, for lengths above 16. */
  readonly #longer = new U32PairMap(1024);
  #default = -1;

  get(ip: Ipv4, length: number): number {
    return this.#index.get(networkOfIpv4(ip, length), length);
  }

  set(ip: Ipv4, length: number, bucket: number): void {
    const network = networkOfIpv4(ip, length);
    this.#index.set(network, length, bucket);
    this.#note(network, length, bucket);
  }

  delete(ip: Ipv4, length: number): void {
    const network = networkOfIpv4(ip, length);
    this.#index.delete(network, length);
    this.#note(network, length, -1);
  }

  lookup(ip: Ipv4): number {
    let lengths = this.#lengths[ip >>> 16]!;
    while (lengths !== 0) {
      const bit = 31 - Math.clz32(lengths);
      // The map compares 32 bits, signed or not: without >>> 0 no number here leaves the integer range.
      const at = this.#index.get(ip & (-1 << (31 - bit)), bit + 1);
      if (at !== -1) return at;
      lengths &= ~(1 << bit);
    }
    return this.#default;
  }

  /** A prefix came (`at` is its bucket) or went (-1). */
  #note(network: Ipv4, length: number, at: number): void {
    if (length === 0) {
      this.#default = at;
      return;
    }
    const first = network >>> 16;
    const come = at !== -1;
    if (length > 16) {
      const before = Math.max(this.#longer.get(first, length), 0);
      const count = before + (come ? 1 : -1);
      if (count === 0) this.#longer.delete(first, length);
      else this.#longer.set(first, length, count);
      if (before > 0 && count > 0) return;
    }
    const bit = 1 << (length - 1);
    const last = first + (length < 16 ? 1 << (16 - length) : 1);
    for (let i = first; i < last; i++) this.#lengths[i] = come ? this.#lengths[i]! | bit : this.#lengths[i]! & ~bit;
  }
}

/** A probe for each length that the table has, longest first: a node's own table has few. */
export class Ipv6PrefixIndex implements PrefixIndex<Ipv6> {
  /** By length, those that have any, longest first. */
  #levels: { readonly length: number; readonly buckets: Map<Ipv6, number> }[] = [];

  get(ip: Ipv6, length: number): number {
    return this.#level(length)?.buckets.get(networkOfIpv6(ip, length)) ?? -1;
  }

  set(ip: Ipv6, length: number, bucket: number): void {
    let level = this.#level(length);
    if (level === undefined) {
      level = { length, buckets: new Map() };
      this.#levels = [...this.#levels, level].sort((a, b) => b.length - a.length);
    }
    level.buckets.set(networkOfIpv6(ip, length), bucket);
  }

  delete(ip: Ipv6, length: number): void {
    const level = this.#level(length);
    level?.buckets.delete(networkOfIpv6(ip, length));
    if (level?.buckets.size === 0) this.#levels = this.#levels.filter((other) => other !== level);
  }

  lookup(ip: Ipv6): number {
    for (const { length, buckets } of this.#levels) {
      const at = buckets.get(networkOfIpv6(ip, length));
      if (at !== undefined) return at;
    }
    return -1;
  }

  #level(length: number): { readonly length: number; readonly buckets: Map<Ipv6, number> } | undefined {
    return this.#levels.find((level) => level.length === length);
  }
}
