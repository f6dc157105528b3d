// Options live in 4-byte multiples behind the base header, so the region's sum before and after an edit gives
// the checksum's delta whatever the alignment of a single option.
#include "tcp_options.h"
#include "checksum.h"

#define TCP_BASE 20u
#define TCP_MAX_OPTIONS 40u

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

/** The options without padding to `out`; more than fits any header when one is malformed. */
static uint32_t without_padding(const uint8_t *o, uint32_t length, uint8_t *out) {
    uint32_t n = 0, step;
    for (uint32_t at = 0; at < length && o[at] != TCPOPT_EOL; at += step) {
        step = option_length(o + at, length - at);
        if (step == 0)
            return UINT32_MAX;
        if (o[at] == TCPOPT_NOP)
            continue;
        memcpy(out + n, o + at, step);
        n += step;
    }
    return n;
}

static void grow_ip(uint8_t *l3, int grown) {
    if (l3[0] >> 4 == 6) {
        struct ipv6_hdr *ip = (struct ipv6_hdr *)l3;
        ip->payload_length_be = be16((uint16_t)(be16(ip->payload_length_be) + grown));
        return;
    }
    struct ip4_hdr *ip = (struct ip4_hdr *)l3;
    uint16_t total_be = be16((uint16_t)(be16(ip->total_length_be) + grown));
    ip->checksum = dp_checksum_apply(ip->checksum, dp_fold(dp_delta16(ip->total_length_be, total_be)));
    ip->total_length_be = total_be;
}

static void grow_tcp(struct tcp_hdr *t, int grown, uint64_t delta) {
    uint16_t old_word, new_word;
    memcpy(&old_word, &t->offset, 2);
    t->offset = (uint8_t)(t->offset + grown / 4 * 16);
    memcpy(&new_word, &t->offset, 2);
    // The pseudo-header holds the segment's length; growth may be negative, which in ones' complement is the
    // complement.
    uint16_t by = be16((uint16_t)(grown < 0 ? -grown : grown));
    delta += dp_delta16(old_word, new_word) + (grown < 0 ? (uint16_t)~by : by);
    t->checksum = dp_checksum_apply(t->checksum, dp_fold(delta));
}

/** Moves the headers up to the options so that the region can change its size by `grown` bytes; the payload
 * stays in place. NULL without room in the buffer, or with more extension headers than are worth it. */
static uint8_t *resize(struct rte_mbuf *m, uint16_t l4, int grown) {
    uint8_t headers[160];
    uint32_t length = l4 + TCP_BASE;
    if (length > sizeof headers)
        return NULL;
    memcpy(headers, rte_pktmbuf_mtod(m, uint8_t *), length);
    char *start = grown >= 0 ? rte_pktmbuf_prepend(m, (uint16_t)grown) : rte_pktmbuf_adj(m, (uint16_t)-grown);
    if (start)
        memcpy(start, headers, length);
    return (uint8_t *)start;
}

bool dp_tcp_insert_toa(struct rte_mbuf *m, uint16_t l3, uint16_t l4, const uint8_t *address, uint16_t toa,
                       uint16_t port_be) {
    struct tcp_hdr *old = (struct tcp_hdr *)(rte_pktmbuf_mtod(m, uint8_t *) + l4);
    uint32_t old_length = options_length(old), new_length = toa + old_length;
    uint8_t region[DP_TOA6_LENGTH + TCP_MAX_OPTIONS] = {TCPOPT_TOA, (uint8_t)toa};
    memcpy(region + 2, &port_be, 2);
    memcpy(region + 4, address, toa - 4u);
    if (new_length <= TCP_MAX_OPTIONS) {
        memcpy(region + toa, options(old), old_length);
    } else {
        // A full header is often half padding; timestamps and SACK are never given up for it.
        uint32_t kept = without_padding(options(old), old_length, region + toa);
        if (kept > TCP_MAX_OPTIONS - toa)
            return false;
        new_length = toa + ((kept + 3) & ~3u);
        memset(region + toa + kept, TCPOPT_NOP, new_length - toa - kept);
    }
    uint16_t before = dp_fold(dp_sum(options(old), old_length));
    int grown = (int)new_length - (int)old_length;
    uint8_t *start = resize(m, l4, grown);
    if (!start)
        return false;
    struct tcp_hdr *t = (struct tcp_hdr *)(start + l4);
    memcpy(options(t), region, new_length);
    grow_ip(start + l3, grown);
    grow_tcp(t, grown, (uint64_t)(uint16_t)~before + dp_sum(region, new_length));
    return true;
}
