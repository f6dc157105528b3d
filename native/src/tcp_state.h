// TCP state of a connection as the balancer sees it.
#ifndef DP_TCP_STATE_H
#define DP_TCP_STATE_H
#include <stdint.h>

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10

/** The state after a segment; `out` is real server → client. */
uint8_t dp_tcp_next(uint8_t state, uint8_t tcp_flags, int out);
#endif
