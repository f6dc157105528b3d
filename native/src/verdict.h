// How a parser says what becomes of a packet.
#ifndef DP_VERDICT_H
#define DP_VERDICT_H
#include "parse.h"

static inline void drop(struct dp_pkt *p, enum dp_drop reason) {
    p->verdict = V_DROP;
    p->reason = (uint8_t)reason;
}

static inline void kni(struct dp_pkt *p, enum dp_punt reason, bool urgent) {
    p->verdict = V_KNI;
    p->reason = (uint8_t)reason;
    p->urgent = urgent;
}

static inline void upcall(struct dp_pkt *p, enum dp_punt reason, enum dp_class cls) {
    p->verdict = V_UPCALL;
    p->reason = (uint8_t)reason;
    p->cls = (uint8_t)cls;
}

static inline bool group_mac(const uint8_t *mac) {
    return mac[0] & 1;
}

static inline bool same_mac(const uint8_t *a, const uint8_t *b) {
    return memcmp(a, b, 6) == 0;
}

/** The rest of a TCP segment's or UDP datagram's key, or why it is dropped. l4 and l4_length are set. */
void dp_parse_tcp(struct dp_pkt *p, const uint8_t *frame);
void dp_parse_udp(struct dp_pkt *p, const uint8_t *frame);
void dp_parse_ip6(struct dp_pkt *p, const struct dp_port *port, const uint8_t *frame, uint32_t length);
#endif
