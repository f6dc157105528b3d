// What the tests call each reason, and the counters that may bear it. The one place to change when a counter is renamed.

/** Several names: the specification leaves open which of them it is, each is right. */
type Names = string | readonly string[];

export const drops = {
  ethTruncated: 'eth_truncated',
  ethOtherHost: 'other_host',
  vlanUnknown: 'vlan_unknown',
  arpMalformed: 'arp_malformed',
  ip4Truncated: 'ip4_truncated',
  ip4Version: 'ip4_bad_version',
  ip4HeaderLength: 'ip4_bad_header_length',
  ip4TotalLength: 'ip4_bad_total_length',
  ip4Checksum: 'ip4_bad_checksum',
  ip4Source: 'ip4_bad_source',
  ip4Ttl: 'ip4_ttl',
  ip4Fragment: 'ip4_fragment',
  ip6Truncated: 'ip6_truncated',
  ip6Version: 'ip6_bad_version',
  ip6PayloadLength: 'ip6_bad_payload_length',
  ip6Extension: 'ip6_bad_extension',
  ip6Source: 'ip6_bad_source',
  ip6HopLimit: 'ip6_hop_limit',
  ip6Fragment: 'ip6_fragment',
  udp6NoChecksum: 'udp6_no_checksum',
  ndMalformed: 'nd_malformed',
  policy: 'policy',
  tcpTruncated: 'tcp_truncated',
  tcpOffset: 'tcp_bad_offset',
  udpTruncated: 'udp_truncated',
  udpLength: 'udp_bad_length',
  icmpTruncated: 'icmp_truncated',
  icmpChecksum: 'icmp_bad_checksum',
  noConnection: 'no_connection',
  noServer: 'no_server',
  noLocalAddress: 'no_local_port',
  noLocalPort: 'no_local_port',
  tableFull: ['conn_table_full', 'flow_table_full'],
  neighbourQueueFull: 'neighbour_queue_full',
  neighbourFailed: 'neighbour_failed',
  noRoute: 'no_route',
  forwardingOff: 'forwarding_off',
  mtuExceeded: 'mtu_exceeded',
  kniAbsent: 'kni_absent',
} as const satisfies Record<string, Names>;

export const punts = {
  ospf: 'ospf',
  multicast: 'multicast',
  kniHost: 'kni_host',
  arpKernel: 'arp_kernel',
  ndKernel: 'nd_kernel',
  notIp: 'not_ip',
  ip6: 'ipv6',
  local: 'local',
  noRoute: 'no_route_kni',
} as const satisfies Record<string, Names>;

/** Events by their share in the conservation of packets; see fuzz.test.ts. */
export const events = {
  /** Taken in and finished inside: not forwarded, not dropped. ARP answers go on to the kernel and so come out. */
  consumed: ['arp_answered', 'nd_answered', 'icmp_echo_answered'],
  /** Made inside and sent. */
  generated: [
    ...['arp_answered', 'arp_request_sent', 'nd_answered', 'nd_solicitation_sent'],
    ...['icmp_echo_answered', 'icmp_error_sent', 'tcp_rst_sent'],
  ],
} as const;

export type Drop = keyof typeof drops;
export type Punt = keyof typeof punts;

const list = (names: Names): readonly string[] => (typeof names === 'string' ? [names] : names);
export const dropCounters = (id: Drop): readonly string[] => list(drops[id]).map((name) => `drop.${name}`);
export const puntCounters = (id: Punt): readonly string[] => list(punts[id]).map((name) => `punt.${name}`);
