// Bringing the dataplane up: EAL, memory, ports, lcores. Called by the control thread before any packet
// moves.
#ifndef DP_SETUP_H
#define DP_SETUP_H
#include "dp.h"

/** rte_eal_init with the caller's CPU affinity kept. Returns 0 or a negative errno. */
DP_EXPORT int dp_eal_init(int argc, char **argv);
/** Replaces this process's program; argv[0] is a path, NULL the last. Returns only when that fails: a
 * negative errno. */
DP_EXPORT int dp_exec(char **argv);
/** Allocates the context. `words` is struct dp_config as 32-bit words. Returns 0 or a negative errno. */
DP_EXPORT int dp_create(const uint32_t *words, uint32_t n_words);
/** Makes an lcore record for EAL lcore `eal_id`; returns our index or a negative errno. */
DP_EXPORT int dp_lcore_add(uint32_t eal_id);
/** Probes a PCI address or vdev string and gives it a slot; with `existing` set, takes DPDK port `dpdk_id`
 * instead. */
DP_EXPORT int dp_port_probe(const char *devargs, int existing);
/** Configures and starts queues. Counts above what the driver has are lowered, MTU 0 is the largest that it
 * and the buffers take; returns 0 or a negative errno. */
DP_EXPORT int dp_port_start(uint32_t port, uint32_t rxq, uint32_t txq, uint32_t rxd, uint32_t txd,
                            uint32_t mtu, uint32_t promisc, uint32_t allmulticast);
/** Makes port `kni` the kernel's side of `port`. */
DP_EXPORT int dp_port_pair(uint32_t port, uint32_t kni);
DP_EXPORT int dp_lcore_poll(uint32_t lcore, uint32_t port, uint32_t queue);
/** Starts the loops of all lcores. */
DP_EXPORT int dp_start(void);
DP_EXPORT void dp_stop(void);
/** Stops and closes every port; removes TAPs. */
DP_EXPORT void dp_close(void);
DP_EXPORT const char *dp_error(void);
#endif
