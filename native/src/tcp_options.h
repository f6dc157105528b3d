// Edits of TCP headers in place; every one keeps the checksum right.
#ifndef DP_TCP_OPTIONS_H
#define DP_TCP_OPTIONS_H
#include "dp.h"
#include "headers.h"

#define DP_TOA4_LENGTH 8
#define DP_TOA6_LENGTH 20

/** Blanks (NOP) every option of `kind`; with `toa` the kind is 254 and any length counts. Returns how many.
 */
int dp_tcp_blank(struct tcp_hdr *t, uint8_t kind);
/** Lowers an MSS option by `by`; absent stays absent. */
void dp_tcp_lower_mss(struct tcp_hdr *t, uint16_t by);
/** Subtracts `delta` from both edges of every SACK block (RFC 2018). */
void dp_tcp_shift_sack(struct tcp_hdr *t, uint32_t delta);
/**
 * Inserts kind 254 (port, address; network order) behind the base header, before other options. `toa` is the
 * option's length, which says the family: DP_TOA4_LENGTH or DP_TOA6_LENGTH. `l4` is the TCP header's offset
 * in the frame, `l3` IP's. Returns false when the header has no room; the packet is then unchanged.
 */
bool dp_tcp_insert_toa(struct rte_mbuf *m, uint16_t l3, uint16_t l4, const uint8_t *address, uint16_t toa,
                       uint16_t port_be);
#endif
