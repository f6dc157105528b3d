// The set of IPv6 addresses that are the dataplane's own: every other IPv6 packet is the kernel's, without
// the slow path. The rule is the reverse of IPv4's kni_host set, because nothing of IPv6 is routed here.
#ifndef DP_OWN6_SET_H
#define DP_OWN6_SET_H
#include "dp.h"

struct dp_own6_slot {
    _Atomic uint64_t half[2]; // network order; zero is empty
};

int dp_own6_set_create(void);
/** Is the address one of the dataplane's? Any thread. */
bool dp_own6_address(const uint8_t *address);
/** Replaces the set by n addresses of 16 bytes; writer only. 0, or -1 when there are too many. */
DP_EXPORT int dp_own6_set_replace(const uint8_t *addresses, uint32_t n);
#endif
