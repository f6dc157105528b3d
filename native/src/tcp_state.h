// TCP state of a connection as the balancer sees it.
#ifndef DP_TCP_STATE_H
#define DP_TCP_STATE_H
#include <stdint.h>

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10

/** Whose segment it is, and whether the other end's are seen here at all. */
enum dp_tcp_seen { DP_TCP_FROM_CLIENT, DP_TCP_FROM_SERVER, DP_TCP_CLIENT_ONLY };

/** The state after a segment. */
uint8_t dp_tcp_next(uint8_t state, uint8_t tcp_flags, enum dp_tcp_seen seen);
#endif
