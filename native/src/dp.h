// Layouts and limits shared by the fast path and, through layout.c, by TypeScript. Byte order: "be" in a name
// is network order, else host.
#ifndef DP_H
#define DP_H
#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_mempool.h>
#include <rte_ethdev.h>
#include <rte_spinlock.h>
#include "reasons.h"

#define DP_EXPORT __attribute__((visibility("default")))

// ---- limits, each with its reason
// --------------------------------------------------------------------------------
#define DP_MAX_PORTS 32         // ports and their kni; the reference has 64 of DPDK's
#define DP_MAX_LCORES 64        // the reference's limit
#define DP_MAX_RXQ 64           // (port, queue) pairs of one lcore
#define DP_BURST 32             // fits L1 with its parse results; larger bursts only add latency
#define DP_NEXT_HOPS 65536      // neighbours in the lower half, return paths learnt from frames in the upper
#define DP_DESTS 65536          // real servers of all services
#define DP_KNI_ADDRESSES 131072 // slots of the kni_host set; half may be used: as many as there can be routes
#define DP_OWN6_ADDRESSES 131072 // slots of the set of the dataplane's IPv6 addresses; half may be used
#define DP_KNI_RING 2048         // as the reference's per-device ring
#define DP_UPCALL_BATCH 256      // upcalls handed over in one call
#define DP_OP_BATCH 1024         // answers taken in one call
#define DP_SWEEP_BATCH 1024      // expired connections reported in one call
#define DP_ROUNDS 8              // times one packet may go up and down, so that none circles for ever
#define DP_DEATH_ROUNDS                                                                                      \
    4 // what a packet is charged that was with a slow path when it died: it may be the cause

// ---- flow entry
// ---------------------------------------------------------------------------------------------------

/** Exact-match key. IPv4 uses words 0 and 1 only, so that it hashes and compares 16 bytes; IPv6 uses all 40.
 * Of ICMP echoes are looked up, by their identifier. */
struct dp_key {
    union {
        struct {
            uint16_t sport_be, dport_be; // ICMP: identifier; type and code
            uint8_t proto, family;       // family: 4 or 6
            uint16_t zone;               // port group (VRF)
            union {
                struct {
                    uint32_t src4_be, dst4_be;
                };
                uint8_t addr6[32]; // source, destination
            };
        };
        uint64_t w[5];
    };
};
static_assert(sizeof(struct dp_key) == 40, "key");

enum dp_flow_flags {
    DP_F_NAT = 1 << 0,        // rewrite addresses and ports
    DP_F_OUT = 1 << 1,        // real server → client
    DP_F_TOA = 1 << 2,        // carry the client's address until the server's first data is acknowledged
    DP_F_SEQ = 1 << 3,        // shift sequence numbers by the connection's delta
    DP_F_MSS = 1 << 4,        // lower the SYN-ACK's MSS by the size of the address option
    DP_F_NO_TS = 1 << 5,      // blank the SYN's timestamp option
    DP_F_TTL = 1 << 6,        // decrement TTL
    DP_F_KNI = 1 << 7,        // to the kni of the port it came by
    DP_F_DROP = 1 << 8,       // discard
    DP_F_REWRITE_L2 = 1 << 9, // DR: only the next hop changes; the connection has no entry for the way back
    DP_F_RETURN = 1 << 10,    // answers go where the client's packets come from: watch for another way
    DP_F_IP6 = 1 << 11,       // the key's family, where the executor looks anyway
    DP_F_SNAT = 1 << 12,      // both ways of SNAT: the "real server", a host behind the node, opened it
};

/** One cache line. IPv6's remaining addresses are in a parallel slab, so that IPv4 flows neither pay nor
 * touch them. */
struct dp_flow {
    union {
        uint64_t w[2]; // the key's first words; all of an IPv4 key
        struct {
            uint16_t sport_be, dport_be;
            uint8_t proto, family;
            uint16_t zone;
            uint32_t src4_be, dst4_be;
        } key;
    };
    uint32_t conn;
    uint32_t next_hop;
    uint32_t dest; // index of the real server's counters
    uint16_t flags;
    uint16_t l3_delta; // ones'-complement sums of new minus old (RFC 1624)
    uint16_t l4_delta;
    uint16_t new_sport_be, new_dport_be;
    uint16_t mtu; // of the route and port it leaves by
    uint32_t new_src4_be, new_dst4_be;
    uint8_t return_mac[6]; // DP_F_RETURN: the station the answers go back to
    uint16_t return_port;  // and the port it is at
    uint64_t spare2;
} __attribute__((aligned(64)));
static_assert(sizeof(struct dp_flow) == 64, "flow entry");

