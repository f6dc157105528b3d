// The border to TypeScript: batches in shared memory, one call a burst.
#include "slow_path.h"
#include "checksum.h"
#include "deliver.h"
#include "flow_table.h"
#include "headers.h"
#include "lcore.h"
#include "tcp_state.h"
#include <poll.h>
#include <rte_cycles.h>
#include <unistd.h>
#include <emmintrin.h>

static struct dp_lcore *self(void) {
    return dp_ctx->lcores[dp_ctx->n_lcores];
}

static int queued(void) {
    for (int c = 0; c < DP_CLASSES; c++)
        if (!rte_ring_empty(dp_ctx->upcall[c]))
            return 1;
    return 0;
}

int dp_wait(int timeout_ms) {
    dp_grace_poll();
    atomic_store(&dp_ctx->slow_path_sleeping, 1);
    // Looked at again after the flag is up, or a packet queued in between would wait for the timeout.
    if (!queued()) {
        struct pollfd fd = {.fd = dp_ctx->doorbell, .events = POLLIN};
        poll(&fd, 1, timeout_ms);
    }
    atomic_store(&dp_ctx->slow_path_sleeping, 0);
    uint64_t count;
    ssize_t ignored = read(dp_ctx->doorbell, &count, sizeof count);
    (void)ignored;
    return queued();
}

void dp_kick(void) {
    uint64_t one = 1;
    ssize_t ignored = write(dp_ctx->doorbell, &one, sizeof one);
    (void)ignored;
}

/** As in the key of an echo; other types have neither. */
static void describe_icmp(const uint8_t *icmp, struct dp_upcall *u) {
    uint16_t what = (uint16_t)(icmp[0] << 8 | icmp[1]);
    if (what != DP_ICMP_REQUEST && what != DP_ICMP_REPLY)
        return;
    u->sport = (uint16_t)(icmp[4] << 8 | icmp[5]);
    u->dport = what;
}

static void describe(struct rte_mbuf *m, struct dp_upcall *u) {
    const struct dp_meta *meta = dp_meta(m);
    const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
    memset(u, 0, sizeof *u);
    u->handle = dp_handle(m);
    u->data = (uint32_t)(frame - dp_ctx->pool_base);
    u->length = m->data_len;
    u->port = meta->port;
    u->cls = meta->cls;
    u->reason = meta->reason;
    u->l3 = meta->l3;
    u->l4 = meta->l4;
    u->proto = meta->proto;
    u->tcp_flags = meta->tcp_flags;
    u->lcore = meta->lcore;
    u->rounds = meta->rounds;
    u->flow = meta->flow;
    if (meta->reason == DP_PUNT_ARP)
        return;
    u->family = ((const struct eth_hdr *)frame)->type_be == be16(ETH_IP6) ? 6 : 4;
    if (u->family == 4) {
        const struct ip4_hdr *ip = (const struct ip4_hdr *)(frame + meta->l3);
        u->src4 = be32(ip->src_be);
        u->dst4 = be32(ip->dst_be);
    }
    if (meta->reason == DP_PUNT_FRAGMENT)
        return;
    if (meta->proto == PROTO_ICMP && u->family == 4)
        return describe_icmp(frame + meta->l4, u);
    if (meta->proto != PROTO_TCP && meta->proto != PROTO_UDP)
        return;
    const struct tcp_hdr *t = (const struct tcp_hdr *)(frame + meta->l4);
    u->sport = be16(t->sport_be);
    u->dport = be16(t->dport_be);
    if (meta->proto == PROTO_TCP) {
        u->seq = be32(t->seq_be);
        u->ack = be32(t->ack_be);
    }
}

