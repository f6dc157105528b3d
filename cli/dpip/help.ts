// dpip's help pages: one for the program, one for each object, each with examples that can be pasted.
import { type HelpPage, quote, renderHelp, UsageError } from '../common/index.js';
import { optionTable } from './options.js';

const lines = (...parts: string[]): string => parts.join('\n');

const program: HelpPage = {
  usage: lines(
    'dpip [OPTIONS] OBJECT { COMMAND | help }',
    '',
    'Shows and changes the addresses, routes, neighbours and links of a node.',
  ),
  commands: [
    ['addr', 'addresses of ports: show, add, set, del, flush'],
    ['route', 'routes: show, add, del, flush'],
    ['neigh', 'neighbours (ARP, ND): show, add, del, flush'],
    ['link', 'ports and lcores: show, set'],
    ['maddr', 'multicast groups that ports receive: show'],
    ['status', 'is it serving; if not, why and what to do (exit code 0 only when serving)'],
    ['counters', 'what was dropped, punted or otherwise noticed, by reason'],
    ['slowpath', 'restart: replace the slow path; established connections go on'],
    ['save', 'the whole desired state, one request of the control API a line'],
    ['log', 'LEVEL: fatal, error, warn, info, debug or trace'],
  ],
  options: optionTable,
  examples: [
    ['dpip addr add 10.0.0.100/32 dev dpdk1', 'a VIP'],
    ['dpip route add 10.0.0.0/16 dev dpdk1', 'a network on the link'],
    ['dpip link show -s -i 1', 'packets a second of every port'],
    ['dpip route help', 'the page of an object'],
  ],
  epilogue: lines(
    'Options may stand anywhere. Exit codes: 0 done, 1 refused, 2 usage, 3 dataplane unreachable.',
    'vlan, tunnel, qsch, cls, ipv6, iftraf, eal-mem, ipset, flow and lldp are not built yet.',
  ),
};

