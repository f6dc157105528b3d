// The tutorial's own command lines and listings, for tests to compare with. Its listings lost their column blanks when the page was
// saved as text; `normalise` makes both sides comparable, and the formats are checked to the byte elsewhere.

/** Blanks at the ends go, runs of blanks become one. */
export const normalise = (lines: readonly string[]): string[] =>
  lines.map((line) => line.trim().replaceAll(/\s+/g, ' '));

/** The two-arm FullNAT script, without its comments. */
export const fullNatScript = [
  './dpip addr add 10.0.0.100/32 dev dpdk1',
  './dpip route add 10.0.0.0/16 dev dpdk1',
  './dpip route add 192.168.100.0/24 dev dpdk0',
  './ipvsadm -A -t 10.0.0.100:80 -s rr',
  './ipvsadm -a -t 10.0.0.100:80 -r 192.168.100.2 -b',
  './ipvsadm -a -t 10.0.0.100:80 -r 192.168.100.3 -b',
  './ipvsadm --add-laddr -z 192.168.100.200 -t 10.0.0.100:80 -F dpdk0',
] as const;

/** The OSPF script. */
export const ospfScript = [
  './dpip route add 192.168.100.0/24 dev dpdk0',
  './ipvsadm -A -t 123.1.2.3:80 -s rr',
  './ipvsadm -a -t 123.1.2.3:80 -r 192.168.100.2 -b',
  './ipvsadm -a -t 123.1.2.3:80 -r 192.168.100.3 -b',
  './ipvsadm --add-laddr -z 192.168.100.200 -t 123.1.2.3:80 -F dpdk0',
  './ipvsadm --add-laddr -z 192.168.100.201 -t 123.1.2.3:80 -F dpdk0',
  './dpip route add 172.10.0.2/32 dev dpdk1 scope kni_host',
] as const;

/** The direct-routing and keepalived sections' lines that are within dpip and ipvsadm, shell variables filled in. */
export const otherLines = [
  './dpip addr add 10.0.0.100/16 dev dpdk1',
  './dpip addr add 192.168.100.254/32 dev dpdk0',
  './ipvsadm -A -t 192.168.100.254:80 -s rr',
  './ipvsadm -a -t 192.168.100.254:80 -r 192.168.100.2 -g',
  './ipvsadm -a -t 192.168.100.254:80 -r 192.168.100.3 -g',
] as const;

/** The SNAT script, without its comments, shell variables filled in. */
export const snatScript = [
  './dpip addr add 123.1.2.3/24 dev dpdk1 sapool',
  './dpip addr add 192.168.100.1/24 dev dpdk0',
  './dpip route add default via 123.1.2.1 dev dpdk1',
  './ipvsadm -A -s rr -H proto=tcp,src-range=192.168.100.0-192.168.100.254,oif=dpdk1',
  './ipvsadm -a -H proto=tcp,src-range=192.168.100.0-192.168.100.254,oif=dpdk1 -r 123.1.2.3:0 -w 100 -J',
  './ipvsadm -A -s rr -H proto=icmp,src-range=192.168.100.0-192.168.100.254,oif=dpdk1',
  './ipvsadm -a -H proto=icmp,src-range=192.168.100.0-192.168.100.254,oif=dpdk1 -r 123.1.2.3:0 -w 100 -J',
] as const;

/** Not built yet. */
export const unbuiltLines = ['./dpip vlan add dpdk0.100 link dpdk0 proto 802.1q id 100'] as const;

export const addrShow = [
  'inet 10.0.0.100/32 scope global dpdk1',
  'valid_lft forever preferred_lft forever',
  'inet 192.168.100.200/32 scope global dpdk0',
  'valid_lft forever preferred_lft forever sa_used 0 sa_free 1032176 sa_miss 0',
] as const;

export const routeShow = [
  'inet 10.0.0.100/32 via 0.0.0.0 src 0.0.0.0 dev dpdk1 mtu 1500 tos 0 scope host metric 0 proto auto',
  'inet 192.168.100.200/32 via 0.0.0.0 src 0.0.0.0 dev dpdk0 mtu 1500 tos 0 scope host metric 0 proto auto',
  'inet 192.168.100.0/24 via 0.0.0.0 src 0.0.0.0 dev dpdk0 mtu 1500 tos 0 scope link metric 0 proto auto',
  'inet 10.0.0.0/16 via 0.0.0.0 src 0.0.0.0 dev dpdk1 mtu 1500 tos 0 scope link metric 0 proto auto',
] as const;

export const serviceList = [
  'IP Virtual Server version 0.0.0 (size=0)',
  'Prot LocalAddress:Port Scheduler Flags',
  '-> RemoteAddress:Port Forward Weight ActiveConn InActConn',
  'TCP 10.0.0.100:80 rr',
  '-> 192.168.100.2:80 FullNat 1 0 0',
  '-> 192.168.100.3:80 FullNat 1 0 0',
] as const;

export const laddrList = ['VIP:VPORT TOTAL SNAT_IP CONFLICTS CONNS', '10.0.0.100:80 1', '192.168.100.200 0 0'] as const;

/** The keepalived section's listing with two local addresses. */
export const laddrListOfTwo = [
  'VIP:VPORT TOTAL SNAT_IP CONFLICTS CONNS',
  '192.168.100.254:80 2',
  '192.168.100.200 0 0',
  '192.168.100.201 0 0',
] as const;
