// Buckets of eight tagged slots, chained; deferred reuse by quiescent states of the lcores.
#include "flow_table.h"
#include "memory.h"
#include <string.h>
#include <emmintrin.h>

static uint32_t pow2_above(uint32_t n) {
    uint32_t p = 64;
    while (p < n)
        p <<= 1;
    return p;
}

int dp_flow_table_create(void) {
    struct dp *d = dp_ctx;
    d->flow_capacity = d->config.flow_capacity;
    d->conn_capacity = d->config.conn_capacity;
    // Two slots an entry, so a chain is rare; an eighth of the buckets again for overflow.
    uint32_t n = pow2_above(d->flow_capacity / 4);
    d->bucket_mask = n - 1;
    d->overflow_capacity = n / 8;
    d->overflow_used = 0;
    d->buckets = dp_region(sizeof(struct dp_bucket) * ((uint64_t)n + d->overflow_capacity + 1));
    d->flows = dp_region(sizeof(struct dp_flow) * ((uint64_t)d->flow_capacity + 1));
    d->flows6 = dp_region(sizeof(struct dp_flow6) * ((uint64_t)d->flow_capacity + 1));
    d->conns = dp_region(sizeof(struct dp_conn) * ((uint64_t)d->conn_capacity + 1));
    d->flow_free = dp_region(4ull * d->flow_capacity);
    d->conn_free = dp_region(4ull * d->conn_capacity);
    d->grace = dp_region(sizeof(struct dp_grace));
    if (!d->buckets || !d->flows || !d->flows6 || !d->conns || !d->flow_free || !d->conn_free || !d->grace)
        return -1;
    struct dp_grace *g = d->grace;
    g->flows = dp_region(4ull * d->flow_capacity);
    g->next_flows = dp_region(4ull * d->flow_capacity);
    g->conns = dp_region(4ull * d->conn_capacity);
    g->next_conns = dp_region(4ull * d->conn_capacity);
    if (!g->flows || !g->next_flows || !g->conns || !g->next_conns)
        return -1;
    for (uint32_t i = 0; i < d->flow_capacity; i++)
        d->flow_free[i] = d->flow_capacity - i; // hand out low indexes first: fewer pages touched
    for (uint32_t i = 0; i < d->conn_capacity; i++)
        d->conn_free[i] = d->conn_capacity - i;
    d->flow_free_count = d->flow_capacity;
    d->conn_free_count = d->conn_capacity;
    return 0;
}

static inline struct dp_bucket *overflow_bucket(uint32_t next) {
    return &dp_ctx->buckets[dp_ctx->bucket_mask + next];
}

static inline uint32_t tag_mask(const struct dp_bucket *b, uint16_t tag) {
    __m128i tags = _mm_load_si128((const __m128i *)(const void *)b->tag);
    __m128i eq = _mm_cmpeq_epi16(tags, _mm_set1_epi16((short)tag));
    return (uint32_t)_mm_movemask_epi8(eq) & 0x5555; // one bit a slot, at twice its number
}

uint32_t dp_flow_candidate(const struct dp_bucket *bucket, uint16_t tag) {
    uint32_t mask = tag_mask(bucket, tag);
    while (mask) {
        uint32_t slot = (uint32_t)__builtin_ctz(mask) >> 1;
        uint32_t index = atomic_load_explicit(&bucket->index[slot], memory_order_acquire);
        if (index)
            return index;
        mask &= mask - 1;
    }
    return 0;
}

uint32_t dp_flow_find(const struct dp_key *key) {
    uint64_t hash = dp_hash(key);
    const struct dp_bucket *b = dp_bucket_of(hash);
    uint16_t tag = dp_tag(hash);
    for (;;) {
        uint32_t mask = tag_mask(b, tag);
        while (mask) {
            uint32_t slot = (uint32_t)__builtin_ctz(mask) >> 1;
            uint32_t index = atomic_load_explicit(&b->index[slot], memory_order_acquire);
            if (index && dp_flow_matches(index, key))
                return index;
            mask &= mask - 1;
        }
        uint32_t next = atomic_load_explicit(&b->next, memory_order_acquire);
        if (!next)
            return 0;
        b = overflow_bucket(next);
    }
}

uint32_t dp_flow_alloc(void) {
    struct dp *d = dp_ctx;
    if (d->flow_free_count == 0)
        return 0;
    d->flows_used++;
    return d->flow_free[--d->flow_free_count];
}

