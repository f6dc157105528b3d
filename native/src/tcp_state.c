// The reference's state tables, for connections of which both directions pass the balancer or the client's
// only.
#include "tcp_state.h"
#include "dp.h"

enum { SYN, FIN, ACK, RST, EVENTS };

#define NO TS_NONE
#define ES TS_ES
#define SS TS_SS
#define SR TS_SR
#define FW TS_FW
#define TW TS_TW
#define CL TS_CL
#define CW TS_CW
#define LA TS_LA
#define LI TS_LI
#define SA TS_SA
#define GO TS_GONE

// clang-format off
static const uint8_t next_state[3][EVENTS][TS_COUNT + 1] = {
    { // client → real server
        /*         NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA  GO */
        [SYN] = { SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR, GO },
        [FIN] = { CL, CW, SS, TW, TW, TW, CL, CW, LA, LI, TW, GO },
        [ACK] = { CL, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES, GO },
        [RST] = { CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, SR, GO },
    },
    { // real server → client
        [SYN] = { SS, ES, SS, SR, SS, SS, SS, SS, SS, LI, SR, GO },
        [FIN] = { TW, FW, SS, TW, FW, TW, CL, TW, LA, LI, TW, GO },
        [ACK] = { ES, ES, SS, ES, FW, TW, CL, CW, LA, ES, ES, GO },
        [RST] = { CL, CL, SS, CL, CL, TW, CL, CL, CL, CL, CL, GO },
    },
    { // client → real server, whose answers go another way
        [SYN] = { SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR, GO },
        [FIN] = { CL, FW, SS, TW, FW, TW, CL, CW, LA, LI, TW, GO },
        [ACK] = { CL, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES, GO },
        [RST] = { CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL, GO },
    },
};
// clang-format on

uint8_t dp_tcp_next(uint8_t state, uint8_t tcp_flags, enum dp_tcp_seen seen) {
    unsigned event;
    if (tcp_flags & TCP_RST)
        event = RST;
    else if (tcp_flags & TCP_SYN)
        event = SYN;
    else if (tcp_flags & TCP_FIN)
        event = FIN;
    else if (tcp_flags & TCP_ACK)
        event = ACK;
    else
        return state;
    return next_state[seen][event][state];
}
