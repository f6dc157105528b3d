// Transmit buffers, kni queues, upcall rings with token buckets, drops. Every queue is bounded and every loss
// is counted.
#include "deliver.h"
#include <rte_cycles.h>
#include <unistd.h>

void dp_drop(struct dp_lcore *lc, struct rte_mbuf *m, enum dp_drop reason) {
    DP_COUNT(lc, drop, reason);
    rte_pktmbuf_free(m);
}

static void flush_port(struct dp_lcore *lc, uint16_t port) {
    struct dp_tx_queue *q = &lc->tx[port];
    struct dp_port *p = &dp_ctx->ports[port];
    if (p->shared_tx)
        rte_spinlock_lock(&p->tx_lock);
    uint16_t sent = rte_eth_tx_burst(p->id, lc->tx_queue_of[port], q->pkts, q->count);
    // A full ring of a software port often has room right after the kernel was kicked.
    if (sent < q->count)
        sent = (uint16_t)(sent + rte_eth_tx_burst(p->id, lc->tx_queue_of[port], q->pkts + sent,
                                                  (uint16_t)(q->count - sent)));
    if (p->shared_tx)
        rte_spinlock_unlock(&p->tx_lock);
    lc->stats->opackets += sent;
    for (uint16_t i = sent; i < q->count; i++)
        dp_drop(lc, q->pkts[i], DP_DROP_TX_QUEUE_FULL);
    q->count = 0;
}

void dp_send(struct dp_lcore *lc, struct rte_mbuf *m, uint16_t port) {
    struct dp_port *p = &dp_ctx->ports[port];
    if (!p->used || !p->up)
        return dp_drop(lc, m, DP_DROP_LINK_DOWN);
    struct dp_tx_queue *q = &lc->tx[port];
    lc->stats->obytes += m->pkt_len;
    q->pkts[q->count++] = m;
    if (q->count == DP_BURST * 2)
        flush_port(lc, port);
}

void dp_flush(struct dp_lcore *lc) {
    for (uint16_t port = 0; port < DP_MAX_PORTS; port++)
        if (lc->tx[port].count)
            flush_port(lc, port);
}

void dp_to_kni(struct dp_lcore *lc, struct rte_mbuf *m, uint16_t port, bool urgent) {
    struct dp_port *p = &dp_ctx->ports[port];
    uint16_t kni = p->is_kni ? port : p->peer;
    if (kni == UINT16_MAX || !dp_ctx->ports[kni].used)
        return dp_drop(lc, m, DP_DROP_KNI_ABSENT);
    if (rte_ring_enqueue(dp_ctx->ports[kni].kni_ring[urgent ? 0 : 1], m) != 0)
        return dp_drop(lc, m, DP_DROP_KNI_QUEUE_FULL);
    DP_COUNT(lc, event, DP_EVENT_KNI_TX);
}

/** The first lcore owns the kni side: one thread writes to each TAP. */
void dp_drain_kni(struct dp_lcore *lc) {
    struct rte_mbuf *pkts[DP_BURST];
    for (uint16_t port = 0; port < DP_MAX_PORTS; port++) {
        struct dp_port *p = &dp_ctx->ports[port];
        if (!p->used || !p->is_kni)
            continue;
        for (int cls = 0; cls < 2; cls++) {
            unsigned n = rte_ring_dequeue_burst(p->kni_ring[cls], (void **)pkts, DP_BURST, NULL);
            for (unsigned i = 0; i < n; i++)
                dp_send(lc, pkts[i], port);
        }
    }
}

static bool has_token(struct dp_lcore *lc, enum dp_class cls) {
    struct dp_token_bucket *b = &lc->bucket[cls];
    uint32_t rate = dp_ctx->config.class_rate[cls] / (dp_ctx->n_lcores ? dp_ctx->n_lcores : 1);
    uint64_t burst = (uint64_t)dp_ctx->config.class_burst[cls] << 16;
    uint64_t now = rte_rdtsc(), passed = now - b->last_tsc;
    if (b->last_tsc == 0 || passed > dp_ctx->tsc_hz) {
        b->tokens = burst;
        b->last_tsc = now;
    } else if (passed > dp_ctx->tsc_hz >> 14) {
        b->tokens += (passed << 16) / (dp_ctx->tsc_hz / (rate ? rate : 1) + 1);
        if (b->tokens > burst)
            b->tokens = burst;
        b->last_tsc = now;
    }
    return b->tokens >= 1 << 16;
}

bool dp_may_upcall(struct dp_lcore *lc, enum dp_class cls) {
    return rte_ring_free_count(dp_ctx->upcall[cls]) > dp_ctx->config.upcall_ring / 2 && has_token(lc, cls);
}

void dp_doorbell(void) {
    // One write wakes the slow path for all that was queued before it reads the rings.
    if (atomic_exchange_explicit(&dp_ctx->slow_path_sleeping, 0, memory_order_acq_rel)) {
        uint64_t one = 1;
        ssize_t ignored = write(dp_ctx->doorbell, &one, sizeof one);
        (void)ignored;
    }
}

void dp_upcall(struct dp_lcore *lc, struct dp_pkt *p) {
    struct dp_meta *meta = dp_meta(p->m);
    if (!has_token(lc, (enum dp_class)p->cls))
        return dp_drop(lc, p->m, DP_DROP_UPCALL_RATE);
    lc->bucket[p->cls].tokens -= 1 << 16;
    meta->port = p->port;
    meta->cls = p->cls;
    meta->reason = p->reason;
    meta->lcore = (uint8_t)lc->id;
    meta->proto = p->proto;
    meta->tcp_flags = p->tcp_flags;
    meta->l3 = p->l3;
    meta->l4 = p->l4;
    meta->held = 0;
    meta->rounds = p->rounds;
    meta->flow = p->flow;
    if (rte_ring_enqueue(dp_ctx->upcall[p->cls], p->m) != 0)
        return dp_drop(lc, p->m, DP_DROP_UPCALL_QUEUE_FULL);
    DP_COUNT(lc, event, DP_EVENT_UPCALLS);
}