uint32_t dp_upcall_burst(uint32_t max) {
    struct rte_mbuf *m[DP_UPCALL_BATCH];
    uint32_t n = 0;
    if (max > DP_UPCALL_BATCH)
        max = DP_UPCALL_BATCH;
    // An eighth is left to the last class: it would wait as long as a flood of new connections lasts, and
    // there are packets of established connections in it.
    uint32_t left = RTE_MIN(rte_ring_count(dp_ctx->upcall[DP_CLASSES - 1]), max / 8);
    for (int c = 0; c < DP_CLASSES; c++) {
        uint32_t room = max - n - (c < DP_CLASSES - 1 ? left : 0);
        n += rte_ring_dequeue_burst(dp_ctx->upcall[c], (void **)(m + n), room, NULL);
    }
    for (uint32_t i = 0; i < n; i++) {
        dp_meta(m[i])->held = 1;
        describe(m[i], &dp_ctx->upcall_batch[i]);
    }
    return n;
}

static void inject(struct rte_mbuf *m, uint8_t op) {
    struct dp_meta *meta = dp_meta(m);
    struct dp_lcore *lc = dp_ctx->lcores[meta->lcore < dp_ctx->n_lcores ? meta->lcore : 0];
    meta->op = op;
    meta->held = 0;
    if (rte_ring_enqueue(lc->inject, m) != 0)
        dp_drop(self(), m, DP_DROP_INJECT_QUEUE_FULL);
}

/** An entry's addresses: eight bytes of both pairs in it, the rest beside it. */
static void fill_addresses6(uint32_t flow, const uint8_t *src, const uint8_t *dst, const uint8_t *new_src,
                            const uint8_t *new_dst) {
    struct dp_flow *f = &dp_ctx->flows[flow];
    struct dp_flow6 *rest = &dp_ctx->flows6[flow];
    memcpy(&f->key.src4_be, src, 8);
    memcpy(rest->key_rest, src + 8, 8);
    memcpy(&rest->key_rest[1], dst, 16);
    memcpy(&f->new_src4_be, new_src, 8);
    memcpy(rest->new_addr6_rest, new_src + 8, 8);
    memcpy(rest->new_addr6_rest + 8, new_dst, 16);
}

static void fill_addresses4(struct dp_flow *f, uint32_t src, uint32_t dst, uint32_t new_src,
                            uint32_t new_dst) {
    f->key.src4_be = be32(src);
    f->key.dst4_be = be32(dst);
    f->new_src4_be = be32(new_src);
    f->new_dst4_be = be32(new_dst);
}

static void fill_common(const struct dp_answer *a, uint32_t flow, uint32_t conn, uint32_t flags) {
    struct dp_flow *f = &dp_ctx->flows[flow];
    memset(f, 0, sizeof *f);
    f->key.family = a->family == 6 ? 6 : 4;
    f->key.proto = (uint8_t)a->proto;
    f->key.zone = (uint16_t)a->zone;
    f->conn = conn;
    f->dest = a->dest;
    f->flags = (uint16_t)(flags | (a->family == 6 ? DP_F_IP6 : 0));
}

/** Client → real server. */
static void fill_in(const struct dp_answer *a, uint32_t flow, uint32_t conn) {
    struct dp_flow *f = &dp_ctx->flows[flow];
    fill_common(a, flow, conn, a->flags_in);
    if (a->family == 6)
        fill_addresses6(flow, a->client6, a->vip6, a->lip6, a->rip6);
    else
        fill_addresses4(f, a->client4, a->vip4, a->lip4, a->rip4);
    f->key.sport_be = be16(a->client_port);
    f->key.dport_be = be16(a->vip_port);
    f->new_sport_be = be16(a->lip_port);
    f->new_dport_be = be16(a->rip_port);
    // An answer to a ping has the identifier where the ping had it.
    if (a->proto == PROTO_ICMP) {
        f->key.sport_be = f->key.dport_be;
        f->new_sport_be = f->new_dport_be;
        f->key.dport_be = f->new_dport_be = be16(DP_ICMP_REPLY);
    }
    f->mtu = (uint16_t)a->mtu_in;
    f->next_hop = a->next_hop_in;
}

