// Ports: probe, queues, kni pairing, statistics.
#include "port.h"
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int take_slot(uint16_t dpdk_id) {
    for (int i = 0; i < DP_MAX_PORTS; i++) {
        struct dp_port *p = &dp_ctx->ports[i];
        if (p->used)
            continue;
        memset(p, 0, sizeof *p);
        p->id = dpdk_id;
        p->peer = UINT16_MAX;
        rte_spinlock_init(&p->tx_lock);
        struct rte_ether_addr mac;
        if (rte_eth_macaddr_get(dpdk_id, &mac) == 0)
            memcpy(p->mac, mac.addr_bytes, 6);
        return i;
    }
    return -ENOSPC;
}

int dp_port_probe(const char *devargs, int existing) {
    if (existing >= 0)
        return rte_eth_dev_is_valid_port((uint16_t)existing) ? take_slot((uint16_t)existing) : -ENODEV;
    uint16_t before[DP_MAX_PORTS], n = 0, id;
    RTE_ETH_FOREACH_DEV(id)
    if (n < DP_MAX_PORTS)
        before[n++] = id;
    int rc = rte_dev_probe(devargs);
    if (rc < 0)
        return rc;
    RTE_ETH_FOREACH_DEV(id) {
        uint16_t i = 0;
        while (i < n && before[i] != id)
            i++;
        if (i == n)
            return take_slot(id);
    }
    return -ENODEV;
}

static int setup_queues(struct dp_port *p, const struct rte_eth_dev_info *info, uint32_t rxd, uint32_t txd) {
    uint16_t nrx = (uint16_t)rxd, ntx = (uint16_t)txd;
    int rc = rte_eth_dev_adjust_nb_rx_tx_desc(p->id, &nrx, &ntx);
    int socket = rte_eth_dev_socket_id(p->id);
    unsigned node = socket < 0 ? (unsigned)SOCKET_ID_ANY : (unsigned)socket;
    struct rte_eth_txconf tx = info->default_txconf;
    for (uint16_t q = 0; rc == 0 && q < p->n_rxq; q++)
        rc = rte_eth_rx_queue_setup(p->id, q, nrx, node, NULL, dp_ctx->pool);
    for (uint16_t q = 0; rc == 0 && q < p->n_txq; q++)
        rc = rte_eth_tx_queue_setup(p->id, q, ntx, node, &tx);
    return rc;
}

static uint32_t at_most(uint32_t n, uint32_t limit) {
    return n < limit ? n : limit;
}

// AF_XDP and AF_PACKET have no switch: the kernel's interface beneath filters. A membership ends with its
// socket, so nothing stays behind, whatever way the process ends.
static int kernel_allmulticast(struct dp_port *p, bool on) {
    struct rte_eth_dev_info info;
    if (rte_eth_dev_info_get(p->id, &info) != 0 || info.if_index == 0)
        return -ENOTSUP;
    if (!on && p->allmulti_socket > 0) {
        close(p->allmulti_socket);
        p->allmulti_socket = 0;
    }
    if (!on || p->allmulti_socket > 0)
        return 0;
    struct packet_mreq membership = {.mr_ifindex = (int)info.if_index, .mr_type = PACKET_MR_ALLMULTI};
    // Protocol 0: it receives nothing.
    int s = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (s < 0)
        return -errno;
    if (setsockopt(s, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) != 0) {
        int rc = -errno;
        close(s);
        return rc;
    }
    p->allmulti_socket = s;
    return 0;
}

static int set_allmulticast(struct dp_port *p, bool on) {
    int rc = on ? rte_eth_allmulticast_enable(p->id) : rte_eth_allmulticast_disable(p->id);
    bool beneath = on ? rc == -ENOTSUP : p->allmulti_socket > 0;
    return beneath ? kernel_allmulticast(p, on) : rc;
}

int dp_port_start(uint32_t port, uint32_t rxq, uint32_t txq, uint32_t rxd, uint32_t txd, uint32_t mtu,
                  uint32_t promisc, uint32_t allmulticast) {
    if (port >= DP_MAX_PORTS)
        return -EINVAL;
    struct dp_port *p = &dp_ctx->ports[port];
    struct rte_eth_dev_info info;
    int rc = rte_eth_dev_info_get(p->id, &info);
    if (rc)
        return rc;
    p->n_rxq = (uint16_t)at_most(rxq, info.max_rx_queues);
    p->n_txq = (uint16_t)at_most(txq, info.max_tx_queues);
    // Fewer transmit queues than lcores: they share, under a lock.
    p->shared_tx = p->n_txq < dp_ctx->n_lcores;
    struct rte_eth_conf conf = {0};
    if (p->n_rxq > 1) {
        conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        conf.rx_adv_conf.rss_conf.rss_hf =
            (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP) & info.flow_type_rss_offloads;
        if (!conf.rx_adv_conf.rss_conf.rss_hf)
            conf.rxmode.mq_mode = RTE_ETH_MQ_RX_NONE;
    }
    if ((rc = rte_eth_dev_configure(p->id, p->n_rxq, p->n_txq, &conf)) != 0)
        return rc;
    if ((rc = setup_queues(p, &info, rxd, txd)) != 0)
        return rc;
    if (mtu == 0)
        mtu = at_most(dp_port_max_mtu(p, &info), dp_ctx->config.mbuf_room - DP_FRAME_OVERHEAD);
    // A driver that cannot set it keeps its own; what counts is what it says afterwards.
    p->mtu_fixed = rte_eth_dev_set_mtu(p->id, (uint16_t)mtu) == -ENOTSUP;
    uint16_t actual = (uint16_t)mtu;
    if (rte_eth_dev_get_mtu(p->id, &actual) == 0 && actual < mtu)
        mtu = actual;
    p->mtu = (uint16_t)mtu;
    if ((rc = rte_eth_dev_start(p->id)) != 0)
        return rc;
    if (promisc)
        rte_eth_promiscuous_enable(p->id);
    if (allmulticast)
        set_allmulticast(p, true);
    struct rte_ether_addr mac;
    if (rte_eth_macaddr_get(p->id, &mac) == 0 && !rte_is_zero_ether_addr(&mac))
        memcpy(p->mac, mac.addr_bytes, 6);
    memcpy(p->previous_mac, p->mac, 6);
    for (uint32_t i = 0; i <= dp_ctx->n_lcores; i++)
        dp_ctx->lcores[i]->tx_queue_of[port] = (uint16_t)(i % p->n_txq);
    p->up = p->used = true;
    return 0;
}

