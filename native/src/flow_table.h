// The flow table: exact match, one writer (the slow path), any number of lock-free readers (lcores).
#ifndef DP_FLOW_TABLE_H
#define DP_FLOW_TABLE_H
#include "dp.h"

/** Indexes that were unlinked since the last swap, and those before it, which wait for the lcores. */
struct dp_retired {
    uint32_t *next, *waiting;
    uint32_t n_next, n_waiting;
};

/** Objects that were unlinked and wait until no lcore can still hold them. */
struct dp_grace {
    uint64_t seen[DP_MAX_LCORES];
    struct dp_retired flows, conns, buckets;
    bool waiting;
};

static inline uint64_t dp_mix(uint64_t a, uint64_t b) {
    unsigned __int128 r = (unsigned __int128)a * b;
    return (uint64_t)r ^ (uint64_t)(r >> 64);
}

/**
 * Keyed, so that a client cannot choose tuples that fall into one bucket. Two rounds: one multiplication by a
 * seed that happens to have low zero bits would put consecutive addresses into few buckets.
 */
static inline uint64_t dp_hash(const struct dp_key *k) {
    const uint64_t *s = dp_ctx->hash_seed;
    uint64_t h = dp_mix(k->w[0] ^ s[0], k->w[1] ^ s[1]);
    if (__builtin_expect(k->family == 6, 0))
        h = dp_mix(h ^ k->w[2], s[2] ^ k->w[3]) ^ dp_mix(k->w[4] ^ s[3], h | 1);
    return dp_mix(h ^ s[2], 0x9e3779b97f4a7c15ull);
}

static inline bool dp_flow_matches(uint32_t index, const struct dp_key *k) {
    const struct dp_flow *f = &dp_ctx->flows[index];
    if (f->w[0] != k->w[0] || f->w[1] != k->w[1])
        return false;
    // The family is in word 0: equal so far and IPv4 means equal.
    return k->family == 4 || memcmp(dp_ctx->flows6[index].key_rest, &k->w[2], 24) == 0;
}

/** The entry's whole key. */
static inline struct dp_key dp_flow_key(uint32_t index) {
    const struct dp_flow *f = &dp_ctx->flows[index];
    struct dp_key k = {.w = {f->w[0], f->w[1]}};
    if (k.family == 6)
        memcpy(&k.w[2], dp_ctx->flows6[index].key_rest, 24);
    return k;
}

static inline uint16_t dp_tag(uint64_t hash) {
    return (uint16_t)(hash >> 48);
}

static inline struct dp_bucket *dp_bucket_of(uint64_t hash) {
    return &dp_ctx->buckets[(uint32_t)hash & dp_ctx->bucket_mask];
}

int dp_flow_table_create(void);
/** Index of the entry, or 0. Callable from any thread. */
uint32_t dp_flow_find(const struct dp_key *key);
/** Candidates of the first bucket whose tag matches, to prefetch; the full comparison comes later. */
uint32_t dp_flow_candidate(const struct dp_bucket *bucket, uint16_t tag);

// Writer only:
uint32_t dp_flow_alloc(void);
uint32_t dp_conn_alloc(void);
/** Gives back what was never linked. */
void dp_flow_release(uint32_t index);
void dp_conn_release(uint32_t index);
/** Links a filled entry. 0, or -1 when every slot of its bucket is taken and no overflow bucket is left. */
int dp_flow_insert(uint32_t index);
bool dp_flow_unlink(uint32_t index);
void dp_flow_retire(uint32_t index);
void dp_conn_retire(uint32_t index);
/** Returns to the free lists what no lcore can hold any more. */
void dp_grace_poll(void);
#endif
