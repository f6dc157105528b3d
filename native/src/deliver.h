// Where a packet ends: a port, a kni, the slow path, or a counter.
#ifndef DP_DELIVER_H
#define DP_DELIVER_H
#include "parse.h"

void dp_send(struct dp_lcore *lc, struct rte_mbuf *m, uint16_t port);
void dp_flush(struct dp_lcore *lc);
/** To the kni of `port`; urgent ones (routing protocols, ARP) have a queue of their own. */
void dp_to_kni(struct dp_lcore *lc, struct rte_mbuf *m, uint16_t port, bool urgent);
void dp_drain_kni(struct dp_lcore *lc);
void dp_upcall(struct dp_lcore *lc, struct dp_pkt *p);
/** Whether an upcall that is not needed for the packet itself is welcome: there is a token, which dp_upcall
 * takes, and the ring is not half full. */
bool dp_may_upcall(struct dp_lcore *lc, enum dp_class cls);
void dp_drop(struct dp_lcore *lc, struct rte_mbuf *m, enum dp_drop reason);
void dp_doorbell(void);
#endif
