// Hooks for tests and benchmarks: memory ports, single steps, a movable clock. They run the same code as
// production.
#include "testing.h"
#include "lcore.h"
#include "memory.h"
#include <errno.h>
#include <rte_eth_ring.h>
#include <rte_cycles.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct rte_ring *rx_rings[DP_MAX_PORTS], *tx_rings[DP_MAX_PORTS];
static int made;

int dp_test_port(const char *name, const uint8_t *mac) {
    char ring[32], device[48];
    static unsigned generation;
    if (made == DP_MAX_PORTS)
        return -ENOSPC;
    // DPDK keeps the names of closed devices.
    snprintf(device, sizeof device, "%s_%u", name, generation++);
    snprintf(ring, sizeof ring, "t_rx%d", made);
    struct rte_ring *rx = rte_ring_create(ring, 4096, SOCKET_ID_ANY, 0);
    snprintf(ring, sizeof ring, "t_tx%d", made);
    struct rte_ring *tx = rte_ring_create(ring, 4096, SOCKET_ID_ANY, 0);
    made++;
    if (!rx || !tx)
        return -ENOMEM;
    int id = rte_eth_from_rings(device, &rx, 1, &tx, 1, 0);
    if (id < 0)
        return -EIO;
    int port = dp_port_probe("", id);
    if (port < 0)
        return port;
    memcpy(dp_ctx->ports[port].mac, mac, 6); // rings have none
    rx_rings[port] = rx;
    tx_rings[port] = tx;
    return port;
}

int dp_test_send(uint32_t port, const uint8_t *frame, uint32_t length) {
    struct rte_mbuf *m = rte_pktmbuf_alloc(dp_ctx->pool);
    if (!m)
        return -ENOMEM;
    char *data = rte_pktmbuf_append(m, (uint16_t)length);
    if (!data) {
        rte_pktmbuf_free(m);
        return -EMSGSIZE;
    }
    if (length) // an empty Uint8Array has no address
        memcpy(data, frame, length);
    if (rte_ring_enqueue(rx_rings[port], m) != 0) {
        rte_pktmbuf_free(m);
        return -ENOBUFS;
    }
    return 0;
}

int dp_test_receive(uint32_t port, uint8_t *out, uint32_t room) {
    struct rte_mbuf *m;
    if (rte_ring_dequeue(tx_rings[port], (void **)&m) != 0)
        return -EAGAIN;
    uint32_t n = m->data_len < room ? m->data_len : room;
    memcpy(out, rte_pktmbuf_mtod(m, void *), n);
    rte_pktmbuf_free(m);
    return (int)n;
}

uint32_t dp_test_turn(uint32_t lcore) {
    return dp_lcore_turn(dp_ctx->lcores[lcore]);
}

void dp_test_advance(uint32_t ms) {
    atomic_fetch_add(&dp_ctx->clock_offset_ms, (int64_t)ms);
}

void dp_test_destroy(void) {
    dp_close();
    for (int i = 0; i < DP_MAX_PORTS; i++) {
        rte_ring_free(rx_rings[i]);
        rte_ring_free(tx_rings[i]);
        rx_rings[i] = tx_rings[i] = NULL;
        for (int k = 0; k < 2; k++)
            rte_ring_free(dp_ctx->ports[i].kni_ring[k]);
    }
    for (int c = 0; c < DP_CLASSES; c++)
        rte_ring_free(dp_ctx->upcall[c]);
    for (uint32_t i = 0; i <= dp_ctx->n_lcores; i++)
        rte_ring_free(dp_ctx->lcores[i]->inject);
    rte_mempool_free(dp_ctx->pool);
    close(dp_ctx->doorbell);
    made = 0;
    dp_ctx = NULL;
    dp_region_free_all();
}

uint32_t dp_test_queued(void) {
    uint32_t n = 0;
    for (int c = 0; c < DP_CLASSES; c++)
        n += rte_ring_count(dp_ctx->upcall[c]);
    for (uint32_t i = 0; i < dp_ctx->n_lcores; i++)
        n += rte_ring_count(dp_ctx->lcores[i]->inject);
    for (int i = 0; i < DP_MAX_PORTS; i++) {
        for (int k = 0; k < 2; k++)
            if (dp_ctx->ports[i].kni_ring[k])
                n += rte_ring_count(dp_ctx->ports[i].kni_ring[k]);
    }
    return n;
}

uint32_t dp_test_unread(void) {
    uint32_t n = 0;
    for (int i = 0; i < DP_MAX_PORTS; i++) {
        if (rx_rings[i])
            n += rte_ring_count(rx_rings[i]);
    }
    return n;
}

uint32_t dp_test_unsent(void) {
    uint32_t n = 0;
    for (int i = 0; i < DP_MAX_PORTS; i++) {
        if (tx_rings[i])
            n += rte_ring_count(tx_rings[i]);
    }
    return n;
}

unsigned dp_test_queue(uint32_t port, struct rte_mbuf **m, unsigned n) {
    return rte_ring_enqueue_burst(rx_rings[port], (void **)m, n, NULL);
}

unsigned dp_test_unqueue(uint32_t port, struct rte_mbuf **m, unsigned n) {
    return rte_ring_dequeue_burst(tx_rings[port], (void **)m, n, NULL);
}
