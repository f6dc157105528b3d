// MTU and MAC of a port, changed while it runs.
#include "port.h"
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <rte_bus.h>
#include <rte_dev.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static struct dp_port *used_port(uint32_t port) {
    return port < DP_MAX_PORTS && dp_ctx->ports[port].used ? &dp_ctx->ports[port] : NULL;
}

uint32_t dp_port_max_mtu(const struct dp_port *p, const struct rte_eth_dev_info *info) {
    uint16_t has = p->mtu;
    if (p->mtu_fixed)
        return rte_eth_dev_get_mtu(p->id, &has) == 0 ? has : p->mtu;
    if (info->max_mtu != UINT16_MAX)
        return info->max_mtu;
    // As ethdev reckons for a driver that tells the length of a frame only.
    const uint32_t overhead = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
    uint32_t fits = info->max_rx_pktlen > overhead ? info->max_rx_pktlen - overhead : 0;
    return RTE_MIN(fits, (uint32_t)UINT16_MAX);
}

/** Without a switch in the driver an MTU below what it has is the dataplane's own limit. */
static int driver_mtu(const struct dp_port *p, uint16_t mtu) {
    uint16_t has;
    int rc = rte_eth_dev_set_mtu(p->id, mtu);
    return rc == -ENOTSUP && rte_eth_dev_get_mtu(p->id, &has) == 0 && mtu <= has ? 0 : rc;
}

int dp_port_set_mtu(uint32_t port, uint32_t mtu) {
    struct dp_port *p = used_port(port);
    if (!p)
        return -ENODEV;
    if (mtu + DP_FRAME_OVERHEAD > dp_ctx->config.mbuf_room)
        return -EMSGSIZE;
    int rc = driver_mtu(p, (uint16_t)mtu);
    if (rc == 0)
        p->mtu = (uint16_t)mtu;
    return rc;
}

/** AF_XDP (DPDK 22.11) has no switch for it: its frames are taken from the kernel's interface, which filters
 * by its own address. */
static int kernel_mac(unsigned if_index, const uint8_t *mac) {
    struct ifreq request = {0};
    if (!if_indextoname(if_index, request.ifr_name))
        return -errno;
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return -errno;
    request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    memcpy(request.ifr_hwaddr.sa_data, mac, 6);
    int rc = ioctl(s, SIOCSIFHWADDR, &request) == 0 ? 0 : -errno;
    close(s);
    return rc;
}

static int driver_mac(const struct dp_port *p, const uint8_t *mac) {
    struct rte_ether_addr address;
    struct rte_eth_dev_info info;
    memcpy(address.addr_bytes, mac, sizeof address.addr_bytes);
    int rc = rte_eth_dev_default_mac_addr_set(p->id, &address);
    if (rc != -ENOTSUP || rte_eth_dev_info_get(p->id, &info) != 0)
        return rc;
    if (info.if_index)
        return kernel_mac(info.if_index, mac);
    // Made by DPDK of nothing that filters (ring, memif): every frame comes anyway.
    const struct rte_bus *bus = info.device ? rte_dev_bus(info.device) : NULL;
    return bus && strcmp(rte_bus_name(bus), "vdev") == 0 ? 0 : -ENOTSUP;
}

int dp_port_set_mac(uint32_t port, const uint8_t *mac) {
    struct dp_port *p = used_port(port);
    if (!p)
        return -ENODEV;
    int rc = driver_mac(p, mac);
    if (rc)
        return rc;
    memcpy(p->previous_mac, p->mac, 6);
    memcpy(p->mac, mac, 6);
    return 0;
}

void dp_port_forget_mac(uint32_t port) {
    struct dp_port *p = used_port(port);
    if (p)
        memcpy(p->previous_mac, p->mac, 6);
}

int dp_port_own(uint32_t port, uint8_t *mac) {
    const struct dp_port *p = used_port(port);
    if (!p)
        return -ENODEV;
    memcpy(mac, p->mac, 6);
    return p->mtu;
}
