// The set of kni_host addresses without services: packets for them reach the kernel without the slow path.
#ifndef DP_KNI_SET_H
#define DP_KNI_SET_H
#include "dp.h"

int dp_kni_set_create(void);
/** Is the address (network order) in the set? Any thread. */
bool dp_kni_address(uint32_t address_be);
/** Replaces the set; writer only. 0, or -1 when there are too many. */
DP_EXPORT int dp_kni_set_replace(const uint32_t *addresses, uint32_t n);

/** Of a set with two copies: waits until no lcore can still read the spare one, which went out of use when
 * `seen` was noted; a loop lasts microseconds. */
void dp_await_readers(const uint64_t *seen);
void dp_note_readers(uint64_t *seen);
#endif
