// Reads the counters of all lcores (the slot behind the last one is the slow path's) and adds them up.
import { layout, reasons } from './layout.js';
import { memory, usage } from './memory.js';

export interface CounterValue {
  readonly kind: 'drop' | 'punt' | 'event';
  readonly name: string;
  readonly description: string;
  readonly value: number;
}

export interface LcoreStats {
  readonly loops: number;
  readonly bursts: number;
  readonly emptyBursts: number;
  readonly fullBursts: number;
  readonly halfBursts: number;
  readonly overHalfBursts: number;
  readonly dropped: number;
  readonly ipackets: number;
  readonly ibytes: number;
  readonly opackets: number;
  readonly obytes: number;
}

export interface DestTotals {
  inPkts: number;
  outPkts: number;
  inBytes: number;
  outBytes: number;
  conns: number;
  established: number;
}

export class Counters {
  readonly #lcores: BigUint64Array[] = [];
  readonly #dests: { counts: BigUint64Array; words: Int32Array }[] = [];
  /** Of `established`, which is read for thousands of servers at once. */
  readonly #destWords = layout('dest_stats.size') / 4;
  readonly #establishedWord = layout('dest_stats.established') / 4;
  readonly #acceptedWord = layout('dest_stats.accepted') / 4;
  readonly #refusedWord = layout('dest_stats.refused') / 4;
  readonly #connsWord = layout('dest_stats.conns') / 4;

  constructor() {
    const { lcores } = usage();
    for (let i = 0; i <= lcores; i++) {
      this.#lcores.push(new BigUint64Array(memory('lcoreStats', i)));
      const dests = memory('destStats', i);
      this.#dests.push({ counts: new BigUint64Array(dests), words: new Int32Array(dests) });
    }
  }

  all(): CounterValue[] {
    const out: CounterValue[] = [];
    for (const kind of ['drop', 'punt', 'event'] as const) {
      const base = layout(`lcore_stats.${kind}`) / 8;
      reasons(kind).forEach((reason, i) => {
        let sum = 0n;
        for (const stats of this.#lcores) sum += stats[base + i];
        out.push({ ...reason, value: Number(sum) });
      });
    }
    return out;
  }

  lcore(index: number): LcoreStats {
    const stats = this.#lcores[index];
    const field = (name: string): number => Number(stats[layout(`lcore_stats.${name}`) / 8]);
    const dropBase = layout('lcore_stats.drop') / 8;
    let dropped = 0n;
    for (let i = 0; i < reasons('drop').length; i++) dropped += stats[dropBase + i];
    return {
      loops: field('loops'),
      bursts: field('bursts'),
      emptyBursts: field('empty_bursts'),
      fullBursts: field('full_bursts'),
      halfBursts: field('half_bursts'),
      overHalfBursts: field('over_half_bursts'),
      dropped: Number(dropped),
      ipackets: field('ipackets'),
      ibytes: field('ibytes'),
      opackets: field('opackets'),
      obytes: field('obytes'),
    };
  }

  /** Totals of one real server over all lcores. */
  dest(index: number): DestTotals {
    const size = layout('dest_stats.size');
    const at = (index * size) / 8;
    const sum = (field: string): number => {
      let total = 0n;
      for (const { counts } of this.#dests) total += counts[at + layout(`dest_stats.${field}`) / 8];
      return Number(total);
    };
    return {
      inPkts: sum('in_pkts'),
      outPkts: sum('out_pkts'),
      inBytes: sum('in_bytes'),
      outBytes: sum('out_bytes'),
      conns: sum('conns'),
      established: this.established(index),
    };
  }

  /** Connections of one real server that are established now. */
  established(index: number): number {
    const at = index * this.#destWords + this.#establishedWord;
    let total = 0;
    for (const { words } of this.#dests) total += words[at];
    return total;
  }

  /** How one real server answered attempts to connect: SYNs, and resets instead of one. Modulo 2^32. */
  answersOf(index: number): { accepted: number; refused: number } {
    const at = index * this.#destWords;
    let [accepted, refused] = [0, 0];
    for (const { words } of this.#dests) {
      accepted += words[at + this.#acceptedWord];
      refused += words[at + this.#refusedWord];
    }
    return { accepted: accepted >>> 0, refused: refused >>> 0 };
  }

  /** Connections made for one real server, modulo 2^32. */
  attemptsOf(index: number): number {
    let total = 0;
    for (const { words } of this.#dests) total += words[index * this.#destWords + this.#connsWord];
    return total >>> 0;
  }

  /** A slot that is given to another real server starts from zero. */
  clearDest(index: number): void {
    const size = layout('dest_stats.size') / 8;
    for (const { counts } of this.#dests) counts.fill(0n, index * size, (index + 1) * size);
  }
}
