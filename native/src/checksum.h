// Internet checksum arithmetic (RFC 1071, RFC 1624) on 16-bit words as they lie in memory: the sum is the
// same in either byte order.
#ifndef DP_CHECKSUM_H
#define DP_CHECKSUM_H
#include <stdint.h>
#include <string.h>

static inline uint16_t dp_fold(uint64_t sum) {
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

/** Sum of `length` bytes, not folded; `length` must be even. */
static inline uint64_t dp_sum(const void *data, uint32_t length) {
    const uint8_t *p = data;
    uint64_t sum = 0;
    for (; length >= 4; length -= 4, p += 4) {
        uint32_t w;
        memcpy(&w, p, 4);
        sum += w;
    }
    if (length) {
        uint16_t w;
        memcpy(&w, p, 2);
        sum += w;
    }
    return sum;
}

/** RFC 1624, equation 3: HC' = ~(~HC + delta), delta being the folded sum of ~old + new. */
static inline uint16_t dp_checksum_apply(uint16_t checksum, uint16_t delta) {
    return (uint16_t)~dp_fold((uint64_t)(uint16_t)~checksum + delta);
}

/** ~old + new for a 32-bit word. */
static inline uint64_t dp_delta32(uint32_t old, uint32_t new) {
    return (uint64_t)(uint32_t)~old + new;
}

static inline uint64_t dp_delta16(uint16_t old, uint16_t new) {
    return (uint64_t)(uint16_t)~old + new;
}
#endif
