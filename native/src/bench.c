// The generator costs as much in both modes: it fills the headers of recycled buffers from the connection's
// number.
#include "bench.h"
#include "checksum.h"
#include "deliver.h"
#include "headers.h"
#include "lcore.h"
#include "slow_path.h"
#include "testing.h"
#include <errno.h>
#include <rte_cycles.h>

#define FRAME 60
#define VIP 0x0a000064u
#define LIP 0xc0a864c8u
#define RIP 0xc0a86402u

static int ports[2] = {-1, -1};
static uint32_t made;

static int make_ports(void) {
    static const uint8_t mac[2][6] = {{2, 0xbe, 0, 0, 0, 0}, {2, 0xbe, 0, 0, 0, 1}};
    for (int i = 0; i < 2; i++) {
        ports[i] = dp_test_port(i ? "bench_lan" : "bench_wan", mac[i]);
        if (ports[i] < 0 || dp_port_start((uint32_t)ports[i], 1, 1, 256, 256, 1500, 0, 0) != 0)
            return -EIO;
        static const uint8_t nobody[16];
        dp_next_hop_set(1 + (uint32_t)i, 0x0200, 0xbeef0000u + (uint32_t)i, (uint32_t)ports[i], NH_RESOLVED,
                        nobody, 1);
    }
    return 0;
}

/** Connection i's addresses: clients 11.0.0.0/8, local ports spread over as many local addresses as needed.
 */
static uint32_t client_of(uint32_t i) {
    return 0x0b000000u + i;
}
static uint32_t lip_of(uint32_t i) {
    return LIP + i / 60000;
}
static uint16_t lport_of(uint32_t i) {
    return (uint16_t)(1025 + i % 60000);
}

int dp_bench_flows(uint32_t n) {
    if (ports[0] < 0 && make_ports() != 0)
        return -EIO;
    for (; made < n; made++) {
        struct dp_answer *a = &dp_ctx->answer_batch[0];
        memset(a, 0, sizeof *a);
        a->op = DP_OP_NEW_CONN;
        a->client4 = client_of(made);
        a->client_port = 4000;
        a->vip4 = VIP;
        a->vip_port = 53;
        a->lip4 = lip_of(made);
        a->lip_port = lport_of(made);
        a->rip4 = RIP;
        a->rip_port = 53;
        a->proto = PROTO_UDP;
        a->flags_in = DP_F_NAT;
        a->flags_out = DP_F_NAT | DP_F_OUT;
        a->next_hop_in = 2;
        a->next_hop_out = 1;
        a->mtu_in = a->mtu_out = 1500;
        a->dest = 1;
        dp_commit(1);
        if (!a->result)
            return -ENOSPC;
    }
    return 0;
}

static void fill(struct rte_mbuf *m, uint32_t conn, int out) {
    uint8_t *f = rte_pktmbuf_mtod(m, uint8_t *);
    struct eth_hdr *eth = (struct eth_hdr *)f;
    struct ip4_hdr *ip = (struct ip4_hdr *)(f + 14);
    struct udp_hdr *u = (struct udp_hdr *)(f + 34);
    memcpy(eth->dst, dp_ctx->ports[ports[out]].mac, 6);
    ip->src_be = be32(out ? RIP : client_of(conn));
    ip->dst_be = be32(out ? lip_of(conn) : VIP);
    u->sport_be = be16(out ? 53 : 4000);
    u->dport_be = be16(out ? lport_of(conn) : 53);
    ip->checksum = 0;
    ip->checksum = (uint16_t)~dp_fold(dp_sum(ip, 20));
    m->data_len = FRAME;
    m->pkt_len = FRAME;
}

static void template(struct rte_mbuf *m) {
    uint8_t *f = rte_pktmbuf_mtod(m, uint8_t *);
    memset(f, 0, FRAME);
    struct ip4_hdr *ip = (struct ip4_hdr *)(f + 14);
    ((struct eth_hdr *)f)->type_be = be16(ETH_IP4);
    memset(((struct eth_hdr *)f)->src, 2, 6);
    ip->version_ihl = 0x45;
    ip->total_length_be = be16(FRAME - 14);
    ip->ttl = 64;
    ip->proto = PROTO_UDP;
    ((struct udp_hdr *)(f + 34))->length_be = be16(FRAME - 34);
    ((struct udp_hdr *)(f + 34))->checksum = 0x1234;
}

static void bare_loop(struct dp_lcore *lc, struct rte_mbuf **m, uint16_t n, uint16_t port) {
    for (uint16_t i = 0; i < n; i++) {
        struct eth_hdr *eth = rte_pktmbuf_mtod(m[i], struct eth_hdr *);
        uint8_t mac[6];
        memcpy(mac, eth->dst, 6);
        memcpy(eth->dst, eth->src, 6);
        memcpy(eth->src, mac, 6);
        lc->stats->ibytes += m[i]->pkt_len;
        dp_send(lc, m[i], port);
    }
    lc->stats->ipackets += n;
}

int dp_bench_run(uint32_t flows, uint32_t packets, uint32_t bare, uint8_t *out) {
    struct dp_lcore *lc = dp_ctx->lcores[0];
    struct rte_mbuf *m[DP_BURST], *sent[DP_BURST];
    uint64_t cycles = 0, state = 0x9e3779b97f4a7c15ull;
    if (flows > made || flows == 0)
        return -EINVAL;
    if (rte_pktmbuf_alloc_bulk(dp_ctx->pool, m, DP_BURST) != 0)
        return -ENOMEM;
    for (int i = 0; i < DP_BURST; i++)
        template(m[i]);
    for (uint32_t done = 0; done < packets; done += DP_BURST) {
        int dir = (done / DP_BURST) & 1;
        for (int i = 0; i < DP_BURST; i++) {
            state = state * 6364136223846793005ull + 1442695040888963407ull;
            fill(m[i], (uint32_t)((state >> 33) % flows), dir);
        }
        if (dp_test_queue((uint32_t)ports[dir], m, DP_BURST) != DP_BURST)
            return -ENOBUFS;
        // Only the dataplane's own work is timed: receive from the port, process, send to the port.
        uint64_t start = rte_rdtsc();
        lc->now_ms = dp_now_ms();
        uint16_t n = rte_eth_rx_burst(dp_ctx->ports[ports[dir]].id, 0, m, DP_BURST);
        if (bare)
            bare_loop(lc, m, n, (uint16_t)ports[!dir]);
        else
            dp_process(lc, m, n, (uint16_t)ports[dir]);
        dp_flush(lc);
        cycles += rte_rdtsc() - start;
        if (dp_test_unqueue((uint32_t)ports[!dir], sent, DP_BURST) != DP_BURST)
            return -EPROTO;
        memcpy(m, sent, sizeof m);
    }
    rte_pktmbuf_free_bulk(m, DP_BURST);
    double ns = (double)cycles * 1e9 / (double)dp_ctx->tsc_hz / packets;
    memcpy(out, &ns, sizeof ns);
    return 0;
}