/** Real server → client. */
static void fill_out(const struct dp_answer *a, uint32_t flow, uint32_t conn) {
    struct dp_flow *f = &dp_ctx->flows[flow];
    fill_common(a, flow, conn, a->flags_out);
    if (a->family == 6)
        fill_addresses6(flow, a->rip6, a->lip6, a->vip6, a->client6);
    else
        fill_addresses4(f, a->rip4, a->lip4, a->vip4, a->client4);
    f->key.sport_be = be16(a->rip_port);
    f->key.dport_be = be16(a->lip_port);
    f->new_sport_be = be16(a->vip_port);
    f->new_dport_be = be16(a->client_port);
    f->mtu = (uint16_t)a->mtu_out;
    f->next_hop = a->next_hop_out;
}

/** Of both addresses; IPv6 has no header checksum, but the pseudo-header's sum changes alike. */
static uint64_t address_delta(uint32_t flow) {
    const struct dp_flow *f = &dp_ctx->flows[flow];
    uint64_t delta = dp_delta32(f->key.src4_be, f->new_src4_be) + dp_delta32(f->key.dst4_be, f->new_dst4_be);
    if (f->key.family == 6) {
        const struct dp_flow6 *rest = &dp_ctx->flows6[flow];
        delta += (uint64_t)(uint16_t)~dp_fold(dp_sum(rest->key_rest, sizeof rest->key_rest)) +
                 dp_sum(rest->new_addr6_rest, sizeof rest->new_addr6_rest);
    }
    return delta;
}

static void fill_deltas(uint32_t flow) {
    struct dp_flow *f = &dp_ctx->flows[flow];
    uint64_t l3 = address_delta(flow);
    // No address is in the checksum of ICMP.
    uint64_t l4 = f->key.proto == PROTO_ICMP ? 0 : l3;
    l4 += dp_delta16(f->key.sport_be, f->new_sport_be) + dp_delta16(f->key.dport_be, f->new_dport_be);
    f->l3_delta = dp_fold(l3);
    f->l4_delta = dp_fold(l4);
}

/**
 * Server-side initial sequence numbers of one local port grow with time (RFC 6528's clock, 64 ns a step), so
 * a real server in TIME_WAIT takes the next client's SYN.
 */
static uint32_t server_isn(uint32_t out) {
    uint64_t clock = rte_rdtsc() / (dp_ctx->tsc_hz / 15625000);
    struct dp_key key = dp_flow_key(out);
    // Another function of the tuple than the table's, which places entries where an observer may count them.
    uint64_t h = dp_mix(key.w[0] ^ dp_ctx->hash_seed[3], key.w[1] ^ dp_ctx->hash_seed[0]);
    if (key.family == 6)
        h = dp_mix(h ^ key.w[2], key.w[3] ^ dp_ctx->hash_seed[1]) ^
            dp_mix(key.w[4] ^ dp_ctx->hash_seed[2], h | 1);
    return (uint32_t)(h + clock);
}

/** DR: of an answer there is no entry. */
static bool one_way(const struct dp_answer *a) {
    return a->flags_in & DP_F_REWRITE_L2;
}

/** SNAT: the first packet comes from the "real server", a host behind the node. */
static bool opened_inside(const struct dp_answer *a) {
    return a->flags_out & DP_F_SNAT;
}

/** Nobody has seen the entries yet. */
static void release(uint32_t conn, uint32_t fi, uint32_t fo) {
    dp_flow_release(fi);
    if (fo)
        dp_flow_release(fo);
    dp_conn_release(conn);
}

