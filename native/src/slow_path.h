// What the slow path calls: take upcalls, give answers, sweep connections, set next hops. One thread at a
// time.
#ifndef DP_SLOW_PATH_H
#define DP_SLOW_PATH_H
#include "dp.h"

/** Blocks until an upcall is queued, dp_kick() is called or the time is over. Returns 1 when something is
 * queued. */
DP_EXPORT int dp_wait(int timeout_ms);
/** Wakes dp_wait; callable from any thread. */
DP_EXPORT void dp_kick(void);
/** Fills the upcall batch, highest class first. Returns the number taken; the buffers are the caller's until
 * answered. */
DP_EXPORT uint32_t dp_upcall_burst(uint32_t max);
/** Carries out the first n records of the answer batch; each record's `result` says how it went. */
DP_EXPORT void dp_commit(uint32_t n);
/** n fresh buffers: handles to out[2i], byte offsets of their data to out[2i+1]. Returns how many there were.
 */
DP_EXPORT uint32_t dp_alloc(uint32_t *out, uint32_t n);
/** Looks at up to `budget` connection records from where it stopped; idle ones go to the sweep batch. Returns
 * how many. */
DP_EXPORT uint32_t dp_sweep(uint32_t budget);
/** Removes the first n connections of the sweep batch. */
DP_EXPORT void dp_conn_remove(uint32_t n);
/** `address`: 16 bytes, see struct dp_next_hop_info. */
DP_EXPORT void dp_next_hop_set(uint32_t index, uint32_t mac_high, uint32_t mac_low, uint32_t port,
                               uint32_t state, const uint8_t *address, uint32_t kind);
/** Gives all next hops by the port its present MAC as source. Returns how many had another. */
DP_EXPORT uint32_t dp_next_hops_source(uint32_t port);
/** Runs again what a dead slow path was holding. Returns how many packets. */
DP_EXPORT uint32_t dp_requeue_held(void);
/** Index of the entry for an IPv4 tuple (host order), or 0. */
DP_EXPORT uint32_t dp_find4(uint32_t src, uint32_t dst, uint32_t sport, uint32_t dport, uint32_t proto,
                            uint32_t zone);
/** The same for IPv6; `addresses` is the source and the destination, 32 bytes. */
DP_EXPORT uint32_t dp_find6(const uint8_t *addresses, uint32_t sport, uint32_t dport, uint32_t proto,
                            uint32_t zone);
/** The dataplane's clock in milliseconds, the one in connection records. */
DP_EXPORT uint32_t dp_clock_ms(void);
#endif
