// What the library tells TypeScript about itself at load.
#ifndef DP_LAYOUT_H
#define DP_LAYOUT_H
#include "dp.h"

enum dp_memory {
    DP_MEM_POOL,
    DP_MEM_FLOWS,
    DP_MEM_CONNS,
    DP_MEM_NEXT_HOPS,
    DP_MEM_NEXT_HOP_INFO,
    DP_MEM_UPCALLS,
    DP_MEM_ANSWERS,
    DP_MEM_SWEEP,
    DP_MEM_TIMEOUTS,
    DP_MEM_LCORE_STATS,
    DP_MEM_DEST_STATS,
    DP_MEM_DEST_INFO,
    DP_MEM_FLOWS6,
};

/** "name value" lines: field offsets, record sizes, limits. */
DP_EXPORT const char *dp_layout(void);
/** "kind<TAB>name<TAB>description" lines in the order of the counters. */
DP_EXPORT const char *dp_reasons(void);
DP_EXPORT void *dp_memory(uint32_t which, uint32_t index, uint64_t *size);
/** flows used, capacity, connections used, capacity, lcores, free buffers, buffers, highest connection record
 * used. */
DP_EXPORT void dp_usage(uint32_t *out);
#endif