static void fill_record(const struct dp_answer *a, struct rte_mbuf *m, struct dp_conn *c, uint32_t fi,
                        uint32_t fo) {
    memset(c, 0, sizeof *c);
    c->flow_in = fi;
    c->flow_out = fo;
    c->created_ms = c->last_seen_ms = dp_now_ms();
    c->proto = (uint8_t)a->proto;
    c->dest = a->dest;
    c->service = a->service;
    c->local_address = a->local_address;
    c->local_port = opened_inside(a) ? a->vip_port : a->lip_port;
    c->local_bucket = (uint16_t)a->local_bucket;
    c->timeout_s = a->timeout_s;
    if (m && (a->flags_in & DP_F_SEQ)) {
        const struct tcp_hdr *t =
            (const struct tcp_hdr *)(rte_pktmbuf_mtod(m, const uint8_t *) + dp_meta(m)->l4);
        c->seq_delta = server_isn(fo) - be32(t->seq_be);
    }
    c->flags = DP_C_USED;
}

/** The way back first: the first packet may be answered before this returns. */
static bool insert(uint32_t fi, uint32_t fo) {
    return (!fo || dp_flow_insert(fo) == 0) && dp_flow_insert(fi) == 0;
}

/** An entry that may have been seen; 0 is none. */
static void withdraw(uint32_t flow) {
    if (!flow)
        return;
    dp_flow_unlink(flow);
    dp_flow_retire(flow);
}

static bool taken(uint32_t flow) {
    struct dp_key key = dp_flow_key(flow);
    return dp_flow_find(&key) != 0;
}

static enum dp_drop make_connection(struct dp_answer *a, struct rte_mbuf *m) {
    struct dp *d = dp_ctx;
    bool back = !one_way(a);
    if (d->conn_free_count == 0)
        return DP_DROP_CONN_TABLE_FULL;
    if (d->flow_free_count < (back ? 2 : 1))
        return DP_DROP_FLOW_TABLE_FULL;
    uint32_t conn = dp_conn_alloc(), fi = dp_flow_alloc(), fo = back ? dp_flow_alloc() : 0;
    fill_in(a, fi, conn);
    if (back)
        fill_out(a, fo, conn);
    uint32_t first = opened_inside(a) ? fo : fi;
    if (m) {
        memcpy(d->flows[first].return_mac, rte_pktmbuf_mtod(m, const uint8_t *) + 6, 6);
        d->flows[first].return_port = dp_meta(m)->port;
    }
    // Two copies of a SYN may have come up before the first was answered: the second joins the connection of
    // the first. A WAN address may also be a VIP, whose client has this port: then the packet asks for
    // another.
    if (taken(first) || (first == fo && taken(fi))) {
        release(conn, fi, fo);
        return DP_DROP_COUNT;
    }
    fill_deltas(fi);
    if (back)
        fill_deltas(fo);
    struct dp_conn *c = &d->conns[conn];
    fill_record(a, m, c, fi, fo);
    if (!insert(fi, fo)) {
        withdraw(fo);
        c->flags = 0;
        dp_flow_retire(fi);
        dp_conn_retire(conn);
        return DP_DROP_FLOW_TABLE_FULL;
    }
    a->result = conn;
    self()->dests[a->dest].conns++;
    DP_COUNT(self(), event, DP_EVENT_CONNS_CREATED);
    return DP_DROP_COUNT;
}

static void commit_one(struct dp_answer *a) {
    struct rte_mbuf *m = a->handle ? dp_mbuf(a->handle) : NULL;
    a->result = 0;
    // Whatever becomes of it, it is not the slow path's any more; a freed buffer must never look held.
    if (m && a->op != DP_OP_COPY_KNI)
        dp_meta(m)->held = 0;
    if (a->op == DP_OP_NEW_CONN) {
        enum dp_drop why = make_connection(a, m);
        if (why != DP_DROP_COUNT) {
            a->port = why;
            if (m)
                dp_drop(self(), m, why);
        } else if (m) {
            inject(m, DP_OP_RUN);
        }
        return;
    }
    struct dp_meta *meta = dp_meta(m);
    if (a->length)
        m->data_len = (uint16_t)a->length, m->pkt_len = a->length;
    switch (a->op) {
    case DP_OP_RUN:
        if (++meta->rounds > DP_ROUNDS)
            return dp_drop(self(), m, DP_DROP_POLICY);
        if (a->port < DP_MAX_PORTS)
            meta->port = (uint16_t)a->port;
        return inject(m, DP_OP_RUN);
    case DP_OP_OUTPUT:
        meta->out_port = (uint16_t)a->port;
        return inject(m, DP_OP_OUTPUT);
    case DP_OP_KNI:
        DP_COUNT(self(), punt, a->reason);
        return dp_to_kni(self(), m, (uint16_t)a->port, meta->cls == DP_CLASS_ARP);
    case DP_OP_COPY_KNI: {
        struct rte_mbuf *copy = rte_pktmbuf_copy(m, dp_ctx->pool, 0, UINT32_MAX);
        if (copy)
            dp_to_kni(self(), copy, (uint16_t)a->port, meta->cls == DP_CLASS_ARP);
        return;
    }
    default:
        return dp_drop(self(), m, (enum dp_drop)a->port);
    }
}

