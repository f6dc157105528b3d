// ns a packet of the fast path at 1, 1 k, 64 k and 1 M flows beside the bare loop, in one run of the native generator.
import { createContext, loadLibrary, startEal } from '../native/index.js';

export interface FastPathRow {
  readonly flows: number;
  /** The same loop without the table: receive, exchange the MACs, send. */
  readonly bareNs: number;
  readonly fullNatNs: number;
  /** What FullNAT costs above the bare loop. */
  readonly aboveNs: number;
}

export interface BenchMachine {
  readonly huge: boolean;
}

export const FLOW_COUNTS = [1, 1_000, 65_536, 1_000_000] as const;
const CONNECTIONS = 1_048_576;
/** Half of the packets go in, half come back. */
const PACKETS = 8_000_000;
const ROUNDS = 5;

export function startBench(huge: boolean): void {
  startEal({ lcores: '0@0', huge, memoryMb: 256, pci: false, filePrefix: `dpvs-bench-${process.pid}` });
  freshContext();
}

let contexts = 0;

/** Empty tables, without what an earlier part left behind. */
export function freshContext(): void {
  if (contexts++ > 0) loadLibrary().dp_test_destroy();
  createContext({
    flowCapacity: 2 * CONNECTIONS,
    connCapacity: CONNECTIONS,
    spin: true,
    idleSleepUs: 0,
    classRate: [1e9, 1e9, 1e9, 1e9],
    classBurst: [16384, 16384, 16384, 16384],
    upcallRing: 16384,
    mbufs: 16383,
    mbufRoom: 2048,
    mbufCache: 256,
  });
  loadLibrary().dp_lcore_add(0);
}

/** Noise only adds, so the least of the rounds is the closest to the truth. */
const least = (values: readonly number[]): number => Math.min(...values);

export function benchFastPath(): FastPathRow[] {
  const library = loadLibrary();
  const out = new Float64Array(1);
  const bytes = new Uint8Array(out.buffer);
  const measure = (flows: number, bare: boolean): number => {
    const rc = library.dp_bench_run(flows, PACKETS, bare ? 1 : 0, bytes) as number;
    if (rc !== 0) throw new Error(`the generator failed: ${rc}`);
    return out[0];
  };
  return FLOW_COUNTS.map((flows) => {
    if ((library.dp_bench_flows(flows) as number) !== 0) throw new Error(`no room for ${flows} flows`);
    const bare: number[] = [];
    const nat: number[] = [];
    // Alternating, so that a noisy moment of the machine meets both.
    for (let i = 0; i < ROUNDS; i++) {
      bare.push(measure(flows, true));
      nat.push(measure(flows, false));
    }
    const bareNs = least(bare);
    const fullNatNs = least(nat);
    return { flows, bareNs, fullNatNs, aboveNs: fullNatNs - bareNs };
  });
}
