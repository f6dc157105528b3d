// Wire formats and word access. Packets are read through memcpy-free packed structs; every access is after a
// bounds check in parse.c.
#ifndef DP_HEADERS_H
#define DP_HEADERS_H
#include <stdint.h>

#define be16(x) __builtin_bswap16(x)
#define be32(x) __builtin_bswap32(x)

struct eth_hdr {
    uint8_t dst[6], src[6];
    uint16_t type_be;
} __attribute__((packed));

struct ip4_hdr {
    uint8_t version_ihl, tos;
    uint16_t total_length_be, id_be, fragment_be;
    uint8_t ttl, proto;
    uint16_t checksum;
    uint32_t src_be, dst_be;
} __attribute__((packed));

struct ipv6_hdr {
    uint32_t version_class_label;
    uint16_t payload_length_be;
    uint8_t next, hop_limit;
    uint8_t src[16], dst[16]; // the order of struct dp_key
} __attribute__((packed));

struct tcp_hdr {
    uint16_t sport_be, dport_be;
    uint32_t seq_be, ack_be;
    uint8_t offset, flags;
    uint16_t window_be, checksum, urgent_be;
} __attribute__((packed));

struct udp_hdr {
    uint16_t sport_be, dport_be, length_be, checksum;
} __attribute__((packed));

#define ETH_IP4 0x0800
#define ETH_ARP 0x0806
#define ETH_IP6 0x86dd
#define PROTO_ICMP 1
#define PROTO_TCP 6
#define PROTO_UDP 17
#define PROTO_ICMP6 58
#define PROTO_OSPF 89
#define IP6_HOP_BY_HOP 0
#define IP6_ROUTING 43
#define IP6_FRAGMENT 44
#define IP6_DESTINATION 60
#define IP6_FRAGMENT_MASK 0xfff9 // offset and more-fragments bit
#define ICMP6_SOLICITATION 135
#define ICMP6_ADVERTISEMENT 136
#define IP4_DF 0x4000
#define IP4_FRAGMENT_MASK 0x3fff // more-fragments bit and offset
#define TCPOPT_EOL 0
#define TCPOPT_NOP 1
#define TCPOPT_MSS 2
#define TCPOPT_SACK 5
#define TCPOPT_TIMESTAMP 8
#define TCPOPT_TOA 254
#endif
