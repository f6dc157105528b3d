// Bounds and sanity of everything the fast path will read; nothing behind this file checks a length again.
#include "parse.h"
#include "checksum.h"
#include "flow_table.h"
#include "headers.h"
#include "verdict.h"

/** RFC 1122, 3.2.1.3: addresses that never are a sender's. */
static inline bool bad_source(uint32_t src, uint32_t dst) {
    uint8_t top = (uint8_t)(src >> 24);
    return top >= 224 || top == 127 || top == 0 || src == dst;
}

/** Echoes may be a connection's. */
static inline void parse_icmp(struct dp_pkt *p, const uint8_t *frame) {
    if (p->l4_length < 8)
        return drop(p, DP_DROP_ICMP_TRUNCATED);
    const uint8_t *icmp = frame + p->l4;
    uint16_t what = (uint16_t)(icmp[0] << 8 | icmp[1]);
    upcall(p, DP_PUNT_ICMP, DP_CLASS_LOCAL);
    if (what != DP_ICMP_REQUEST && what != DP_ICMP_REPLY)
        return;
    memcpy(&p->key.sport_be, icmp + 4, 2);
    p->key.dport_be = be16(what);
    p->verdict = V_LOOKUP;
}

static void parse_ip4(struct dp_pkt *p, const struct dp_port *port, const uint8_t *frame, uint32_t length) {
    if (length < p->l3 + sizeof(struct ip4_hdr))
        return drop(p, DP_DROP_IP4_TRUNCATED);
    const struct ip4_hdr *ip = (const struct ip4_hdr *)(frame + p->l3);
    uint32_t header = (ip->version_ihl & 15u) * 4;
    if (ip->version_ihl >> 4 != 4)
        return drop(p, DP_DROP_IP4_BAD_VERSION);
    if (header < sizeof *ip)
        return drop(p, DP_DROP_IP4_BAD_HEADER_LENGTH);
    if (length < p->l3 + header)
        return drop(p, DP_DROP_IP4_TRUNCATED);
    uint32_t total = be16(ip->total_length_be);
    if (total < header || p->l3 + total > length)
        return drop(p, DP_DROP_IP4_BAD_TOTAL_LENGTH);
    if (dp_fold(dp_sum(ip, header)) != 0xffff)
        return drop(p, DP_DROP_IP4_BAD_CHECKSUM);
    uint32_t src = be32(ip->src_be), dst = be32(ip->dst_be);
    const struct eth_hdr *eth = (const struct eth_hdr *)frame;
    // Ethernet pads to 60 bytes; what follows the datagram is not part of it.
    if (p->l3 + total < length)
        rte_pktmbuf_trim(p->m, (uint16_t)(length - p->l3 - total));
    p->l4 = (uint16_t)(p->l3 + header);
    p->l4_length = (uint16_t)(total - header);
    p->proto = ip->proto;
    if (bad_source(src, dst))
        return drop(p, DP_DROP_IP4_BAD_SOURCE);
    // Before every other rule, whole or in pieces: the adjacency outlives whatever else is wrong (peers.md
    // 0.4).
    if (ip->proto == PROTO_OSPF)
        return kni(p, DP_PUNT_OSPF, true);
    // 224.0.0.0/24 is the protocols' own (RFC 5771): VRRP, IGMP. Other groups and broadcasts can be floods.
    if (dst >> 28 == 14 || dst == 0xffffffff || group_mac(eth->dst))
        return kni(p, DP_PUNT_MULTICAST, dst >> 8 == 0xe00000);
    if (!own_mac(port, eth->dst))
        return drop(p, DP_DROP_OTHER_HOST);
    if (ip->ttl == 0)
        return drop(p, DP_DROP_IP4_TTL);
    if (be16(ip->fragment_be) & IP4_FRAGMENT_MASK)
        return upcall(p, DP_PUNT_FRAGMENT, DP_CLASS_LOCAL);
    p->key.family = 4;
    p->key.proto = ip->proto;
    p->key.zone = 0;
    p->key.src4_be = ip->src_be;
    p->key.dst4_be = ip->dst_be;
    if (ip->proto == PROTO_TCP)
        return parse_tcp(p, frame);
    if (ip->proto == PROTO_UDP)
        return parse_udp(p, frame);
    if (ip->proto == PROTO_ICMP)
        return parse_icmp(p, frame);
    upcall(p, DP_PUNT_OTHER_PROTO, DP_CLASS_LOCAL);
}

void dp_parse(struct dp_pkt *p, const struct dp_port *port) {
    struct rte_mbuf *m = p->m;
    p->flow = 0;
    p->proto = p->tcp_flags = p->urgent = 0;
    p->l3 = p->l4 = sizeof(struct eth_hdr);
    p->l4_length = 0;
    if (m->nb_segs != 1)
        return drop(p, DP_DROP_MULTI_SEGMENT);
    uint32_t length = m->data_len;
    if (length < sizeof(struct eth_hdr))
        return drop(p, DP_DROP_ETH_TRUNCATED);
    const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
    const struct eth_hdr *eth = (const struct eth_hdr *)frame;
    switch (be16(eth->type_be)) {
    case ETH_IP4:
        return parse_ip4(p, port, frame, length);
    case ETH_ARP:
        if (!group_mac(eth->dst) && !own_mac(port, eth->dst))
            return drop(p, DP_DROP_OTHER_HOST);
        return upcall(p, DP_PUNT_ARP, DP_CLASS_ARP);
    case ETH_IP6:
        return dp_parse_ip6(p, port, frame, length);
    default:
        return kni(p, DP_PUNT_NOT_IP, false);
    }
}