void dp_commit(uint32_t n) {
    for (uint32_t i = 0; i < n && i < DP_OP_BATCH; i++)
        commit_one(&dp_ctx->answer_batch[i]);
    dp_grace_poll();
}

uint32_t dp_alloc(uint32_t *out, uint32_t n) {
    uint32_t i = 0;
    for (; i < n; i++) {
        struct rte_mbuf *m = rte_pktmbuf_alloc(dp_ctx->pool);
        if (!m)
            break;
        memset(dp_meta(m), 0, sizeof(struct dp_meta));
        dp_meta(m)->held = 1;
        out[2 * i] = dp_handle(m);
        out[2 * i + 1] = (uint32_t)(rte_pktmbuf_mtod(m, uint8_t *) - dp_ctx->pool_base);
    }
    return i;
}

static uint32_t timeout_ms(const struct dp_conn *c) {
    uint32_t state = c->state < TS_COUNT ? c->state : 0;
    bool tcp = c->proto == PROTO_TCP;
    // The per-service timeout replaces the established one and every UDP one.
    if (c->timeout_s && (!tcp || state == TS_ES))
        return c->timeout_s * 1000;
    return dp_ctx->timeout_ms[tcp ? 0 : 1][state];
}

uint32_t dp_sweep(uint32_t budget) {
    struct dp *d = dp_ctx;
    uint32_t now = dp_now_ms(), n = 0, i = d->sweep_cursor;
    if (budget > d->conn_high)
        budget = d->conn_high;
    for (; budget && n < DP_SWEEP_BATCH; budget--) {
        i = i >= d->conn_high ? 1 : i + 1;
        const struct dp_conn *c = &d->conns[i];
        // Signed: an lcore may have stamped the record after `now` was read.
        if ((c->flags & DP_C_USED) && (int32_t)(now - c->last_seen_ms) >= (int32_t)timeout_ms(c))
            d->sweep_batch[n++] = i;
    }
    d->sweep_cursor = i;
    return n;
}

void dp_conn_remove(uint32_t n) {
    struct dp *d = dp_ctx;
    for (uint32_t i = 0; i < n && i < DP_SWEEP_BATCH; i++) {
        struct dp_conn *c = &d->conns[d->sweep_batch[i]];
        if (!(c->flags & DP_C_USED))
            continue;
        withdraw(c->flow_in);
        withdraw(c->flow_out);
        if (__atomic_exchange_n(&c->state, TS_GONE, __ATOMIC_RELAXED) == TS_ES && c->proto == PROTO_TCP)
            self()->dests[c->dest].established--;
        __atomic_store_n(&c->flags, 0, __ATOMIC_RELAXED);
        dp_conn_retire(d->sweep_batch[i]);
        DP_COUNT(self(), event, DP_EVENT_CONNS_EXPIRED);
    }
    dp_grace_poll();
}

