// Zeroed memory for tables. Never freed: tables live as long as the process.
#include "memory.h"
#include <sys/mman.h>

#define HUGE (2ull << 20)

void *dp_region(uint64_t bytes) {
    if (bytes == 0)
        bytes = 1;
    if (bytes < HUGE) {
        uint64_t size = (bytes + 4095) & ~4095ull;
        void *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return p == MAP_FAILED ? 0 : p;
    }
    uint64_t size = (bytes + HUGE - 1) & ~(HUGE - 1);
    void *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
    if (p != MAP_FAILED)
        return p;
    p = mmap(0, size + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return 0;
    // Aligned, so that the kernel can back it with transparent hugepages: at a million flows most of a lookup
    // is TLB misses otherwise.
    void *aligned = (void *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
    madvise(aligned, size, MADV_HUGEPAGE);
    return aligned;
}