/** What an IPv6 entry has beyond struct dp_flow, same index. The first eight bytes of the new addresses are
 * where IPv4 has both of its own. */
struct dp_flow6 {
    uint64_t key_rest[3];
    uint8_t new_addr6_rest[24];
};
static_assert(sizeof(struct dp_flow6) == 48, "IPv6 part of a flow entry");
static_assert(offsetof(struct dp_flow, new_dst4_be) == offsetof(struct dp_flow, new_src4_be) + 4,
              "eight bytes in a row");
static_assert(2 * (sizeof(struct dp_flow) + sizeof(struct dp_flow6)) + 64 + 2 * 16 <= 320,
              "a connection in all");

/** Eight entries a cache line; tags are 16 bits of the hash, index 0 is empty. Entries never move, so readers
 * need no retry. */
struct dp_bucket {
    _Alignas(64) uint16_t tag[8];
    _Atomic uint32_t index[8];
    _Atomic uint32_t next; // overflow bucket, 0 is none
    uint32_t spare[3];
};
static_assert(sizeof(struct dp_bucket) == 64, "bucket");

// ---- connection record
// ----------------------------------------------------------------------------------------------

enum dp_tcp_state { TS_NONE, TS_ES, TS_SS, TS_SR, TS_FW, TS_TW, TS_CL, TS_CW, TS_LA, TS_LI, TS_SA, TS_COUNT };
#define TS_GONE TS_COUNT // removed: an lcore that still holds the record changes nothing any more
enum dp_udp_state { US_NONE, US_ONEWAY, US_NORMAL };
enum dp_conn_flags {
    DP_C_USED = 1,
    DP_C_RS_SEQ = 2,   // rs_isn_next is valid
    DP_C_TOA_DONE = 4, // the server's first data was acknowledged
    DP_C_RESET = 8,    // resets of the idle connection are on their way
};

/** An lcore for each direction and the slow path write it at once: `state` changes by compare-and-exchange
 * and `flags` by atomic or and and, the rest is whole words of which the last written is good. */
struct dp_conn {
    _Alignas(64) uint32_t flow_in; // client → real server
    uint32_t flow_out;             // 0 for DR: the server's answers do not pass here
    uint32_t last_seen_ms;
    uint32_t seq_delta;   // server side minus client side
    uint32_t rs_isn_next; // the server's initial sequence number plus one
    uint32_t rs_snd_nxt, rs_rcv_nxt;
    uint8_t state, proto;
    uint8_t flags;
    uint8_t lcore; // that saw it last, for listings
    uint32_t dest, service;
    uint32_t local_address; // the LIP, of SNAT the WAN address, host order; 0 for IPv6, whose is in the entry
                            // towards the server
    uint16_t local_port;    // host order; 0: none was taken (DR). Of ICMP an identifier
    uint16_t local_bucket;  // which port pool of the address
    uint32_t timeout_s;     // overrides the state's when not 0
    uint32_t created_ms;
    uint32_t spare;
};
static_assert(sizeof(struct dp_conn) == 64, "connection record");

// ---- next hop
// ---------------------------------------------------------------------------------------------------------

enum dp_next_hop_state { NH_FREE, NH_UNRESOLVED, NH_RESOLVED, NH_FAILED };

/** 16 bytes, written and read by one aligned 128-bit access (atomic on every x86 with AVX), so a reader never
 * sees half a MAC. */
struct dp_next_hop {
    _Alignas(16) uint8_t dst_mac[6];
    uint8_t src_mac[6];
    uint16_t port;
    uint8_t state;
    uint8_t spare;
};
static_assert(sizeof(struct dp_next_hop) == 16, "next hop");

/** What a restarted slow path needs to know of a next hop, written by the slow path only. */
struct dp_next_hop_info {
    uint8_t address[16]; // of the neighbour, IPv4 mapped (RFC 4291, 2.5.5.2); zero for a return path
    uint32_t kind;       // 0 free, 1 neighbour, 2 static neighbour, 3 return path
    uint32_t spare[3];
};
static_assert(sizeof(struct dp_next_hop_info) == 32, "next hop info");

/** Which real server a counter slot belongs to, for a restarted slow path; written by the slow path only. */
struct dp_dest_info {
    uint8_t vip[16], rip[16]; // IPv4 mapped; of a match service a digest of the match is in the VIP's place
    uint16_t vip_port, rip_port;
    uint8_t proto;
    uint8_t used; // 0 free, 1 of a VIP's service, 2 of a match service
    uint16_t spare[5];
};
static_assert(sizeof(struct dp_dest_info) == 48, "dest info");

// ---- upcalls and answers
// ------------------------------------------------------------------------------------------------

