// Views over the tables that C and TypeScript share.
import { layout } from './layout.js';
import { loadLibrary, viewMemory } from './library.js';

/** As enum dp_memory in layout.h. */
const ranges = {
  pool: 0,
  flows: 1,
  conns: 2,
  nextHops: 3,
  nextHopInfo: 4,
  upcalls: 5,
  answers: 6,
  sweep: 7,
  timeouts: 8,
  lcoreStats: 9,
  destStats: 10,
  destInfo: 11,
  flows6: 12,
} as const;

export function memory(range: keyof typeof ranges, index = 0): ArrayBuffer {
  const size: bigint[] = [0n];
  const pointer = loadLibrary().dp_memory(ranges[range], index, size);
  if (pointer === null) throw new Error(`native memory ${range} ${index} is not there yet`);
  return viewMemory(pointer, Number(size[0]));
}

export interface Usage {
  readonly flows: { used: number; capacity: number };
  readonly connections: { used: number; capacity: number };
  readonly lcores: number;
  readonly buffers: { free: number; total: number };
  /** Connection records beyond this index were never used. */
  readonly highestConnection: number;
}

const usageWords = new Uint32Array(8);

export function usage(): Usage {
  loadLibrary().dp_usage(usageWords);
  const [flowsUsed, flowCapacity, connsUsed, connCapacity, lcores, free, total, highestConnection] = usageWords;
  return {
    flows: { used: flowsUsed, capacity: flowCapacity },
    connections: { used: connsUsed, capacity: connCapacity },
    lcores,
    buffers: { free, total },
    highestConnection,
  };
}

export { layout };
