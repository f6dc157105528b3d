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

/** Indexes 1 … n, low ones to be handed out first: fewer pages touched. NULL without memory. */
static uint32_t *free_list(uint32_t n) {
    uint32_t *list = dp_region(4ull * n);
    for (uint32_t i = 0; list && i < n; i++)
        list[i] = n - i;
    return list;
}

static bool retired_create(struct dp_retired *r, uint32_t n) {
    r->next = dp_region(4ull * n);
    r->waiting = dp_region(4ull * n);
    return r->next && r->waiting;
}

int dp_flow_table_create(void) {
    struct dp *d = dp_ctx;
    d->flow_free_count = d->flow_capacity = d->config.flow_capacity;
    d->conn_free_count = d->conn_capacity = d->config.conn_capacity;
    // Two slots an entry, so a chain is rare; an eighth of the buckets again for overflow.
    uint32_t n = pow2_above(d->flow_capacity / 4);
    d->bucket_mask = n - 1;
    d->overflow_free_count = d->overflow_capacity = n / 8;
    d->buckets = dp_region(sizeof(struct dp_bucket) * ((uint64_t)n + d->overflow_capacity + 1));
    d->flows = dp_region(sizeof(struct dp_flow) * ((uint64_t)d->flow_capacity + 1));
    d->flows6 = dp_region(sizeof(struct dp_flow6) * ((uint64_t)d->flow_capacity + 1));
    d->conns = dp_region(sizeof(struct dp_conn) * ((uint64_t)d->conn_capacity + 1));
    d->flow_free = free_list(d->flow_capacity);
    d->conn_free = free_list(d->conn_capacity);
    d->overflow_free = free_list(d->overflow_capacity);
    d->grace = dp_region(sizeof(struct dp_grace));
    if (!d->buckets || !d->flows || !d->flows6 || !d->conns || !d->flow_free || !d->conn_free ||
        !d->overflow_free || !d->grace)
        return -1;
    struct dp_grace *g = d->grace;
    return retired_create(&g->flows, d->flow_capacity) && retired_create(&g->conns, d->conn_capacity) &&
                   retired_create(&g->buckets, d->overflow_capacity)
               ? 0
               : -1;
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

static void put(struct dp_bucket *b, uint32_t slot, uint16_t tag, uint32_t index) {
    b->tag[slot] = tag;
    // The entry and its tag must be visible before the index is.
    atomic_store_explicit(&b->index[slot], index, memory_order_release);
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
            put(b, slot, dp_tag(hash), index);
            return 0;
        }
        uint32_t next = atomic_load_explicit(&b->next, memory_order_relaxed);
        if (!next)
            break;
        b = overflow_bucket(next);
    }
    if (d->overflow_free_count == 0)
        return -1;
    uint32_t fresh = d->overflow_free[--d->overflow_free_count];
    atomic_store_explicit(&overflow_bucket(fresh)->next, 0, memory_order_relaxed);
    put(overflow_bucket(fresh), 0, dp_tag(hash), index);
    atomic_store_explicit(&b->next, fresh, memory_order_release);
    return 0;
}

static bool empty(const struct dp_bucket *b) {
    for (uint32_t slot = 0; slot < 8; slot++)
        if (atomic_load_explicit(&b->index[slot], memory_order_relaxed) != 0)
            return false;
    return true;
}

static void retire(struct dp_retired *r, uint32_t index) {
    r->next[r->n_next++] = index;
}

bool dp_flow_unlink(uint32_t index) {
    struct dp_key key = dp_flow_key(index);
    uint64_t hash = dp_hash(&key);
    struct dp_bucket *b = dp_bucket_of(hash), *before = NULL;
    uint32_t at = 0;
    for (;;) {
        uint32_t next = atomic_load_explicit(&b->next, memory_order_relaxed);
        for (uint32_t slot = 0; slot < 8; slot++) {
            if (atomic_load_explicit(&b->index[slot], memory_order_relaxed) != index)
                continue;
            atomic_store_explicit(&b->index[slot], 0, memory_order_release);
            // Every bucket overflows at some time: those that kept theirs would in the end have them all. A
            // reader that is in it goes on by its `next`, which stays as it is until no reader is left.
            if (before && empty(b)) {
                atomic_store_explicit(&before->next, next, memory_order_release);
                retire(&dp_ctx->grace->buckets, at);
            }
            return true;
        }
        if (!next)
            return false;
        before = b;
        at = next;
        b = overflow_bucket(next);
    }
}

void dp_flow_retire(uint32_t index) {
    retire(&dp_ctx->grace->flows, index);
}

void dp_conn_retire(uint32_t index) {
    retire(&dp_ctx->grace->conns, index);
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

/** Returns how many indexes became free. */
static uint32_t release(struct dp_retired *r, uint32_t *list, uint32_t *count) {
    uint32_t n = r->n_waiting;
    memcpy(&list[*count], r->waiting, 4ull * n);
    *count += n;
    r->n_waiting = 0;
    return n;
}

static void swap(struct dp_retired *r) {
    uint32_t *waiting = r->waiting;
    r->waiting = r->next, r->n_waiting = r->n_next;
    r->next = waiting, r->n_next = 0;
}

void dp_grace_poll(void) {
    struct dp *d = dp_ctx;
    struct dp_grace *g = d->grace;
    if (g->waiting) {
        if (!grace_passed(g))
            return;
        d->flows_used -= release(&g->flows, d->flow_free, &d->flow_free_count);
        d->conns_used -= release(&g->conns, d->conn_free, &d->conn_free_count);
        release(&g->buckets, d->overflow_free, &d->overflow_free_count);
        g->waiting = false;
    }
    if (g->flows.n_next == 0 && g->conns.n_next == 0)
        return;
    swap(&g->flows);
    swap(&g->conns);
    swap(&g->buckets);
    // What was unlinked must be seen by a loop that begins after its count is read: without the fence the
    // stores could still be in this CPU's buffer.
    atomic_thread_fence(memory_order_seq_cst);
    for (uint32_t i = 0; i < d->n_lcores; i++)
        g->seen[i] = atomic_load_explicit(&d->lcores[i]->quiescent, memory_order_acquire);
    g->waiting = true;
}