const pages: Readonly<Record<string, HelpPage>> = {
  addr: {
    usage: lines(
      'dpip addr [show] [dev STRING]',
      'dpip addr { add | set } IFADDR dev STRING [LIFETIME] [SCOPE] [FLAGS]',
      'dpip addr del IFADDR dev STRING',
      'dpip addr flush dev STRING',
      '',
      'IFADDR   := { ADDR/PLEN | ADDR } [broadcast ADDR]',
      'SCOPE    := scope { host | link | global | NUM }',
      'LIFETIME := [valid_lft LFT] [preferred_lft LFT]',
      'LFT      := { forever | SECONDS }',
      'FLAGS    := sapool',
    ),
    examples: [
      ['dpip addr add 10.0.0.100/32 dev dpdk1', ''],
      ['dpip addr add 10.0.0.100/16 dev dpdk1', 'the VIP and the route of its network at once'],
      ['dpip addr add 123.1.2.3/24 dev dpdk1 sapool', 'with ports to translate from (SNAT)'],
      ['dpip -6 addr add 2001:db8::100 dev dpdk1', 'an IPv6 VIP, with 128 bits'],
      ['dpip -4 addr show dev dpdk1 --json', ''],
    ],
    epilogue: 'Local addresses of FullNAT are set with ipvsadm --add-laddr, which gives them their sapool.',
  },
  route: {
    usage: lines(
      'dpip route [show] [dev IFNAME]',
      'dpip route { add | del } PREFIX [via ADDR] dev IFNAME [SCOPE] [mtu MTU] [src ADDR] [metric NUM]',
      'dpip route flush dev IFNAME',
      '',
      'PREFIX := { ADDR/PLEN | ADDR | default }',
      'SCOPE  := { scope { host | kni_host | link | global | NUM } | local }',
    ),
    examples: [
      ['dpip route add 192.168.100.0/24 dev dpdk0', ''],
      ['dpip route add default via 123.1.2.1 dev dpdk1', ''],
      ['dpip -6 route add 2001:db8:b::/64 dev dpdk0', ''],
      ['dpip route add 172.10.0.2/32 dev dpdk1 scope kni_host', 'to the kernel behind dpdk1.kni'],
    ],
    epilogue: lines(
      'host and kni_host want a whole address (/32, /128). Without a scope it is link, or global with a gateway.',
      'IPv4 is shown; with -6 it is IPv6, with the kernel’s of every kni.',
    ),
  },
  neigh: {
    usage: lines(
      'dpip neigh [show] [dev IFNAME]',
      'dpip neigh add ADDR lladdr MAC dev IFNAME',
      'dpip neigh del ADDR [lladdr MAC] dev IFNAME',
      'dpip neigh flush [dev IFNAME]',
    ),
    examples: [
      ['dpip neigh add 10.0.0.1 lladdr a0:36:9f:9d:61:f4 dev dpdk1', 'static: never asked for, never expired'],
    ],
    epilogue: 'flush forgets what was learned; static entries stay.',
  },
  link: {
    usage: lines(
      'dpip link [show] [NIC] [-s] [-v] [-i SEC [-c N]]',
      'dpip link show { cpu | cpuN } [-s]',
      'dpip link set DEV { up | down }',
      'dpip link set DEV { promisc | allmulticast | forward2kni } { on | off }',
      'dpip link set DEV [mtu MTU] [addr MAC]',
    ),
    examples: [
      ['dpip link show dpdk0 -s', 'totals'],
      ['dpip link show dpdk0 -s -i 3 -c 10', 'rates of three seconds each, ten times'],
      ['dpip link set dpdk1 forward2kni on', 'copies every packet to dpdk1.kni, for tcpdump'],
      ['dpip link set dpdk1 mtu 1400', 'the port and dpdk1.kni; ip link set dpdk1.kni mtu 1400 does the same'],
    ],
    epilogue: lines(
      'An MTU above the largest in dpvs.conf may need larger packet buffers: set it there, and start dpvs.',
      'After another MAC the port announces all its addresses (gratuitous ARP, unsolicited advertisements).',
    ),
  },
  maddr: {
    usage: 'dpip maddr [show] [dev IFNAME] [-v]',
    examples: [
      ['dpip maddr show dev dpdk1', 'has ospfd joined 01:00:5e:00:00:05 (224.0.0.5) on dpdk1.kni?'],
      ['dpip maddr show -v', 'with who joined each, and whether the port filters or receives all multicast'],
    ],
    epilogue: lines(
      'The kernel joins groups on the kni, the dataplane those of its IPv6 addresses. A port whose driver cannot',
      'filter by a list receives all multicast, whatever allmulticast says.',
    ),
  },
  slowpath: {
    usage: 'dpip slowpath restart',
    examples: [
      ['dpip slowpath restart', 'established connections lose no packet; new ones wait for some milliseconds'],
    ],
  },
  status: {
    usage: 'dpip status [--json]',
    examples: [['dpip status > /dev/null || echo "this node does not serve"', 'exit code 0 only when serving']],
  },
  counters: {
    usage: 'dpip counters [-a] [-i SEC [-c N]]',
    examples: [
      ['dpip counters', 'those that counted anything'],
      ['dpip counters -a', 'all, with what each means'],
      ['dpip counters -i 1', 'with a column of what came a second'],
    ],
  },
  save: {
    usage: 'dpip save [--json]',
    examples: [['dpip save > node.jsonl', 'addresses, routes, neighbours, services: everything that was configured']],
  },
  log: {
    usage: 'dpip log { fatal | error | warn | info | debug | trace }',
    examples: [['dpip log debug', 'until the next start']],
  },
};

/** @throws {UsageError} a topic that is no object */
export function dpipHelp(topic: string | undefined, width: number): Promise<string> {
  if (topic === undefined) return renderHelp('dpip', program, width);
  if (!Object.hasOwn(pages, topic)) throw new UsageError(`no help for ${quote(topic)}`, "see 'dpip help'");
  return renderHelp('dpip', pages[topic], width);
}
