// Every reason to drop or punt a packet, and every event worth counting: the one table. Names are stable;
// TypeScript reads them at load.
#ifndef DP_REASONS_H
#define DP_REASONS_H

// clang-format off
#define DP_DROP_REASONS(X) \
    X(ETH_TRUNCATED, "eth_truncated", "frame shorter than an Ethernet header") \
    X(IP4_TRUNCATED, "ip4_truncated", "frame shorter than the IPv4 header it starts") \
    X(IP4_BAD_VERSION, "ip4_bad_version", "EtherType IPv4 with another version in the header") \
    X(IP4_BAD_HEADER_LENGTH, "ip4_bad_header_length", "IHL below 5") \
    X(IP4_BAD_TOTAL_LENGTH, "ip4_bad_total_length", "total length below the header's or beyond the frame") \
    X(IP4_BAD_CHECKSUM, "ip4_bad_checksum", "IPv4 header checksum wrong") \
    X(IP4_BAD_SOURCE, "ip4_bad_source", "source is multicast, broadcast, loopback, 0.0.0.0/8 or the destination itself") \
    X(IP4_TTL, "ip4_ttl", "TTL 0 on arrival or used up") \
    X(IP4_FRAGMENT, "ip4_fragment", "fragment of service traffic, or of what a match service takes") \
    X(IP6_TRUNCATED, "ip6_truncated", "frame shorter than the IPv6 header") \
    X(IP6_BAD_VERSION, "ip6_bad_version", "EtherType IPv6 with another version in the header") \
    X(IP6_BAD_PAYLOAD_LENGTH, "ip6_bad_payload_length", "payload length beyond the frame") \
    X(IP6_BAD_EXTENSION, "ip6_bad_extension", "IPv6 extension header truncated or out of order; for a service also too many, or a source route") \
    X(IP6_BAD_SOURCE, "ip6_bad_source", "source is multicast, loopback or the destination itself; for a service also unspecified") \
    X(IP6_HOP_LIMIT, "ip6_hop_limit", "hop limit 0 on arrival, or used up") \
    X(IP6_FRAGMENT, "ip6_fragment", "IPv6 fragment of service traffic") \
    X(UDP6_NO_CHECKSUM, "udp6_no_checksum", "UDP over IPv6 to a service without the checksum that is mandatory there") \
    X(ND_MALFORMED, "nd_malformed", "neighbour solicitation or advertisement that RFC 4861 says to discard") \
    X(TCP_TRUNCATED, "tcp_truncated", "datagram shorter than the TCP header") \
    X(TCP_BAD_OFFSET, "tcp_bad_offset", "TCP data offset below 5 or beyond the segment") \
    X(UDP_TRUNCATED, "udp_truncated", "datagram shorter than the UDP header") \
    X(UDP_BAD_LENGTH, "udp_bad_length", "UDP length below 8 or beyond the datagram") \
    X(ICMP_TRUNCATED, "icmp_truncated", "datagram shorter than the ICMP header") \
    X(ICMP_BAD_CHECKSUM, "icmp_bad_checksum", "ICMP checksum wrong") \
    X(ARP_MALFORMED, "arp_malformed", "ARP packet truncated or not IPv4 over Ethernet") \
    X(MULTI_SEGMENT, "multi_segment", "frame larger than one buffer") \
    X(OTHER_HOST, "other_host", "frame addressed to another station") \
    X(NO_CONNECTION, "no_connection", "packet to a VIP, or of a match service, that opens nothing and belongs to no connection") \
    X(NO_SERVER, "no_server", "no real server of the service can take a connection") \
    X(NO_LOCAL_PORT, "no_local_port", "no local address of the service, or WAN address of the match service, has a free port") \
    X(FLOW_TABLE_FULL, "flow_table_full", "the flow table is full") \
    X(CONN_TABLE_FULL, "conn_table_full", "the connection table is full") \
    X(NEIGHBOUR_QUEUE_FULL, "neighbour_queue_full", "too many packets wait for one unresolved neighbour, or for all") \
    X(NEIGHBOUR_FAILED, "neighbour_failed", "the neighbour did not answer ARP or neighbour solicitations") \
    X(NO_ROUTE, "no_route", "no route to the real server or the client") \
    X(SERVER_OFF_LINK, "server_off_link", "real server of direct routing that the route reaches through a gateway only") \
    X(FORWARDING_OFF, "forwarding_off", "transit packet, and this node is no router") \
    X(MTU_EXCEEDED, "mtu_exceeded", "larger than the MTU of the port it would leave by") \
    X(KNI_QUEUE_FULL, "kni_queue_full", "the kernel does not take packets from the kni fast enough") \
    X(KNI_ABSENT, "kni_absent", "for the kernel, but the port has no kni") \
    X(UPCALL_QUEUE_FULL, "upcall_queue_full", "the slow path does not take upcalls fast enough") \
    X(UPCALL_RATE, "upcall_rate", "upcall class over its rate limit") \
    X(INJECT_QUEUE_FULL, "inject_queue_full", "an lcore does not take packets from the slow path fast enough") \
    X(TX_QUEUE_FULL, "tx_queue_full", "the port does not take packets fast enough") \
    X(LINK_DOWN, "link_down", "the port was set down") \
    X(POLICY, "policy", "the slow path discarded it without another reason") \
    X(SUSPECT, "suspect", "was with the slow path each of the last times it died") \
    X(CONN_EXPIRED, "conn_expired", "waited in a queue for a connection that is gone")

