// Zeroed memory for tables: hugepages where they are reserved, transparent ones elsewhere.
#ifndef DP_MEMORY_H
#define DP_MEMORY_H
#include <stdint.h>
void *dp_region(uint64_t bytes);
/** Everything handed out becomes invalid; for tests that start over. */
void dp_region_free_all(void);
#endif
