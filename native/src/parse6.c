// IPv6 (RFC 8200): what is for an address of the dataplane goes on, all else is the kernel's as it came.
#include "headers.h"
#include "own6_set.h"
#include "verdict.h"

/** Extension headers of one packet; longer chains are a burden and nothing else. */
#define MAX_EXTENSIONS 8

enum chain { CHAIN_WHOLE, CHAIN_FRAGMENT, CHAIN_ROUTED, CHAIN_LONG, CHAIN_BROKEN };

/** Finds the upper layer behind the extension headers: its protocol and offset go to `p`. */
static enum chain walk(struct dp_pkt *p, const uint8_t *frame, uint8_t next, uint32_t end) {
    uint32_t at = p->l3 + sizeof(struct ipv6_hdr);
    enum chain found = CHAIN_WHOLE;
    for (int i = 0;; i++) {
        p->proto = next;
        p->l4 = (uint16_t)at;
        p->l4_length = (uint16_t)(end - at);
        bool fragment = next == IP6_FRAGMENT;
        if (!fragment && next != IP6_HOP_BY_HOP && next != IP6_ROUTING && next != IP6_DESTINATION)
            return found;
        // RFC 8200, 4.1: hop-by-hop options stand first or not at all.
        if (end - at < 8 || (next == IP6_HOP_BY_HOP && i > 0))
            return CHAIN_BROKEN;
        if (i == MAX_EXTENSIONS)
            return CHAIN_LONG;
        uint32_t length = fragment ? 8 : (frame[at + 1] + 1u) * 8;
        if (length > end - at)
            return CHAIN_BROKEN;
        // With segments left the destination is only the next one, and the checksum is about the last.
        if (next == IP6_ROUTING && frame[at + 3] > 0)
            found = CHAIN_ROUTED;
        next = frame[at];
        // An atomic fragment is a whole packet (RFC 6946).
        if (fragment && ((frame[at + 2] << 8 | frame[at + 3]) & IP6_FRAGMENT_MASK)) {
            p->proto = next;
            return CHAIN_FRAGMENT;
        }
        at += length;
    }
}

static inline bool unspecified(const uint8_t *address) {
    static const uint8_t zero[16];
    return memcmp(address, zero, 16) == 0;
}

/** RFC 4291, 2.5.3 and 2.7: never a sender's. */
static inline bool bad_source(const struct ipv6_hdr *ip) {
    static const uint8_t loopback[16] = {[15] = 1};
    return ip->src[0] == 0xff || memcmp(ip->src, loopback, 16) == 0 || memcmp(ip->src, ip->dst, 16) == 0;
}

/** Up to the scope of a site or a bulk transfer, the kernel's routing protocols and its link come first. */
static inline bool urgent(const struct dp_pkt *p, const struct ipv6_hdr *ip) {
    bool link_local = ip->dst[0] == 0xfe && (ip->dst[1] & 0xc0) == 0x80;
    bool link_group = ip->dst[0] == 0xff && (ip->dst[1] & 15) <= 2;
    return link_local || link_group || p->proto == PROTO_ICMP6;
}

/** What is wrong with it matters for the dataplane's own traffic only: the kernel judges for itself. */
static void refuse_own(struct dp_pkt *p, const struct ipv6_hdr *ip, enum dp_drop reason) {
    if (dp_own6_address(ip->dst))
        return drop(p, reason);
    kni(p, DP_PUNT_IPV6, urgent(p, ip));
}

static void parse_own_icmp6(struct dp_pkt *p, const struct ipv6_hdr *ip) {
    if (!dp_own6_address(ip->dst))
        return kni(p, DP_PUNT_IPV6, true);
    if (p->l4_length < 8)
        return drop(p, DP_DROP_ICMP_TRUNCATED);
    upcall(p, DP_PUNT_ICMP, DP_CLASS_LOCAL);
}

void dp_parse_ip6(struct dp_pkt *p, const struct dp_port *port, const uint8_t *frame, uint32_t length) {
    if (length < p->l3 + sizeof(struct ipv6_hdr))
        return drop(p, DP_DROP_IP6_TRUNCATED);
    const struct ipv6_hdr *ip = (const struct ipv6_hdr *)(frame + p->l3);
    if (frame[p->l3] >> 4 != 6)
        return drop(p, DP_DROP_IP6_BAD_VERSION);
    uint32_t end = p->l3 + (uint32_t)sizeof *ip + be16(ip->payload_length_be);
    if (end > length)
        return drop(p, DP_DROP_IP6_BAD_PAYLOAD_LENGTH);
    if (end < length)
        rte_pktmbuf_trim(p->m, (uint16_t)(length - end));
    enum chain chain = walk(p, frame, ip->next, end);
    if (chain == CHAIN_BROKEN)
        return drop(p, DP_DROP_IP6_BAD_EXTENSION);
    if (bad_source(ip))
        return drop(p, DP_DROP_IP6_BAD_SOURCE);
    if (p->proto == PROTO_OSPF)
        return kni(p, DP_PUNT_OSPF, true);
    const struct eth_hdr *eth = (const struct eth_hdr *)frame;
    bool group = group_mac(eth->dst) || ip->dst[0] == 0xff;
    if (!group && !own_mac(port, eth->dst))
        return drop(p, DP_DROP_OTHER_HOST);
    // Both the kernel and the dataplane have neighbours; the slow path knows whose this is.
    bool nd = p->proto == PROTO_ICMP6 && chain == CHAIN_WHOLE && p->l4_length > 0 &&
              (frame[p->l4] == ICMP6_SOLICITATION || frame[p->l4] == ICMP6_ADVERTISEMENT);
    if (nd)
        return upcall(p, DP_PUNT_ND, DP_CLASS_ARP);
    if (group)
        return kni(p, DP_PUNT_IPV6, urgent(p, ip));
    if (chain != CHAIN_WHOLE)
        return refuse_own(p, ip, chain == CHAIN_FRAGMENT ? DP_DROP_IP6_FRAGMENT : DP_DROP_IP6_BAD_EXTENSION);
    if (unspecified(ip->src))
        return refuse_own(p, ip, DP_DROP_IP6_BAD_SOURCE);
    if (ip->hop_limit == 0)
        return refuse_own(p, ip, DP_DROP_IP6_HOP_LIMIT);
    p->key.family = 6;
    p->key.proto = p->proto;
    p->key.zone = 0;
    memcpy(p->key.addr6, ip->src, 32);
    if (p->proto == PROTO_TCP)
        return parse_tcp(p, frame);
    if (p->proto == PROTO_UDP) {
        // RFC 8200, 8.1: receivers discard it. A checksum cannot be corrected that is not there.
        if (p->l4_length >= 8 && ((const struct udp_hdr *)(frame + p->l4))->checksum == 0)
            return refuse_own(p, ip, DP_DROP_UDP6_NO_CHECKSUM);
        return parse_udp(p, frame);
    }
    if (p->proto == PROTO_ICMP6)
        return parse_own_icmp6(p, ip);
    kni(p, DP_PUNT_IPV6, urgent(p, ip));
}
