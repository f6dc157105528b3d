// Run to completion in bursts: parse all, prefetch, look up all, prefetch, execute all. A million flows cost
// little more than one because the cache misses of a burst overlap.
#include "lcore.h"
#include "deliver.h"
#include "execute.h"
#include "kni_set.h"
#include "own6_set.h"
#include "flow_table.h"
#include "headers.h"
#include <rte_cycles.h>
#include <rte_prefetch.h>
#include <time.h>

uint32_t dp_now_ms(void) {
    uint64_t ms = (rte_rdtsc() - dp_ctx->tsc_start) / (dp_ctx->tsc_hz / 1000);
    return (uint32_t)(ms + (uint64_t)atomic_load_explicit(&dp_ctx->clock_offset_ms, memory_order_relaxed));
}

static void finish(struct dp_lcore *lc, struct dp_pkt *p) {
    switch (p->verdict) {
    case V_UPCALL:
        DP_COUNT(lc, punt, p->reason);
        return dp_upcall(lc, p);
    case V_KNI:
        DP_COUNT(lc, punt, p->reason);
        return dp_to_kni(lc, p->m, p->port, p->urgent);
    default:
        return dp_drop(lc, p->m, (enum dp_drop)p->reason);
    }
}

/** BFD (RFC 5881, RFC 5883) and BGP (RFC 4271): their timers must not wait behind a bulk transfer to the
 * node. */
static bool routing_protocol(const struct dp_pkt *p) {
    uint16_t dport = be16(p->key.dport_be), sport = be16(p->key.sport_be);
    if (p->proto == PROTO_UDP)
        return dport == 3784 || dport == 3785 || dport == 4784;
    return p->proto == PROTO_TCP && (dport == 179 || sport == 179);
}

/** A miss, or a packet that is no TCP or UDP: addresses of the kernel need no slow path. */
static void kernel_or_upcall(struct dp_pkt *p) {
    const uint8_t *frame = rte_pktmbuf_mtod(p->m, const uint8_t *);
    uint32_t dst_be;
    // Only what belongs to no connection.
    if (p->reason == DP_PUNT_ARP || p->reason == DP_PUNT_ND || p->flow)
        return;
    if (frame[p->l3] >> 4 == 6) {
        if (!dp_own6_address(frame + p->l3 + offsetof(struct ipv6_hdr, dst))) {
            p->verdict = V_KNI;
            p->reason = DP_PUNT_IPV6;
            p->urgent = routing_protocol(p);
        }
        return;
    }
    memcpy(&dst_be, frame + p->l3 + 16, 4);
    if (dp_kni_address(dst_be)) {
        p->verdict = V_KNI;
        p->reason = DP_PUNT_KNI_HOST;
        p->urgent = routing_protocol(p);
    }
}

static void lookup(struct dp_pkt *p) {
    // The prefetched candidate is the entry in all but one of some thousand cases; then the chain is walked.
    if (p->flow && dp_flow_matches(p->flow, &p->key))
        return;
    p->flow = dp_flow_find(&p->key);
    // The parser has said how it goes up: as a miss, or as ICMP.
    if (!p->flow)
        p->verdict = V_UPCALL;
}

/** Apart, so that a burst of IPv4 pays for one test. */
static __attribute__((noinline)) void prefetch6(const struct dp_pkt *pkts, uint16_t n) {
    for (uint16_t i = 0; i < n; i++)
        if (pkts[i].verdict == V_LOOKUP && pkts[i].flow && pkts[i].key.family == 6)
            rte_prefetch0(&dp_ctx->flows6[pkts[i].flow]);
}

static void run(struct dp_lcore *lc, struct dp_pkt *pkts, uint16_t n) {
    bool any6 = false;
    for (uint16_t i = 0; i < n; i++) {
        if (pkts[i].verdict != V_LOOKUP)
            continue;
        if (__builtin_expect(pkts[i].key.family == 6, 0))
            any6 = true;
        pkts[i].hash = dp_hash(&pkts[i].key);
        rte_prefetch0(dp_bucket_of(pkts[i].hash));
    }
    for (uint16_t i = 0; i < n; i++) {
        if (pkts[i].verdict != V_LOOKUP)
            continue;
        pkts[i].flow = dp_flow_candidate(dp_bucket_of(pkts[i].hash), dp_tag(pkts[i].hash));
        if (pkts[i].flow)
            rte_prefetch0(&dp_ctx->flows[pkts[i].flow]);
    }
    if (__builtin_expect(any6, 0))
        prefetch6(pkts, n);
    for (uint16_t i = 0; i < n; i++) {
        if (pkts[i].verdict != V_LOOKUP)
            continue;
        lookup(&pkts[i]);
        if (!pkts[i].flow)
            continue;
        const struct dp_flow *f = &dp_ctx->flows[pkts[i].flow];
        rte_prefetch0(&dp_ctx->conns[f->conn]);
        rte_prefetch0(&dp_ctx->next_hops[f->next_hop]);
        rte_prefetch0(&lc->dests[f->dest]);
    }
    for (uint16_t i = 0; i < n; i++) {
        struct dp_pkt *p = &pkts[i];
        uint16_t out;
        if (p->verdict == V_LOOKUP && dp_execute(lc, p, &out)) {
            dp_send(lc, p->m, out);
            continue;
        }
        if (p->verdict == V_UPCALL)
            kernel_or_upcall(p);
        finish(lc, p);
    }
}