uint32_t dp_conn_alloc(void) {
    struct dp *d = dp_ctx;
    if (d->conn_free_count == 0)
        return 0;
    d->conns_used++;
    uint32_t index = d->conn_free[--d->conn_free_count];
    if (index > d->conn_high)
        d->conn_high = index;
    return index;
}

void dp_flow_release(uint32_t index) {
    dp_ctx->flow_free[dp_ctx->flow_free_count++] = index;
    dp_ctx->flows_used--;
}

void dp_conn_release(uint32_t index) {
    dp_ctx->conn_free[dp_ctx->conn_free_count++] = index;
    dp_ctx->conns_used--;
}

int dp_flow_insert(uint32_t index) {
    struct dp *d = dp_ctx;
    struct dp_key key = dp_flow_key(index);
    uint64_t hash = dp_hash(&key);
    struct dp_bucket *b = dp_bucket_of(hash);
    for (;;) {
        for (uint32_t slot = 0; slot < 8; slot++) {
            if (atomic_load_explicit(&b->index[slot], memory_order_relaxed) != 0)
                continue;
            b->tag[slot] = dp_tag(hash);
            // The entry and its tag must be visible before the index is.
            atomic_store_explicit(&b->index[slot], index, memory_order_release);
            return 0;
        }
        uint32_t next = atomic_load_explicit(&b->next, memory_order_relaxed);
        if (!next) {
            if (d->overflow_used == d->overflow_capacity)
                return -1;
            next = ++d->overflow_used;
            atomic_store_explicit(&b->next, next, memory_order_release);
        }
        b = overflow_bucket(next);
    }
}

bool dp_flow_unlink(uint32_t index) {
    struct dp_key key = dp_flow_key(index);
    uint64_t hash = dp_hash(&key);
    struct dp_bucket *b = dp_bucket_of(hash);
    for (;;) {
        for (uint32_t slot = 0; slot < 8; slot++) {
            if (atomic_load_explicit(&b->index[slot], memory_order_relaxed) == index) {
                atomic_store_explicit(&b->index[slot], 0, memory_order_release);
                return true;
            }
        }
        uint32_t next = atomic_load_explicit(&b->next, memory_order_relaxed);
        if (!next)
            return false;
        b = overflow_bucket(next);
    }
}

void dp_flow_retire(uint32_t index) {
    struct dp_grace *g = dp_ctx->grace;
    g->next_flows[g->next_flows_n++] = index;
}

void dp_conn_retire(uint32_t index) {
    struct dp_grace *g = dp_ctx->grace;
    g->next_conns[g->next_conns_n++] = index;
}

static bool grace_passed(const struct dp_grace *g) {
    for (uint32_t i = 0; i < dp_ctx->n_lcores; i++) {
        const struct dp_lcore *lc = dp_ctx->lcores[i];
        if (!atomic_load_explicit(&lc->running, memory_order_acquire))
            continue;
        if (atomic_load_explicit(&lc->quiescent, memory_order_acquire) == g->seen[i])
            return false;
    }
    return true;
}

static void grace_release(struct dp_grace *g) {
    struct dp *d = dp_ctx;
    memcpy(&d->flow_free[d->flow_free_count], g->flows, 4ull * g->n_flows);
    d->flow_free_count += g->n_flows;
    d->flows_used -= g->n_flows;
    memcpy(&d->conn_free[d->conn_free_count], g->conns, 4ull * g->n_conns);
    d->conn_free_count += g->n_conns;
    d->conns_used -= g->n_conns;
    g->n_flows = g->n_conns = 0;
}

void dp_grace_poll(void) {
    struct dp_grace *g = dp_ctx->grace;
    if (g->waiting) {
        if (!grace_passed(g))
            return;
        grace_release(g);
        g->waiting = false;
    }
    if (g->next_flows_n == 0 && g->next_conns_n == 0)
        return;
    uint32_t *flows = g->flows, *conns = g->conns;
    g->flows = g->next_flows, g->conns = g->next_conns;
    g->n_flows = g->next_flows_n, g->n_conns = g->next_conns_n;
    g->next_flows = flows, g->next_conns = conns;
    g->next_flows_n = g->next_conns_n = 0;
    // A loop that began after this point cannot see what was unlinked before it.
    for (uint32_t i = 0; i < dp_ctx->n_lcores; i++)
        g->seen[i] = atomic_load_explicit(&dp_ctx->lcores[i]->quiescent, memory_order_acquire);
    g->waiting = true;
}
