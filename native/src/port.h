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
};
static_assert(sizeof(struct dp_port_info) == 168, "port info");

DP_EXPORT int dp_port_info(uint32_t port, struct dp_port_info *out);
/** -1 leaves a setting as it is. */
DP_EXPORT int dp_port_set(uint32_t port, int promisc, int allmulticast, int forward2kni, int up);
/** Groups a port's filter is given at most; as many as the reference's. */
#define DP_MAX_GROUPS 1024
/** The multicast MACs to receive, six bytes each, instead of those before. -ENOTSUP: the driver has no such
 * filter. */
DP_EXPORT int dp_port_groups(uint32_t port, const uint8_t *macs, uint32_t n);
DP_EXPORT uint32_t dp_pool_available(void);
#endif
