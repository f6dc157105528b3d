// Hooks for tests and benchmarks: memory ports, single steps, a movable clock. They run the same code as
// production.
#include "testing.h"
#include "lcore.h"
#include <errno.h>
#include <rte_eth_ring.h>
#include <rte_cycles.h>
#include <stdio.h>
#include <string.h>

static struct rte_ring *rx_rings[DP_MAX_PORTS], *tx_rings[DP_MAX_PORTS];

int dp_test_port(const char *name, const uint8_t *mac) {
    char ring[32];
    static int made;
    if (made == DP_MAX_PORTS)
        return -ENOSPC;
    snprintf(ring, sizeof ring, "t_rx%d", made);
    struct rte_ring *rx = rte_ring_create(ring, 4096, SOCKET_ID_ANY, 0);
    snprintf(ring, sizeof ring, "t_tx%d", made);
    struct rte_ring *tx = rte_ring_create(ring, 4096, SOCKET_ID_ANY, 0);
    made++;
    if (!rx || !tx)
        return -ENOMEM;
    int id = rte_eth_from_rings(name, &rx, 1, &tx, 1, 0);
    if (id < 0)
        return -EIO;
    struct rte_ether_addr addr;
    memcpy(addr.addr_bytes, mac, 6);
    rte_eth_dev_default_mac_addr_set((uint16_t)id, &addr);
    int port = dp_port_probe("", id);
    if (port < 0)
        return port;
    memcpy(dp_ctx->ports[port].mac, mac, 6);
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
