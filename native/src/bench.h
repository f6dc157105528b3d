// A packet generator around the real loop, for benchmarks.
#ifndef DP_BENCH_H
#define DP_BENCH_H
#include "setup.h"

/** Makes FullNAT UDP connections up to `n`, through the same commit as the slow path's. */
DP_EXPORT int dp_bench_flows(uint32_t n);
/**
 * Sends `packets` 60-byte UDP frames through a turn's receive-process-send, half from clients and half from
 * servers, over `flows` connections in random order, and writes ns a packet (a double) to `out`. With `bare`
 * the loop only exchanges the MACs.
 */
DP_EXPORT int dp_bench_run(uint32_t flows, uint32_t packets, uint32_t bare, uint8_t *out);
#endif
