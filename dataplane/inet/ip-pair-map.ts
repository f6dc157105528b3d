// A hash map from an address of either family and a u32 to a small integer. IPv4 stays in typed arrays, as it is looked up the most.
import { type Ip, isIp4 } from './ip.js';
import { U32PairMap } from './u32-pair-map.js';

export class IpPairMap {
  readonly #four: U32PairMap;
  readonly #six = new Map<string, number>();

  /** @param capacity expected number of IPv4 keys; grows beyond it */
  constructor(capacity = 16) {
    this.#four = new U32PairMap(capacity);
  }

  /** The value of the pair, or -1. */
  get(ip: Ip, second: number): number {
    return isIp4(ip) ? this.#four.get(ip, second) : (this.#six.get(key(ip, second)) ?? -1);
  }

  /** @param value 0 … 2^31-2 */
  set(ip: Ip, second: number, value: number): void {
    if (isIp4(ip)) this.#four.set(ip, second, value);
    else this.#six.set(key(ip, second), value);
  }

  /** @returns whether it was there */
  delete(ip: Ip, second: number): boolean {
    return isIp4(ip) ? this.#four.delete(ip, second) : this.#six.delete(key(ip, second));
  }

  /** A count under the pair goes up or down by one; at zero the pair goes. */
  add(ip: Ip, second: number, by: 1 | -1): void {
    const count = Math.max(this.get(ip, second), 0) + by;
    if (count === 0) this.delete(ip, second);
    else this.set(ip, second, count);
  }
}

const key = (ip: string, second: number): string => ip + String.fromCharCode(second >>> 16, second & 0xffff);