void dp_next_hop_set(uint32_t index, uint32_t mac_high, uint32_t mac_low, uint32_t port, uint32_t state,
                     const uint8_t *address, uint32_t kind) {
    if (index >= DP_NEXT_HOPS)
        return;
    union {
        __m128i v;
        struct dp_next_hop nh;
    } u = {.v = _mm_setzero_si128()};
    u.nh.dst_mac[0] = (uint8_t)(mac_high >> 8);
    u.nh.dst_mac[1] = (uint8_t)mac_high;
    for (int i = 0; i < 4; i++)
        u.nh.dst_mac[2 + i] = (uint8_t)(mac_low >> (24 - 8 * i));
    if (port < DP_MAX_PORTS)
        memcpy(u.nh.src_mac, dp_ctx->ports[port].mac, 6);
    u.nh.port = (uint16_t)port;
    u.nh.state = (uint8_t)state;
    struct dp_next_hop_info *info = &dp_ctx->next_hop_info[index];
    memcpy(info->address, address, sizeof info->address);
    info->kind = kind;
    *(volatile __m128i *)(void *)&dp_ctx->next_hops[index] = u.v;
}

uint32_t dp_next_hops_source(uint32_t port) {
    uint32_t n = 0;
    if (port >= DP_MAX_PORTS)
        return 0;
    for (uint32_t i = 0; i < DP_NEXT_HOPS; i++) {
        union {
            __m128i v;
            struct dp_next_hop nh;
        } u = {.v = _mm_load_si128((const __m128i *)(const void *)&dp_ctx->next_hops[i])};
        if (u.nh.state == NH_FREE || u.nh.port != port ||
            memcmp(u.nh.src_mac, dp_ctx->ports[port].mac, 6) == 0)
            continue;
        memcpy(u.nh.src_mac, dp_ctx->ports[port].mac, 6);
        *(volatile __m128i *)(void *)&dp_ctx->next_hops[i] = u.v;
        n++;
    }
    return n;
}

static void requeue(struct rte_mempool *pool, void *counter, void *object, unsigned index) {
    (void)pool;
    (void)index;
    struct rte_mbuf *m = object;
    if (!dp_meta(m)->held)
        return;
    uint32_t *n = counter;
    (*n)++;
    struct dp_meta *meta = dp_meta(m);
    meta->held = 0;
    meta->rounds += DP_DEATH_ROUNDS;
    // Frames it was building have no port they came by; they are let go.
    if (m->data_len == 0)
        rte_pktmbuf_free(m);
    else if (meta->rounds > DP_ROUNDS)
        dp_drop(self(), m, DP_DROP_SUSPECT);
    else
        inject(m, DP_OP_RUN);
}

uint32_t dp_requeue_held(void) {
    uint32_t n = 0;
    rte_mempool_obj_iter(dp_ctx->pool, requeue, &n);
    self()->stats->event[DP_EVENT_SLOWPATH_REQUEUED] += n;
    return n;
}

uint32_t dp_find4(uint32_t src, uint32_t dst, uint32_t sport, uint32_t dport, uint32_t proto, uint32_t zone) {
    struct dp_key key = {.w = {0}};
    key.family = 4;
    key.proto = (uint8_t)proto;
    key.zone = (uint16_t)zone;
    key.src4_be = be32(src);
    key.dst4_be = be32(dst);
    key.sport_be = be16((uint16_t)sport);
    key.dport_be = be16((uint16_t)dport);
    return dp_flow_find(&key);
}

uint32_t dp_find6(const uint8_t *addresses, uint32_t sport, uint32_t dport, uint32_t proto, uint32_t zone) {
    struct dp_key key = {.w = {0}};
    key.family = 6;
    key.proto = (uint8_t)proto;
    key.zone = (uint16_t)zone;
    memcpy(key.addr6, addresses, sizeof key.addr6);
    key.sport_be = be16((uint16_t)sport);
    key.dport_be = be16((uint16_t)dport);
    return dp_flow_find(&key);
}

uint32_t dp_clock_ms(void) {
    return dp_now_ms();
}
