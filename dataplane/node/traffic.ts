// Per-server totals since start or the last zero, and rates from one-second samples.
import type { TrafficRates, TrafficStats } from '../../api/index.js';
import type { Counters } from '../../native/index.js';

const zero = (): TrafficStats => ({ conns: 0, inPkts: 0, outPkts: 0, inBytes: 0, outBytes: 0 });
const fields = ['conns', 'inPkts', 'outPkts', 'inBytes', 'outBytes'] as const;

function combine(a: TrafficStats, b: TrafficStats, f: (x: number, y: number) => number): TrafficStats {
  const out = zero();
  for (const field of fields) out[field] = f(a[field], b[field]);
  return out;
}

interface Sample {
  readonly at: number;
  readonly totals: TrafficStats;
}

export class Traffic {
  /** What zero subtracts, by counter slot. */
  readonly #base = new Map<number, TrafficStats>();
  readonly #previous = new Map<number, Sample>();
  readonly #latest = new Map<number, Sample>();

  constructor(readonly counters: Counters) {}

  stats(dest: number): TrafficStats {
    const now = this.#raw(dest);
    // A slot that was cleared for another server is below its base: the base is void.
    return combine(now, this.#base.get(dest) ?? zero(), (a, b) => (a >= b ? a - b : a));
  }

  rates(dest: number): TrafficRates {
    const from = this.#previous.get(dest);
    const to = this.#latest.get(dest);
    if (from === undefined || to === undefined || to.at <= from.at)
      return { cps: 0, inPps: 0, outPps: 0, inBps: 0, outBps: 0 };
    const seconds = (to.at - from.at) / 1000;
    const rate = combine(to.totals, from.totals, (a, b) => Math.max(0, Math.round((a - b) / seconds)));
    return {
      cps: rate.conns,
      inPps: rate.inPkts,
      outPps: rate.outPkts,
      inBps: rate.inBytes,
      outBps: rate.outBytes,
    };
  }

  /** Connections of several servers opened in the last second. */
  newConnections(dests: readonly number[]): number {
    let sum = 0;
    for (const dest of dests) {
      const from = this.#previous.get(dest);
      const to = this.#latest.get(dest);
      if (from === undefined || to === undefined || to.at <= from.at) continue;
      sum += Math.max(0, (to.totals.conns - from.totals.conns) * 1000) / (to.at - from.at);
    }
    return Math.round(sum);
  }

  sample(dests: Iterable<number>, at = Date.now()): void {
    for (const dest of dests) {
      const latest = this.#latest.get(dest);
      if (latest !== undefined) this.#previous.set(dest, latest);
      this.#latest.set(dest, { at, totals: this.#raw(dest) });
    }
  }

  zero(dests: Iterable<number>): void {
    for (const dest of dests) this.#base.set(dest, this.#raw(dest));
  }

  #raw(dest: number): TrafficStats {
    const { conns, inPkts, outPkts, inBytes, outBytes } = this.counters.dest(dest);
    return { conns, inPkts, outPkts, inBytes, outBytes };
  }
}

export function sumStats(all: readonly TrafficStats[]): TrafficStats {
  return all.reduce((a, b) => combine(a, b, (x, y) => x + y), zero());
}

export function sumRates(all: readonly TrafficRates[]): TrafficRates {
  const out = { cps: 0, inPps: 0, outPps: 0, inBps: 0, outBps: 0 };
  for (const r of all) for (const field of Object.keys(out) as (keyof TrafficRates)[]) out[field] += r[field];
  return out;
}
