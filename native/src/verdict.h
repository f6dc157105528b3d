// How a parser says what becomes of a packet.
#ifndef DP_VERDICT_H
#define DP_VERDICT_H
#include "headers.h"
#include "parse.h"
#include "tcp_state.h"

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

/** The control thread may write them meanwhile: a frame that comes just then counts as another host's. */
static inline bool own_mac(const struct dp_port *port, const uint8_t *dst) {
    return same_mac(dst, port->mac) || same_mac(dst, port->previous_mac);
}

// The rest of a TCP segment's or UDP datagram's key, or why it is dropped. l4 and l4_length are set. Inline,
// as IPv4's parser is the fast path.
static inline void parse_tcp(struct dp_pkt *p, const uint8_t *frame) {
    if (p->l4_length < sizeof(struct tcp_hdr))
        return drop(p, DP_DROP_TCP_TRUNCATED);
    const struct tcp_hdr *t = (const struct tcp_hdr *)(frame + p->l4);
    uint32_t length = (uint32_t)(t->offset >> 4) * 4;
    if (length < sizeof *t || length > p->l4_length)
        return drop(p, DP_DROP_TCP_BAD_OFFSET);
    p->tcp_flags = t->flags;
    p->key.sport_be = t->sport_be;
    p->key.dport_be = t->dport_be;
    p->verdict = V_LOOKUP;
    p->reason = DP_PUNT_MISS;
    bool opens = (t->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN;
    p->cls = opens ? DP_CLASS_NEW : DP_CLASS_STRAY;
}

static inline void parse_udp(struct dp_pkt *p, const uint8_t *frame) {
    if (p->l4_length < sizeof(struct udp_hdr))
        return drop(p, DP_DROP_UDP_TRUNCATED);
    const struct udp_hdr *u = (const struct udp_hdr *)(frame + p->l4);
    uint16_t length = be16(u->length_be);
    if (length < sizeof *u || length > p->l4_length)
        return drop(p, DP_DROP_UDP_BAD_LENGTH);
    p->key.sport_be = u->sport_be;
    p->key.dport_be = u->dport_be;
    p->verdict = V_LOOKUP;
    p->reason = DP_PUNT_MISS;
    p->cls = DP_CLASS_NEW;
}

void dp_parse_ip6(struct dp_pkt *p, const struct dp_port *port, const uint8_t *frame, uint32_t length);
#endif
