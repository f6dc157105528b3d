// Zeroed memory for tables. It lives as long as the process; only tests give it back.
#include "memory.h"
#include <sys/mman.h>

#define MAX_REGIONS 512
static struct {
    void *start;
    uint64_t size;
} regions[MAX_REGIONS];
static unsigned n_regions;

static void *keep(void *p, uint64_t size) {
    if (p == MAP_FAILED)
        return 0;
    if (n_regions < MAX_REGIONS) {
        regions[n_regions].start = p;
        regions[n_regions].size = size;
        n_regions++;
    }
    return p;
}

void dp_region_free_all(void) {
    while (n_regions > 0) {
        n_regions--;
        munmap(regions[n_regions].start, regions[n_regions].size);
    }
}

#define HUGE (2ull << 20)

void *dp_region(uint64_t bytes) {
    if (bytes == 0)
        bytes = 1;
    if (bytes < HUGE) {
        uint64_t size = (bytes + 4095) & ~4095ull;
        void *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return keep(p, size);
    }
    uint64_t size = (bytes + HUGE - 1) & ~(HUGE - 1);
    void *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
    if (p != MAP_FAILED)
        return keep(p, size);
    p = mmap(0, size + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (!keep(p, size + HUGE))
        return 0;
    // Aligned, so that the kernel can back it with transparent hugepages: at a million flows most of a lookup
    // is TLB misses otherwise.
    void *aligned = (void *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
    madvise(aligned, size, MADV_HUGEPAGE);
    return aligned;
}
