// Two copies: readers use one while the writer fills the other, then they are swapped.
#include "kni_set.h"
#include "flow_table.h"
#include "memory.h"
#include <time.h>

static uint32_t slot_of(uint32_t address_be) {
    return (uint32_t)dp_mix(address_be ^ dp_ctx->hash_seed[2], dp_ctx->hash_seed[3] | 1);
}

int dp_kni_set_create(void) {
    _Atomic uint32_t *set = dp_region(4ull * DP_KNI_ADDRESSES);
    dp_ctx->kni_spare = dp_region(4ull * DP_KNI_ADDRESSES);
    atomic_store(&dp_ctx->kni_addresses, set);
    return set && dp_ctx->kni_spare ? 0 : -1;
}

bool dp_kni_address(uint32_t address_be) {
    const _Atomic uint32_t *set = atomic_load_explicit(&dp_ctx->kni_addresses, memory_order_acquire);
    uint32_t slot = slot_of(address_be);
    for (uint32_t i = 0; i < DP_KNI_ADDRESSES; i++) {
        uint32_t v = atomic_load_explicit(&set[(slot + i) & (DP_KNI_ADDRESSES - 1)], memory_order_relaxed);
        if (v == address_be)
            return v != 0;
        if (v == 0)
            return false;
    }
    return false;
}

void dp_await_readers(const uint64_t *seen) {
    for (uint32_t i = 0; i < dp_ctx->n_lcores; i++) {
        const struct dp_lcore *lc = dp_ctx->lcores[i];
        for (int tries = 0;
             tries < 1000 && atomic_load(&lc->running) && atomic_load(&lc->quiescent) == seen[i]; tries++) {
            struct timespec t = {0, 100000};
            nanosleep(&t, NULL);
        }
    }
}

void dp_note_readers(uint64_t *seen) {
    for (uint32_t i = 0; i < dp_ctx->n_lcores; i++)
        seen[i] = atomic_load(&dp_ctx->lcores[i]->quiescent);
}

int dp_kni_set_replace(const uint32_t *addresses, uint32_t n) {
    if (n > DP_KNI_ADDRESSES / 2)
        return -1;
    dp_await_readers(dp_ctx->kni_seen);
    _Atomic uint32_t *set = dp_ctx->kni_spare;
    for (uint32_t i = 0; i < DP_KNI_ADDRESSES; i++)
        atomic_store_explicit(&set[i], 0, memory_order_relaxed);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t address_be = __builtin_bswap32(addresses[i]), slot = slot_of(address_be);
        while (atomic_load_explicit(&set[slot & (DP_KNI_ADDRESSES - 1)], memory_order_relaxed))
            slot++;
        atomic_store_explicit(&set[slot & (DP_KNI_ADDRESSES - 1)], address_be, memory_order_relaxed);
    }
    dp_ctx->kni_spare = atomic_exchange_explicit(&dp_ctx->kni_addresses, set, memory_order_acq_rel);
    dp_note_readers(dp_ctx->kni_seen);
    return 0;
}