/** Priority classes, the first is served first. */
enum dp_class { DP_CLASS_ARP, DP_CLASS_LOCAL, DP_CLASS_NEW, DP_CLASS_STRAY, DP_CLASSES };

/** Kept in the mbuf's private area while it is the slow path's. */
struct dp_meta {
    uint16_t port;
    uint8_t cls, reason;
    uint8_t lcore;
    uint8_t op;   // enum dp_op, on the way back
    uint8_t held; // the slow path owns the buffer
    uint8_t proto;
    uint16_t l3, l4;
    uint16_t out_port;
    uint8_t tcp_flags;
    uint8_t rounds; // times it went up, at most DP_ROUNDS
    uint32_t flow;  // the entry it hit, for no_next_hop and too_big
    uint32_t spare[3];
};
static_assert(sizeof(struct dp_meta) == 32, "meta");

/** One upcall as TypeScript reads it: sixteen 32-bit words, host order. */
struct dp_upcall {
    uint32_t handle; // of the mbuf
    uint32_t data;   // byte offset of the frame from the pool's base
    uint32_t length;
    uint16_t port;
    uint8_t cls, reason;
    uint16_t l3, l4;
    uint8_t proto, tcp_flags, lcore, rounds;
    uint32_t src4, dst4; // 0 for IPv6: read from the frame
    uint16_t sport, dport;
    uint32_t seq, ack;
    uint32_t flow;  // for no_next_hop and too_big: the entry it hit
    uint8_t family; // 4, 6, or 0 for ARP
    uint8_t spare8[3];
    uint32_t spare[3];
};
static_assert(sizeof(struct dp_upcall) == 64, "upcall");

/** Type and code of an echo request and of its answer, where a key has a port. */
#define DP_ICMP_REQUEST 0x0800
#define DP_ICMP_REPLY 0x0000

enum dp_op { DP_OP_NEW_CONN = 1, DP_OP_RUN, DP_OP_OUTPUT, DP_OP_KNI, DP_OP_DROP, DP_OP_COPY_KNI };

/** One answer of the slow path: 32-bit words, host order. NEW_CONN makes the entries, two or of DR one, and
 * runs the packet through them. For DR the LIP is the client's own address, the LIP's port 0. For SNAT client
 * and LIP are the remote end, the VIP is the WAN address with the port from its pool, the server is the host
 * behind the node; ports of ICMP are identifiers, the remote end's is DP_ICMP_REQUEST. */
struct dp_answer {
    uint32_t op, handle;
    uint32_t port;   // OUTPUT: where to; KNI: whose kni; DROP: reason; RUN: the port it "came" by, UINT32_MAX
                     // leaves it
    uint32_t length; // OUTPUT and RUN of a built packet: frame length, 0 leaves it
    uint32_t result; // NEW_CONN: connection index, or 0 and the drop reason in `port`
    uint32_t client4, vip4, lip4, rip4;
    uint16_t client_port, vip_port, lip_port, rip_port;
    uint32_t proto, flags_in, flags_out;
    uint32_t next_hop_in, next_hop_out;
    uint32_t dest, service, local_address, local_bucket, timeout_s;
    uint32_t zone;
    uint32_t reason; // KNI: punt reason to count
    uint32_t mtu_in, mtu_out;
    uint32_t family; // of NEW_CONN: 6 takes the addresses below, anything else those above
    uint32_t spare[6];
    uint8_t client6[16], vip6[16], lip6[16], rip6[16];
};
static_assert(sizeof(struct dp_answer) == 192, "answer");

// ---- counters
// --------------------------------------------------------------------------------------------------------------

struct dp_dest_stats {
    uint64_t in_pkts, out_pkts, in_bytes, out_bytes, conns;
    int32_t established; // this lcore's share: enters minus leaves
    // SYNs of the server, and resets instead of one: how it answers attempts to connect
    uint32_t accepted, refused;
    uint32_t spare[3];
};
static_assert(sizeof(struct dp_dest_stats) == 64, "dest stats");

struct dp_lcore_stats {
    uint64_t drop[64], punt[24], event[24];
    uint64_t loops, bursts, empty_bursts, full_bursts, half_bursts, over_half_bursts;
    uint64_t ipackets, ibytes, opackets, obytes;
    uint64_t sleeps, spare[5];
};
static_assert(DP_DROP_COUNT <= 64 && DP_PUNT_COUNT <= 24 && DP_EVENT_COUNT <= 24, "counter arrays");

// ---- the context
// -------------------------------------------------------------------------------------------------------------

struct dp_tx_queue {
    uint16_t count;
    struct rte_mbuf *pkts[DP_BURST * 2];
};

struct dp_token_bucket {
    uint64_t tokens, last_tsc; // tokens in units of one packet << 16
};

