// Hooks for tests and benchmarks.
#ifndef DP_TESTING_H
#define DP_TESTING_H
#include "setup.h"

/** A port made of two rings (DPDK's net_ring): what is sent to it is received by the dataplane and the
 * reverse. */
DP_EXPORT int dp_test_port(const char *name, const uint8_t *mac);
DP_EXPORT int dp_test_send(uint32_t port, const uint8_t *frame, uint32_t length);
/** Length of the next frame the dataplane sent by the port, or -EAGAIN. */
DP_EXPORT int dp_test_receive(uint32_t port, uint8_t *out, uint32_t room);
/** Undoes dp_create and the test ports, so that another context can be made. */
DP_EXPORT void dp_test_destroy(void);
DP_EXPORT uint32_t dp_test_turn(uint32_t lcore);
DP_EXPORT void dp_test_advance(uint32_t ms);
/** Packets inside: in upcall rings, on their way back, on their way to a kni. */
DP_EXPORT uint32_t dp_test_queued(void);
/** Frames not yet received by the dataplane. */
DP_EXPORT uint32_t dp_test_unread(void);
/** Frames sent and not yet taken by dp_test_receive. */
DP_EXPORT uint32_t dp_test_unsent(void);
/** The same without copies, for the generator. */
unsigned dp_test_queue(uint32_t port, struct rte_mbuf **m, unsigned n);
unsigned dp_test_unqueue(uint32_t port, struct rte_mbuf **m, unsigned n);
#endif