int dp_port_pair(uint32_t port, uint32_t kni) {
    if (port >= DP_MAX_PORTS || kni >= DP_MAX_PORTS)
        return -EINVAL;
    struct dp_port *k = &dp_ctx->ports[kni];
    for (int i = 0; i < 2; i++) {
        char name[32];
        snprintf(name, sizeof name, "kni%u_%d", kni, i);
        k->kni_ring[i] = rte_ring_create(name, DP_KNI_RING, SOCKET_ID_ANY, 0);
        if (!k->kni_ring[i])
            return -ENOMEM;
    }
    k->is_kni = true;
    k->peer = (uint16_t)port;
    dp_ctx->ports[port].peer = (uint16_t)kni;
    return 0;
}

// Whether the kernel sees a carrier on the interface that a port is made of. AF_XDP and AF_PACKET say "up"
// whatever happens.
static bool kernel_carrier(unsigned if_index) {
    struct ifreq request = {0};
    if (!if_indextoname(if_index, request.ifr_name))
        return false;
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return true;
    bool running = ioctl(s, SIOCGIFFLAGS, &request) != 0 || (request.ifr_flags & IFF_RUNNING);
    close(s);
    return running;
}

int dp_port_info(uint32_t port, struct dp_port_info *out) {
    memset(out, 0, sizeof *out);
    if (port >= DP_MAX_PORTS || !dp_ctx->ports[port].used)
        return -ENODEV;
    const struct dp_port *p = &dp_ctx->ports[port];
    struct rte_eth_link link;
    struct rte_eth_stats s;
    struct rte_eth_dev_info info;
    if (rte_eth_link_get_nowait(p->id, &link) == 0) {
        out->speed = link.link_speed;
        out->duplex = link.link_duplex;
        out->autoneg = link.link_autoneg;
        out->link = link.link_status;
    }
    if (rte_eth_stats_get(p->id, &s) == 0) {
        const uint64_t v[8] = {s.ipackets, s.opackets, s.ibytes,  s.obytes,
                               s.ierrors,  s.oerrors,  s.imissed, s.rx_nombuf};
        memcpy(out->stats, v, sizeof v);
    }
    if (rte_eth_dev_info_get(p->id, &info) == 0) {
        snprintf(out->driver, sizeof out->driver, "%s", info.driver_name);
        if (info.if_index && !p->is_kni && out->link)
            out->link = kernel_carrier(info.if_index);
    }
    out->max_mtu = dp_port_max_mtu(p, &info);
    out->rx_offloads = info.rx_offload_capa;
    out->tx_offloads = info.tx_offload_capa;
    out->promisc = rte_eth_promiscuous_get(p->id) == 1;
    out->allmulticast = rte_eth_allmulticast_get(p->id) == 1 || p->allmulti_socket > 0;
    out->up = p->up;
    out->forward2kni = p->forward2kni;
    out->mtu = p->mtu;
    out->n_rxq = p->n_rxq;
    out->n_txq = p->n_txq;
    memcpy(out->mac, p->mac, 6);
    int socket = rte_eth_dev_socket_id(p->id);
    out->socket = socket < 0 ? 0 : (uint32_t)socket;
    return 0;
}

int dp_port_set(uint32_t port, int promisc, int allmulticast, int forward2kni, int up) {
    if (port >= DP_MAX_PORTS || !dp_ctx->ports[port].used)
        return -ENODEV;
    struct dp_port *p = &dp_ctx->ports[port];
    int rc = 0;
    if (promisc >= 0)
        rc = promisc ? rte_eth_promiscuous_enable(p->id) : rte_eth_promiscuous_disable(p->id);
    if (rc == 0 && allmulticast >= 0)
        rc = set_allmulticast(p, allmulticast);
    if (rc)
        return rc;
    if (forward2kni >= 0)
        p->forward2kni = forward2kni;
    if (up >= 0)
        p->up = up;
    return 0;
}

int dp_port_groups(uint32_t port, const uint8_t *macs, uint32_t n) {
    if (port >= DP_MAX_PORTS || !dp_ctx->ports[port].used || n > DP_MAX_GROUPS)
        return -EINVAL;
    struct rte_ether_addr list[DP_MAX_GROUPS];
    if (n > 0)
        memcpy(list, macs, n * sizeof *list);
    return rte_eth_dev_set_mc_addr_list(dp_ctx->ports[port].id, list, n);
}

void dp_close(void) {
    for (int i = 0; i < DP_MAX_PORTS; i++) {
        if (!dp_ctx->ports[i].used)
            continue;
        dp_ctx->ports[i].used = false;
        if (dp_ctx->ports[i].allmulti_socket > 0)
            close(dp_ctx->ports[i].allmulti_socket);
        rte_eth_dev_stop(dp_ctx->ports[i].id);
        rte_eth_dev_close(dp_ctx->ports[i].id);
    }
}

uint32_t dp_pool_available(void) {
    return rte_mempool_avail_count(dp_ctx->pool);
}
