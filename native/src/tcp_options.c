// Options live in 4-byte multiples behind the base header, so the region's sum before and after an edit gives
// the checksum's delta whatever the alignment of a single option.
#include "tcp_options.h"
#include "checksum.h"

#define TCP_BASE 20u

static inline uint8_t *options(struct tcp_hdr *t) {
    return (uint8_t *)t + TCP_BASE;
}
static inline uint32_t options_length(const struct tcp_hdr *t) {
    return (t->offset >> 4) * 4u - TCP_BASE;
}

/** Steps over one option: its length, or 0 at the end or when it is malformed. */
static inline uint32_t option_length(const uint8_t *o, uint32_t left) {
    if (o[0] == TCPOPT_EOL)
        return 0;
    if (o[0] == TCPOPT_NOP)
        return 1;
    if (left < 2 || o[1] < 2 || o[1] > left)
        return 0;
    return o[1];
}

static inline void apply(struct tcp_hdr *t, uint64_t before) {
    uint64_t after = dp_sum(options(t), options_length(t));
    t->checksum =
        dp_checksum_apply(t->checksum, dp_fold((uint64_t)(uint16_t)~dp_fold(before) + dp_fold(after)));
}

int dp_tcp_blank(struct tcp_hdr *t, uint8_t kind) {
    uint32_t length = options_length(t), step;
    uint8_t *o = options(t);
    uint64_t before = dp_sum(o, length);
    int n = 0;
    for (uint32_t at = 0; at < length; at += step) {
        step = option_length(o + at, length - at);
        if (step == 0) {
            // A malformed option of this kind may be read more generously at the other end: blank what is
            // left.
            if (o[at] == kind) {
                memset(o + at, TCPOPT_NOP, length - at);
                n++;
            }
            break;
        }
        if (o[at] == kind) {
            memset(o + at, TCPOPT_NOP, step);
            n++;
        }
    }
    if (n)
        apply(t, before);
    return n;
}

void dp_tcp_lower_mss(struct tcp_hdr *t, uint16_t by) {
    uint32_t length = options_length(t), step;
    uint8_t *o = options(t);
    for (uint32_t at = 0; at < length; at += step) {
        step = option_length(o + at, length - at);
        if (step == 0)
            return;
        if (o[at] != TCPOPT_MSS || step != 4)
            continue;
        uint16_t mss = (uint16_t)(o[at + 2] << 8 | o[at + 3]);
        if (mss <= by)
            return;
        uint64_t before = dp_sum(o, length);
        mss = (uint16_t)(mss - by);
        o[at + 2] = (uint8_t)(mss >> 8);
        o[at + 3] = (uint8_t)mss;
        return apply(t, before);
    }
}

void dp_tcp_shift_sack(struct tcp_hdr *t, uint32_t delta) {
    uint32_t length = options_length(t), step;
    uint8_t *o = options(t);
    uint64_t before = dp_sum(o, length);
    bool changed = false;
    for (uint32_t at = 0; at < length; at += step) {
        step = option_length(o + at, length - at);
        if (step == 0)
            break;
        if (o[at] != TCPOPT_SACK || (step - 2) % 8 != 0)
            continue;
        for (uint32_t edge = at + 2; edge + 4 <= at + step; edge += 4) {
            uint32_t v;
            memcpy(&v, o + edge, 4);
            v = be32(be32(v) - delta);
            memcpy(o + edge, &v, 4);
        }
        changed = true;
    }
    if (changed)
        apply(t, before);
}

bool dp_tcp_insert_toa(struct rte_mbuf *m, uint16_t l3, uint16_t l4, uint32_t addr_be, uint16_t port_be) {
    uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
    struct tcp_hdr *old = (struct tcp_hdr *)(frame + l4);
    if ((old->offset >> 4) + DP_TOA4_LENGTH / 4 > 15)
        return false;
    uint8_t *start = (uint8_t *)rte_pktmbuf_prepend(m, DP_TOA4_LENGTH);
    if (!start)
        return false;
    memmove(start, frame, l4 + TCP_BASE);
    struct ip4_hdr *ip = (struct ip4_hdr *)(start + l3);
    struct tcp_hdr *t = (struct tcp_hdr *)(start + l4);
    uint8_t toa[DP_TOA4_LENGTH] = {TCPOPT_TOA, DP_TOA4_LENGTH};
    memcpy(toa + 2, &port_be, 2);
    memcpy(toa + 4, &addr_be, 4);
    memcpy(options(t), toa, sizeof toa);

    uint16_t total = be16(ip->total_length_be);
    uint16_t new_total_be = be16((uint16_t)(total + DP_TOA4_LENGTH));
    ip->checksum = dp_checksum_apply(ip->checksum, dp_fold(dp_delta16(ip->total_length_be, new_total_be)));
    ip->total_length_be = new_total_be;

    // The pseudo-header's length grows by the option, the offset by two words; payload words keep their
    // parity.
    uint16_t old_word, new_word;
    memcpy(&old_word, &t->offset, 2);
    t->offset = (uint8_t)(t->offset + ((DP_TOA4_LENGTH / 4) << 4));
    memcpy(&new_word, &t->offset, 2);
    uint64_t delta = dp_sum(toa, sizeof toa) + dp_delta16(old_word, new_word) + be16(DP_TOA4_LENGTH);
    t->checksum = dp_checksum_apply(t->checksum, dp_fold(delta));
    return true;
}