struct dp_lcore {
    _Alignas(64) uint32_t id; // our index, 0-based; counters slot too
    unsigned eal_id;
    _Atomic uint32_t running;
    _Atomic uint64_t quiescent; // odd never; +1 a loop
    uint32_t now_ms;
    uint32_t n_rxq;
    struct {
        uint16_t port, queue;
    } rxq[DP_MAX_RXQ];
    uint16_t tx_queue_of[DP_MAX_PORTS];
    struct rte_ring *inject;
    struct dp_dest_stats *dests;
    struct dp_lcore_stats *stats;
    struct dp_token_bucket bucket[DP_CLASSES];
    struct dp_tx_queue tx[DP_MAX_PORTS];
    uint64_t idle_rounds;
};

struct dp_port {
    uint16_t id; // DPDK's
    bool used, is_kni, up, forward2kni, shared_tx;
    uint16_t peer; // port ↔ kni, UINT16_MAX for none
    uint16_t mtu, n_rxq, n_txq;
    uint8_t mac[6];
    // Received as well, until the neighbours have heard of a new one; else the same.
    uint8_t previous_mac[6];
    bool mtu_fixed;               // the driver has no switch for it
    int allmulti_socket;          // 0: none
    struct rte_ring *kni_ring[2]; // of the kni port: control, bulk
    rte_spinlock_t tx_lock;
};

struct dp_config {
    uint32_t flow_capacity, conn_capacity;
    uint32_t spin;          // 1: never sleep
    uint32_t idle_sleep_us; // the longest nap
    uint32_t class_rate[DP_CLASSES], class_burst[DP_CLASSES];
    uint32_t upcall_ring;
    uint32_t mbufs, mbuf_room, mbuf_cache;
};

struct dp {
    struct dp_config config;
    uint64_t hash_seed[4];
    uint64_t tsc_hz;
    uint64_t tsc_start;
    _Atomic int64_t clock_offset_ms; // tests move the clock
    // pool
    struct rte_mempool *pool;
    uint8_t *pool_base;
    uint64_t pool_size;
    // flow table
    struct dp_bucket *buckets;
    uint32_t bucket_mask, overflow_capacity;
    struct dp_flow *flows;
    struct dp_flow6 *flows6;
    struct dp_conn *conns;
    uint32_t *flow_free, flow_free_count, flow_capacity;
    uint32_t *conn_free, conn_free_count, conn_capacity;
    uint32_t *overflow_free, overflow_free_count;
    uint32_t flows_used, conns_used;
    struct dp_grace *grace;
    struct dp_next_hop *next_hops;
    struct dp_next_hop_info *next_hop_info;
    struct dp_dest_info *dest_info;
    _Atomic(_Atomic uint32_t *) kni_addresses; // open addressing, network order, 0 empty
    _Atomic uint32_t *kni_spare;               // the other copy, rebuilt and swapped in
    uint64_t kni_seen[DP_MAX_LCORES];          // quiescent counts at the last swap
    _Atomic(struct dp_own6_slot *) own6;       // the same for the dataplane's IPv6 addresses
    struct dp_own6_slot *own6_spare;
    uint64_t own6_seen[DP_MAX_LCORES];
    uint32_t timeout_ms[2][TS_COUNT]; // [0] TCP by state, [1] UDP by state
    uint32_t sweep_cursor, conn_high; // highest record ever used: the sweep goes no further
    // ports and lcores
    struct dp_port ports[DP_MAX_PORTS];
    uint32_t n_lcores;
    struct dp_lcore *lcores[DP_MAX_LCORES + 1]; // the last one used is the slow path's counters
    _Atomic uint32_t stop;
    // upcalls
    struct rte_ring *upcall[DP_CLASSES];
    int doorbell;
    _Atomic uint32_t slow_path_sleeping;
    struct dp_upcall *upcall_batch;
    struct dp_answer *answer_batch;
    uint32_t *sweep_batch;
};

/** The one context. */
extern struct dp *dp_ctx;

static inline struct dp_meta *dp_meta(struct rte_mbuf *m) {
    return (struct dp_meta *)rte_mbuf_to_priv(m);
}
/** Handles are 64-byte steps from the pool's base, so 32 bits reach 256 GiB. */
static inline uint32_t dp_handle(const struct rte_mbuf *m) {
    return (uint32_t)(((const uint8_t *)m - dp_ctx->pool_base) >> 6);
}
static inline struct rte_mbuf *dp_mbuf(uint32_t handle) {
    return (struct rte_mbuf *)(dp_ctx->pool_base + ((uint64_t)handle << 6));
}

#define DP_COUNT(lc, kind, id) ((lc)->stats->kind[id]++)
#endif
