// The action executor: the only place where packets are rewritten.
#ifndef DP_EXECUTE_H
#define DP_EXECUTE_H
#include "parse.h"

/** Runs the entry's actions on the packet. On success fills `out_port`; else sets the packet's verdict and
 * reason. */
bool dp_execute(struct dp_lcore *lc, struct dp_pkt *p, uint16_t *out_port);
#endif
