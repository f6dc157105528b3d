// From a frame to a verdict: what to look up, where to punt, why to drop.
#ifndef DP_PARSE_H
#define DP_PARSE_H
#include "dp.h"

enum dp_verdict { V_LOOKUP, V_UPCALL, V_KNI, V_DROP, V_DONE };

/** One packet of a burst between parsing and execution. */
struct dp_pkt {
    struct rte_mbuf *m;
    uint64_t hash;
    struct dp_key key;
    uint32_t flow;
    uint16_t l3, l4;    // offsets from the frame's start
    uint16_t l4_length; // datagram bytes from l4 on
    uint16_t port;
    uint8_t verdict, reason; // reason: enum dp_drop for V_DROP, enum dp_punt for V_UPCALL and V_KNI
    uint8_t cls, proto, tcp_flags;
    uint8_t urgent; // goes to the kni's control ring
    uint8_t rounds; // times it was with the slow path already
};

void dp_parse(struct dp_pkt *p, const struct dp_port *port);
#endif
