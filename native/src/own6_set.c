// Two copies, as the kni set's: readers use one while the writer fills the other, then they are swapped.
#include "own6_set.h"
#include "flow_table.h"
#include "kni_set.h"
#include "memory.h"

#define MASK (DP_OWN6_ADDRESSES - 1)

static uint32_t slot_of(const uint64_t *half) {
    const uint64_t *seed = dp_ctx->hash_seed;
    return (uint32_t)dp_mix(dp_mix(half[0] ^ seed[1], half[1] ^ seed[2]) ^ seed[3], 0x9e3779b97f4a7c15ull);
}

int dp_own6_set_create(void) {
    struct dp_own6_slot *set = dp_region(sizeof *set * DP_OWN6_ADDRESSES);
    dp_ctx->own6_spare = dp_region(sizeof *set * DP_OWN6_ADDRESSES);
    atomic_store(&dp_ctx->own6, set);
    return set && dp_ctx->own6_spare ? 0 : -1;
}

/** The slot that has the address, or the empty one where it would go; NULL in a full set. */
static struct dp_own6_slot *find(struct dp_own6_slot *set, const uint64_t *half, bool *there) {
    uint32_t slot = slot_of(half);
    for (uint32_t i = 0; i < DP_OWN6_ADDRESSES; i++) {
        struct dp_own6_slot *s = &set[(slot + i) & MASK];
        uint64_t a = atomic_load_explicit(&s->half[0], memory_order_relaxed);
        uint64_t b = atomic_load_explicit(&s->half[1], memory_order_relaxed);
        *there = a == half[0] && b == half[1] && (a | b);
        if (*there || (a | b) == 0)
            return s;
    }
    return NULL;
}

bool dp_own6_address(const uint8_t *address) {
    uint64_t half[2];
    bool there = false;
    memcpy(half, address, sizeof half);
    find(atomic_load_explicit(&dp_ctx->own6, memory_order_acquire), half, &there);
    return there;
}

int dp_own6_set_replace(const uint8_t *addresses, uint32_t n) {
    if (n > DP_OWN6_ADDRESSES / 2)
        return -1;
    dp_await_readers(dp_ctx->own6_seen);
    struct dp_own6_slot *set = dp_ctx->own6_spare;
    for (uint32_t i = 0; i < DP_OWN6_ADDRESSES; i++)
        for (int h = 0; h < 2; h++)
            atomic_store_explicit(&set[i].half[h], 0, memory_order_relaxed);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t half[2];
        bool there;
        memcpy(half, addresses + 16ull * i, sizeof half);
        struct dp_own6_slot *s = find(set, half, &there);
        for (int h = 0; s && h < 2; h++)
            atomic_store_explicit(&s->half[h], half[h], memory_order_relaxed);
    }
    dp_ctx->own6_spare = atomic_exchange_explicit(&dp_ctx->own6, set, memory_order_acq_rel);
    dp_note_readers(dp_ctx->own6_seen);
    return 0;
}
