// A port as the control thread sees it.
#ifndef DP_PORT_H
#define DP_PORT_H
#include "setup.h"

struct dp_port_info {
    uint64_t stats[8]; // ipackets opackets ibytes obytes ierrors oerrors imissed rx_nombuf
    uint64_t rx_offloads, tx_offloads;
    uint32_t speed, duplex, autoneg, link, promisc, allmulticast, up, forward2kni;
    uint32_t mtu, n_rxq, n_txq, socket;
    uint8_t mac[6];
    char driver[32];
    uint8_t spare[2];
    uint32_t max_mtu; // that the driver takes; the packet buffers may hold less
    uint32_t spare4;
};
static_assert(sizeof(struct dp_port_info) == 176, "port info");

DP_EXPORT int dp_port_info(uint32_t port, struct dp_port_info *out);
/** -1 leaves a setting as it is. */
DP_EXPORT int dp_port_set(uint32_t port, int promisc, int allmulticast, int forward2kni, int up);
/** Sets it in the driver. Returns 0 or a negative errno: -EMSGSIZE, the packet buffers hold less; -ENOTSUP,
 * more than a driver without the switch has. */
DP_EXPORT int dp_port_set_mtu(uint32_t port, uint32_t mtu);
/** Six bytes. Sets it in the driver or, where that cannot, on the kernel's interface that the port is made
 * of. Frames for the address before are received until dp_port_forget_mac(). Returns 0 or a negative errno.
 */
DP_EXPORT int dp_port_set_mac(uint32_t port, const uint8_t *mac);
DP_EXPORT void dp_port_forget_mac(uint32_t port);
/** The MAC, six bytes, and the MTU in force as the result; a negative errno. Callable from any thread. */
DP_EXPORT int dp_port_own(uint32_t port, uint8_t *mac);
/** The largest that rte_eth_dev_set_mtu() takes. */
uint32_t dp_port_max_mtu(const struct dp_port *p, const struct rte_eth_dev_info *info);
/** Bytes of a buffer beside the IP packet: Ethernet and two VLAN tags, and room for the client address
 * option. As in dataplane/node/buffer-room.ts. */
#define DP_FRAME_OVERHEAD 86u
/** Groups a port's filter is given at most; as many as the reference's. */
#define DP_MAX_GROUPS 1024
/** The multicast MACs to receive, six bytes each, instead of those before. -ENOTSUP: the driver has no such
 * filter. */
DP_EXPORT int dp_port_groups(uint32_t port, const uint8_t *macs, uint32_t n);
DP_EXPORT uint32_t dp_pool_available(void);
#endif
