// Rewrites by precomputed checksum deltas, TCP state and sequence numbers, client address option, next hop by
// index.
#include "execute.h"
#include "checksum.h"
#include "deliver.h"
#include "headers.h"
#include "tcp_options.h"
#include "tcp_state.h"
#include <emmintrin.h>

static inline struct dp_next_hop next_hop(uint32_t index) {
    union {
        __m128i v;
        struct dp_next_hop nh;
    } u;
    // volatile: the compiler may not take it apart or read it twice.
    u.v = *(const volatile __m128i *)(const void *)&dp_ctx->next_hops[index];
    return u.nh;
}

static inline void refuse(struct dp_pkt *p, enum dp_punt reason, enum dp_class cls) {
    p->verdict = V_UPCALL;
    p->reason = (uint8_t)reason;
    p->cls = (uint8_t)cls;
}

/** Both directions may be at it at once. Whoever makes a change counts it, so that the lcores' shares add up.
 */
static inline void next_state(struct dp_lcore *lc, struct dp_conn *c, uint32_t dest, uint8_t tcp_flags,
                              enum dp_tcp_seen seen) {
    uint8_t before = __atomic_load_n(&c->state, __ATOMIC_RELAXED), after;
    do {
        after = dp_tcp_next(before, tcp_flags, seen);
        if (after == before)
            return;
    } while (
        !__atomic_compare_exchange_n(&c->state, &before, after, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    // Active connections are the established ones; each lcore keeps its share of enters and leaves.
    lc->dests[dest].established += (after == TS_ES) - (before == TS_ES);
}

static inline void set_flag(struct dp_conn *c, uint8_t flag) {
    __atomic_fetch_or(&c->flags, flag, __ATOMIC_RELAXED);
}

static inline void clear_flags(struct dp_conn *c, uint8_t flags) {
    __atomic_fetch_and(&c->flags, (uint8_t)~flags, __ATOMIC_RELAXED);
}

static inline void shift32(void *word_be, uint32_t by, uint64_t *delta) {
    uint32_t old, new;
    memcpy(&old, word_be, 4);
    new = be32(be32(old) + by);
    memcpy(word_be, &new, 4);
    *delta += dp_delta32(old, new);
}

static inline bool is_ip6(const struct dp_flow *f) {
    return __builtin_expect(f->flags & DP_F_IP6, 0);
}

static inline uint16_t toa_length(const struct dp_flow *f) {
    return is_ip6(f) ? DP_TOA6_LENGTH : DP_TOA4_LENGTH;
}

/** Client → real server. Returns whether the segment should carry the client's address. */
static bool tcp_inbound(struct dp_lcore *lc, const struct dp_flow *f, struct dp_conn *c, struct dp_pkt *p,
                        struct tcp_hdr *t, uint64_t *delta) {
    bool has_options = t->offset >> 4 > 5;
    if (has_options && (f->flags & DP_F_TOA)) {
        int forged = dp_tcp_blank(t, TCPOPT_TOA);
        if (forged)
            lc->stats->event[DP_EVENT_TOA_FORGED] += (uint64_t)forged;
    }
    if (p->tcp_flags & TCP_SYN) {
        // The client's port is used again before the old connection timed out: a new server-side sequence is
        // to come.
        if (c->state != TS_NONE && c->state != TS_SR && c->state != TS_ES)
            clear_flags(c, DP_C_TOA_DONE | DP_C_RS_SEQ | DP_C_RESET);
        // Clients behind one local address have unrelated clocks: the server's PAWS and TIME_WAIT reuse must
        // not compare them.
        if (has_options && (f->flags & DP_F_NO_TS))
            dp_tcp_blank(t, TCPOPT_TIMESTAMP);
    }
    bool toa = false;
    if ((f->flags & DP_F_TOA) && !(c->flags & DP_C_TOA_DONE) && (c->flags & DP_C_RS_SEQ) &&
        !(p->tcp_flags & (TCP_SYN | TCP_RST))) {
        if ((p->tcp_flags & TCP_ACK) && be32(t->ack_be) == c->rs_isn_next)
            toa = true;
        else
            set_flag(c, DP_C_TOA_DONE);
    }
    if (f->flags & DP_F_SEQ)
        shift32(&t->seq_be, c->seq_delta, delta);
    return toa;
}

/** Real server → client. */
static void tcp_outbound(const struct dp_flow *f, struct dp_conn *c, struct dp_pkt *p, struct tcp_hdr *t,
                         uint64_t *delta) {
    uint32_t header = (uint32_t)(t->offset >> 4) * 4;
    if (p->tcp_flags & TCP_SYN) {
        c->rs_isn_next = c->rs_snd_nxt = be32(t->seq_be) + 1;
        set_flag(c, DP_C_RS_SEQ);
        if (f->flags & DP_F_MSS)
            dp_tcp_lower_mss(t, toa_length(f));
    }
    if (!(p->tcp_flags & TCP_RST)) {
        uint32_t phantom = ((p->tcp_flags & TCP_SYN) != 0) + ((p->tcp_flags & TCP_FIN) != 0);
        uint32_t next = be32(t->seq_be) + p->l4_length - header + phantom;
        // Only forwards: a retransmission or a keepalive (one byte back) is not where the peer expects a
        // reset.
        if ((int32_t)(next - c->rs_snd_nxt) > 0)
            c->rs_snd_nxt = next;
        if (p->tcp_flags & TCP_ACK)
            c->rs_rcv_nxt = be32(t->ack_be);
    }
    if ((f->flags & DP_F_SEQ) && (p->tcp_flags & TCP_ACK)) {
        shift32(&t->ack_be, 0 - c->seq_delta, delta);
        if (header > sizeof *t)
            dp_tcp_shift_sack(t, c->seq_delta);
    }
}

static inline void lower_ttl4(struct ip4_hdr *ip) {
    uint16_t old, new;
    memcpy(&old, &ip->ttl, 2);
    ip->ttl--;
    memcpy(&new, &ip->ttl, 2);
    ip->checksum = dp_checksum_apply(ip->checksum, dp_fold(dp_delta16(old, new)));
}

static void rewrite4(const struct dp_flow *f, struct ip4_hdr *ip) {
    ip->src_be = f->new_src4_be;
    ip->dst_be = f->new_dst4_be;
    ip->checksum = dp_checksum_apply(ip->checksum, f->l3_delta);
    if (f->flags & DP_F_TTL)
        lower_ttl4(ip);
}

/** No checksum of its own; the hop limit is in no other. */
static __attribute__((noinline)) void rewrite6(uint32_t flow, const struct dp_flow *f, struct ipv6_hdr *ip) {
    memcpy(ip->src, &f->new_src4_be, 8);
    memcpy(ip->src + 8, dp_ctx->flows6[flow].new_addr6_rest, 24);
    if (f->flags & DP_F_TTL)
        ip->hop_limit--;
}

static inline void rewrite_udp(const struct dp_flow *f, struct udp_hdr *u) {
    u->sport_be = f->new_sport_be;
    u->dport_be = f->new_dport_be;
    // 0 is "no checksum" (RFC 768) and stays so; a computed 0 is sent as all ones.
    if (u->checksum != 0) {
        u->checksum = dp_checksum_apply(u->checksum, f->l4_delta);
        if (u->checksum == 0)
            u->checksum = 0xffff;
    }
}

static void count(struct dp_lcore *lc, const struct dp_flow *f, uint32_t bytes) {
    struct dp_dest_stats *s = &lc->dests[f->dest];
    if (f->flags & DP_F_OUT) {
        s->out_pkts++;
        s->out_bytes += bytes;
    } else {
        s->in_pkts++;
        s->in_bytes += bytes;
    }
}

/** Of protocols without a state of their own: has the other side answered? */
static inline void note_way(const struct dp_flow *f, struct dp_conn *c) {
    uint16_t way = f->flags & (DP_F_OUT | DP_F_SNAT);
    // Out of FullNAT, in of SNAT.
    if (way == DP_F_OUT || way == DP_F_SNAT)
        c->state = US_NORMAL;
    else if (c->state == US_NONE)
        c->state = US_ONEWAY;
}

/** An echo: the identifier stands for a port, and no address is in the checksum (RFC 792). */
static __attribute__((noinline)) void execute_icmp(const struct dp_flow *f, struct dp_conn *c, uint8_t *l4) {
    uint16_t checksum;
    note_way(f, c);
    memcpy(&checksum, l4 + 2, 2);
    checksum = dp_checksum_apply(checksum, f->l4_delta);
    memcpy(l4 + 2, &checksum, 2);
    memcpy(l4 + 4, &f->new_sport_be, 2);
}

static void execute_udp(struct dp_lcore *lc, const struct dp_flow *f, struct dp_conn *c, uint8_t *l4) {
    (void)lc;
    note_way(f, c);
    if (f->flags & DP_F_NAT)
        rewrite_udp(f, (struct udp_hdr *)l4);
}

/** What a health check that sends nothing itself goes by. A reset after the server's SYN is a client's or an
 * application's affair. */
static void note_answer(struct dp_dest_stats *s, const struct dp_conn *c, uint8_t tcp_flags) {
    if (tcp_flags & TCP_SYN)
        s->accepted++;
    else if (!(c->flags & DP_C_RS_SEQ))
        s->refused++;
}

/** Everything TCP except the insertion of the address option, which moves the headers. */
static bool execute_tcp(struct dp_lcore *lc, const struct dp_flow *f, struct dp_conn *c, struct dp_pkt *p,
                        uint8_t *l4) {
    struct tcp_hdr *t = (struct tcp_hdr *)l4;
    uint64_t delta = 0;
    bool out = f->flags & DP_F_OUT, toa = false;
    if (out && (p->tcp_flags & (TCP_SYN | TCP_RST)))
        note_answer(&lc->dests[f->dest], c, p->tcp_flags);
    if (out)
        tcp_outbound(f, c, p, t, &delta);
    else
        toa = tcp_inbound(lc, f, c, p, t, &delta);
    next_state(lc, c, f->dest, p->tcp_flags, out ? DP_TCP_FROM_SERVER : DP_TCP_FROM_CLIENT);
    if (f->flags & DP_F_NAT) {
        t->sport_be = f->new_sport_be;
        t->dport_be = f->new_dport_be;
        delta += f->l4_delta;
    }
    t->checksum = dp_checksum_apply(t->checksum, dp_fold(delta));
    return toa;
}

static bool used_up(const struct dp_pkt *p, const struct dp_flow *f) {
    uint32_t at = is_ip6(f) ? offsetof(struct ipv6_hdr, hop_limit) : offsetof(struct ip4_hdr, ttl);
    return *rte_pktmbuf_mtod_offset(p->m, uint8_t *, p->l3 + at) <= 1;
}

/** Puts the client's address into the segment, where there is room for it. Seldom: out of the hot path. */
static __attribute__((noinline)) void add_toa(struct dp_lcore *lc, const struct dp_pkt *p,
                                              const struct dp_flow *f, uint32_t ip_bytes) {
    // Of an IPv6 key the address is not in one piece.
    uint8_t address[16];
    memcpy(address, &f->key.src4_be, 8);
    if (is_ip6(f))
        memcpy(address + 8, dp_ctx->flows6[p->flow].key_rest, 8);
    uint16_t length = toa_length(f);
    if (ip_bytes + length > f->mtu)
        DP_COUNT(lc, event, DP_EVENT_TOA_OVER_MTU);
    else if (!dp_tcp_insert_toa(p->m, p->l3, p->l4, address, length, f->key.sport_be))
        DP_COUNT(lc, event, DP_EVENT_TOA_NO_ROOM);
    else
        DP_COUNT(lc, event, DP_EVENT_TOA_ADDED);
}

/** Is there a MAC, life left, and room for it on the way? Else it is an upcall. */
static inline bool may_leave(struct dp_pkt *p, const struct dp_flow *f, const struct dp_next_hop *nh,
                             uint32_t ip_bytes) {
    if (__builtin_expect(nh->state != NH_RESOLVED, 0)) {
        refuse(p, DP_PUNT_NO_NEXT_HOP, p->cls);
        return false;
    }
    if ((f->flags & DP_F_TTL) && used_up(p, f)) {
        refuse(p, DP_PUNT_TTL, DP_CLASS_LOCAL);
        return false;
    }
    if (__builtin_expect(ip_bytes > f->mtu, 0)) {
        refuse(p, DP_PUNT_TOO_BIG, DP_CLASS_LOCAL);
        return false;
    }
    return true;
}

/** DR: to another station, and nothing of IP changes but, where asked for, the TTL. Apart, so that FullNAT
 * does not pay for it. */
static __attribute__((noinline)) bool execute_dr(struct dp_lcore *lc, struct dp_pkt *p,
                                                 const struct dp_flow *f, uint16_t *out_port) {
    struct dp_conn *c = &dp_ctx->conns[f->conn];
    struct dp_next_hop nh = next_hop(f->next_hop);
    uint32_t ip_bytes = p->m->data_len - p->l3;
    if (!may_leave(p, f, &nh, ip_bytes))
        return false;
    uint8_t *frame = rte_pktmbuf_mtod(p->m, uint8_t *);
    c->last_seen_ms = lc->now_ms;
    c->lcore = (uint8_t)lc->id;
    if (p->proto == PROTO_TCP)
        next_state(lc, c, f->dest, p->tcp_flags, DP_TCP_CLIENT_ONLY);
    else
        execute_udp(lc, f, c, frame + p->l4);
    if (f->flags & DP_F_TTL) {
        if (is_ip6(f))
            ((struct ipv6_hdr *)(frame + p->l3))->hop_limit--;
        else
            lower_ttl4((struct ip4_hdr *)(frame + p->l3));
    }
    count(lc, f, ip_bytes);
    memcpy(frame, nh.dst_mac, 12);
    *out_port = nh.port;
    return true;
}

/** What FullNAT has nothing to do with. */
static __attribute__((noinline)) bool execute_other(struct dp_lcore *lc, struct dp_pkt *p,
                                                    const struct dp_flow *f, uint16_t *out_port) {
    if (f->flags & DP_F_REWRITE_L2)
        return execute_dr(lc, p, f, out_port);
    p->verdict = f->flags & DP_F_DROP ? V_DROP : V_KNI;
    p->reason = f->flags & DP_F_DROP ? DP_DROP_POLICY : DP_PUNT_KNI_HOST;
    return false;
}

bool dp_execute(struct dp_lcore *lc, struct dp_pkt *p, uint16_t *out_port) {
    const struct dp_flow *f = &dp_ctx->flows[p->flow];
    struct dp_conn *c = &dp_ctx->conns[f->conn];
    if (__builtin_expect(f->flags & (DP_F_DROP | DP_F_KNI | DP_F_REWRITE_L2), 0))
        return execute_other(lc, p, f, out_port);
    struct dp_next_hop nh = next_hop(f->next_hop);
    struct rte_mbuf *m = p->m;
    uint32_t ip_bytes = m->data_len - p->l3;
    if (!may_leave(p, f, &nh, ip_bytes))
        return false;
    uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
    // The router may have been replaced, or have another link to us, with the MAC it has on all of them. The
    // packet itself is fine, so it goes on when the slow path is busy.
    if ((f->flags & DP_F_RETURN) &&
        __builtin_expect(p->port != f->return_port || memcmp(frame + 6, f->return_mac, 6) != 0, 0) &&
        p->rounds == 0 && dp_may_upcall(lc, DP_CLASS_STRAY)) {
        refuse(p, DP_PUNT_PATH_CHANGED, DP_CLASS_STRAY);
        return false;
    }
    c->last_seen_ms = lc->now_ms;
    c->lcore = (uint8_t)lc->id;
    bool toa = false;
    if (p->proto == PROTO_TCP)
        toa = execute_tcp(lc, f, c, p, frame + p->l4);
    else if (__builtin_expect(p->proto == PROTO_UDP, 1))
        execute_udp(lc, f, c, frame + p->l4);
    else
        execute_icmp(f, c, frame + p->l4);
    uint16_t rewrite = f->flags & (DP_F_NAT | DP_F_IP6);
    if (__builtin_expect(rewrite == DP_F_NAT, 1))
        rewrite4(f, (struct ip4_hdr *)(frame + p->l3));
    else if (rewrite & DP_F_NAT)
        rewrite6(p->flow, f, (struct ipv6_hdr *)(frame + p->l3));
    count(lc, f, ip_bytes);
    if (toa) {
        add_toa(lc, p, f, ip_bytes);
        frame = rte_pktmbuf_mtod(m, uint8_t *);
    }
    memcpy(frame, nh.dst_mac, 12); // destination and source lie together in the next hop as on the wire
    *out_port = nh.port;
    return true;
}