#define DP_PUNT_REASONS(X) \
    X(OSPF, "ospf", "IP protocol 89, fragments too, to the kni") \
    X(MULTICAST, "multicast", "multicast or broadcast IPv4, to the kni") \
    X(NOT_IP, "not_ip", "EtherType that is neither IPv4 nor ARP, to the kni") \
    X(IPV6, "ipv6", "IPv6 that is not for an address of the dataplane, to the kni") \
    X(KNI_HOST, "kni_host", "destination is a kni_host route, to the kni") \
    X(LOCAL, "local", "for an address of this node, without a handler here, to the kni") \
    X(NO_ROUTE, "no_route_kni", "no route covers the destination, to the kni") \
    X(ARP_KERNEL, "arp_kernel", "ARP for an address that is not the dataplane's, to the kni") \
    X(ND_KERNEL, "nd_kernel", "neighbour discovery about an address that is not the dataplane's, and all advertisements, to the kni") \
    X(ARP, "arp", "ARP, to the slow path") \
    X(ND, "nd", "neighbour solicitation or advertisement, to the slow path") \
    X(ICMP, "icmp", "ICMP or ICMPv6, to the slow path") \
    X(MISS, "miss", "TCP or UDP without a flow entry, to the slow path") \
    X(FRAGMENT, "fragment", "IPv4 fragment, to the slow path") \
    X(OTHER_PROTO, "other_protocol", "another IP protocol, to the slow path") \
    X(NO_NEXT_HOP, "no_next_hop", "flow whose next hop has no MAC yet, to the slow path") \
    X(PATH_CHANGED, "path_changed", "client of a connection without a route comes from another station, to the slow path") \
    X(TTL, "ttl_expired", "TTL or hop limit used up at this node, to the slow path") \
    X(TOO_BIG, "too_big", "larger than the outgoing MTU, to the slow path")

#define DP_EVENTS(X) \
    X(TOA_ADDED, "toa_added", "segments that got the client's address as a TCP option") \
    X(TOA_NO_ROOM, "toa_no_room", "segments without room for it in the TCP header") \
    X(TOA_OVER_MTU, "toa_over_mtu", "segments that would not fit the MTU with it") \
    X(TOA_FORGED, "toa_forged", "address options of clients that were blanked") \
    X(KNI_TX, "kni_tx", "packets handed to the kernel") \
    X(KNI_RX, "kni_rx", "packets from the kernel to the wire") \
    X(UPCALLS, "upcalls", "packets handed to the slow path") \
    X(INJECTED, "injected", "packets the slow path gave back") \
    X(ARP_ANSWERED, "arp_answered", "ARP requests for addresses of this node that were answered") \
    X(ARP_REQUEST_SENT, "arp_request_sent", "ARP requests made here") \
    X(ND_ANSWERED, "nd_answered", "neighbour solicitations for addresses of this node that were answered") \
    X(ND_SOLICITATION_SENT, "nd_solicitation_sent", "neighbour solicitations made here") \
    X(ADDRESS_ANNOUNCED, "address_announced", "gratuitous ARP and unsolicited advertisements, after a port got another MAC") \
    X(ICMP_ECHO_ANSWERED, "icmp_echo_answered", "echo requests to addresses of this node that were answered") \
    X(ICMP_ERROR_SENT, "icmp_error_sent", "ICMP errors made here") \
    X(TCP_RST_SENT, "tcp_rst_sent", "resets made here, two for each connection that idled out") \
    X(CONNS_CREATED, "conns_created", "connections created") \
    X(CONNS_EXPIRED, "conns_expired", "connections removed") \
    X(CONNS_RESET, "conns_reset", "established connections that idled out and were reset both ways") \
    X(SLOWPATH_REQUEUED, "slowpath_requeued", "packets taken back from a dead slow path and run again")

#define DP_ENUM(prefix, id) prefix##id
enum dp_drop {
#define X(id, name, text) DP_DROP_##id,
    DP_DROP_REASONS(X)
#undef X
    DP_DROP_COUNT
};
enum dp_punt {
#define X(id, name, text) DP_PUNT_##id,
    DP_PUNT_REASONS(X)
#undef X
    DP_PUNT_COUNT
};
enum dp_event {
#define X(id, name, text) DP_EVENT_##id,
    DP_EVENTS(X)
#undef X
    DP_EVENT_COUNT
};
// clang-format on
#endif
