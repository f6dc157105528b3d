// The lcore loop and its pieces; tests and the benchmark step it by hand.
#ifndef DP_LCORE_H
#define DP_LCORE_H
#include "parse.h"

uint32_t dp_now_ms(void);
/** One turn: receive, process, answers of the slow path, kni, flush. Returns the number of packets handled.
 */
uint32_t dp_lcore_turn(struct dp_lcore *lc);
/** Runs turns until dp->stop; naps when idle unless told to spin. EAL launches it on every worker lcore. */
int dp_lcore_main(void *lcore);
/** Parses, looks up and executes; consumes every buffer. */
void dp_process(struct dp_lcore *lc, struct rte_mbuf **pkts, uint16_t n, uint16_t port);
#endif