static void copy_to_kni(struct dp_lcore *lc, struct rte_mbuf *m, uint16_t port) {
    struct rte_mbuf *copy = rte_pktmbuf_copy(m, dp_ctx->pool, 0, UINT32_MAX);
    if (copy)
        dp_to_kni(lc, copy, port, false);
}

void dp_process(struct dp_lcore *lc, struct rte_mbuf **mbufs, uint16_t n, uint16_t port_index) {
    struct dp_pkt pkts[DP_BURST];
    const struct dp_port *port = &dp_ctx->ports[port_index];
    for (uint16_t i = 0; i < n; i++)
        rte_prefetch0(rte_pktmbuf_mtod(mbufs[i], void *));
    for (uint16_t i = 0; i < n; i++) {
        pkts[i].m = mbufs[i];
        pkts[i].port = port_index;
        pkts[i].rounds = 0;
        lc->stats->ibytes += mbufs[i]->pkt_len;
        if (port->forward2kni)
            copy_to_kni(lc, mbufs[i], port_index);
        dp_parse(&pkts[i], port);
    }
    lc->stats->ipackets += n;
    run(lc, pkts, n);
}

static uint32_t receive(struct dp_lcore *lc) {
    struct rte_mbuf *mbufs[DP_BURST];
    uint32_t total = 0;
    for (uint32_t i = 0; i < lc->n_rxq; i++) {
        uint16_t index = lc->rxq[i].port;
        struct dp_port *port = &dp_ctx->ports[index];
        uint16_t n = rte_eth_rx_burst(port->id, lc->rxq[i].queue, mbufs, DP_BURST);
        lc->stats->bursts++;
        lc->stats->empty_bursts += n == 0;
        lc->stats->full_bursts += n == DP_BURST;
        lc->stats->half_bursts += n > 0 && n <= DP_BURST / 2;
        lc->stats->over_half_bursts += n > DP_BURST / 2 && n < DP_BURST;
        if (n == 0)
            continue;
        total += n;
        if (port->is_kni) {
            lc->stats->event[DP_EVENT_KNI_RX] += n;
            for (uint16_t k = 0; k < n; k++)
                dp_send(lc, mbufs[k], port->peer);
        } else if (!port->up) {
            for (uint16_t k = 0; k < n; k++)
                dp_drop(lc, mbufs[k], DP_DROP_LINK_DOWN);
        } else {
            dp_process(lc, mbufs, n, index);
        }
    }
    return total;
}

static void answer(struct dp_lcore *lc, struct rte_mbuf *m) {
    struct dp_meta *meta = dp_meta(m);
    switch (meta->op) {
    case DP_OP_OUTPUT:
        return dp_send(lc, m, meta->out_port);
    case DP_OP_KNI:
        return dp_to_kni(lc, m, meta->out_port, meta->cls == DP_CLASS_ARP);
    default: { // DP_OP_RUN, DP_OP_NEW_CONN: through the table again, as if it had just come
        struct dp_pkt p = {.m = m, .port = meta->port, .rounds = meta->rounds};
        dp_parse(&p, &dp_ctx->ports[meta->port]);
        run(lc, &p, 1);
    }
    }
}

static uint32_t answers(struct dp_lcore *lc) {
    struct rte_mbuf *mbufs[DP_BURST];
    unsigned n = rte_ring_dequeue_burst(lc->inject, (void **)mbufs, DP_BURST, NULL);
    for (unsigned i = 0; i < n; i++)
        answer(lc, mbufs[i]);
    lc->stats->event[DP_EVENT_INJECTED] += n;
    return n;
}

uint32_t dp_lcore_turn(struct dp_lcore *lc) {
    lc->now_ms = dp_now_ms();
    lc->stats->loops++;
    uint32_t n = receive(lc) + answers(lc);
    if (lc->id == 0)
        dp_drain_kni(lc);
    dp_flush(lc);
    if (n)
        dp_doorbell();
    // Sequentially consistent: no lookup of the next turn may happen before it (on x86 the same instruction).
    atomic_fetch_add(&lc->quiescent, 1);
    return n;
}

/** The reference burns a core when idle; here an idle lcore naps, longer the longer nothing comes. */
static void nap(struct dp_lcore *lc, uint32_t handled) {
    if (handled || dp_ctx->config.spin) {
        lc->idle_rounds = 0;
        return;
    }
    lc->idle_rounds++;
    if (lc->idle_rounds < 32) {
        rte_pause();
        return;
    }
    uint64_t us = lc->idle_rounds - 31;
    if (us > dp_ctx->config.idle_sleep_us)
        us = dp_ctx->config.idle_sleep_us;
    struct timespec t = {0, (long)us * 1000};
    lc->stats->sleeps++;
    nanosleep(&t, NULL);
}

int dp_lcore_main(void *arg) {
    struct dp_lcore *lc = arg;
    atomic_store(&lc->running, 1);
    while (!atomic_load_explicit(&dp_ctx->stop, memory_order_relaxed))
        nap(lc, dp_lcore_turn(lc));
    atomic_store_explicit(&lc->running, 0, memory_order_release);
    return 0;
}
