// ipvsadm's words as data: its commands and its options, each by letter and by name.
import type { OptionSpec } from '../common/index.js';

export type CommandKey =
  | 'add-service'
  | 'edit-service'
  | 'delete-service'
  | 'flush'
  | 'restore'
  | 'save'
  | 'add-server'
  | 'edit-server'
  | 'delete-server'
  | 'list'
  | 'zero'
  | 'set'
  | 'start-daemon'
  | 'stop-daemon'
  | 'add-laddr'
  | 'del-laddr'
  | 'get-laddr'
  | 'add-blklst'
  | 'del-blklst'
  | 'get-blklst'
  | 'add-whtlst'
  | 'del-whtlst'
  | 'get-whtlst'
  | 'help'
  | 'version';

const command = (key: CommandKey, short: string | undefined, long: readonly string[], help: string) => ({
  key,
  short,
  long,
  help,
});

export const commandTable: readonly OptionSpec<CommandKey>[] = [
  command('add-service', 'A', ['add-service'], 'add a virtual service'),
  command('edit-service', 'E', ['edit-service'], 'replace a virtual service; what is not given is its default again'),
  command('delete-service', 'D', ['delete-service'], 'delete a virtual service'),
  command('flush', 'C', ['clear'], 'delete every service'),
  command('restore', 'R', ['restore'], 'run the lines of standard input, as --save wrote them'),
  command('save', 'S', ['save'], 'print the lines that make the services anew'),
  command('add-server', 'a', ['add-server'], 'add a real server to a service'),
  command('edit-server', 'e', ['edit-server'], 'replace a real server; what is not given is its default again'),
  command('delete-server', 'd', ['delete-server'], 'delete a real server from a service'),
  command('list', 'Ll', ['list'], 'list services, connections (-c) or timeouts (--timeout)'),
  command('zero', 'Z', ['zero'], 'set the counters of a service, or of all, to zero'),
  { ...command('set', undefined, ['set'], 'idle seconds; 0 leaves one as it is'), value: 'TCP TCPFIN UDP', count: 3 },
  command('add-laddr', 'P', ['add-laddr'], 'add a local address (LIP) to a service'),
  command('del-laddr', 'Q', ['del-laddr'], 'delete a local address from a service'),
  command('get-laddr', 'G', ['get-laddr'], 'list the local addresses'),
  command('help', 'h', ['help'], 'this page'),
  command('version', 'v', ['version'], 'the version'),
];

/** The reference's commands that this node has not built. */
export const unbuiltCommandTable: readonly OptionSpec<CommandKey>[] = [
  { ...command('start-daemon', undefined, ['start-daemon'], ''), value: 'STATE' },
  { ...command('stop-daemon', undefined, ['stop-daemon'], ''), value: 'STATE' },
  command('add-blklst', 'U', ['add-blklst'], ''),
  command('del-blklst', 'V', ['del-blklst'], ''),
  command('get-blklst', 'B', ['get-blklst'], ''),
  command('add-whtlst', 'O', ['add-whtlst'], ''),
  command('del-whtlst', 'Y', ['del-whtlst'], ''),
  command('get-whtlst', 'W', ['get-whtlst'], ''),
];

export type OptionKey =
  | 'tcp-service'
  | 'udp-service'
  | 'match'
  | 'unbuilt-service'
  | 'scheduler'
  | 'real-server'
  | 'gatewaying'
  | 'ipip'
  | 'fullnat'
  | 'snat'
  | 'masquerading'
  | 'weight'
  | 'u-threshold'
  | 'l-threshold'
  | 'conn-timeout'
  | 'dest-check'
  | 'local-address'
  | 'ifname'
  | 'connection'
  | 'numeric'
  | 'stats'
  | 'rate'
  | 'thresholds'
  | 'persistent-conn'
  | 'timeout'
  | 'daemon'
  | 'exact'
  | 'sort'
  | 'nosort'
  | 'cpu'
  | 'ipv6'
  | 'json'
  | 'name'
  | 'unbuilt';

const HOST = 'HOST[:PORT]';

export const optionTable: readonly OptionSpec<OptionKey>[] = [
  { key: 'tcp-service', short: 't', long: ['tcp-service'], value: HOST, help: 'a TCP service' },
  { key: 'udp-service', short: 'u', long: ['udp-service'], value: HOST, help: 'a UDP service' },
  {
    key: 'match',
    short: 'H',
    long: ['match'],
    value: 'MATCH',
    help: 'an SNAT service: proto=tcp|udp|icmp, and src-range=, dst-range= (IP1[-IP2][:PORT1[-PORT2]]), iif=, oif=, af=ipv4, with commas between',
  },
  { key: 'scheduler', short: 's', long: ['scheduler'], value: 'SCHED', help: 'rr, wrr or wlc (default)' },
  {
    key: 'real-server',
    short: 'r',
    long: ['real-server'],
    value: HOST,
    help: "a real server, its port the service's unless given; of SNAT the WAN address, port 0",
  },
  { key: 'fullnat', short: 'b', long: ['fullnat'], help: 'forward by FullNAT' },
  { key: 'gatewaying', short: 'g', long: ['gatewaying'], help: 'forward by direct routing (default)' },
  { key: 'ipip', short: 'i', long: ['ipip'], help: 'forward by tunnel' },
  { key: 'masquerading', short: 'm', long: ['masquerading'], help: 'forward by NAT' },
  { key: 'snat', short: 'J', long: ['snat'], help: 'forward by SNAT' },
  { key: 'weight', short: 'w', long: ['weight'], value: 'WEIGHT', help: '0-65535, default 1' },
  {
    key: 'u-threshold',
    short: 'x',
    long: ['u-threshold'],
    value: 'N',
    help: 'no more connections than N; 0: no limit',
  },
  { key: 'l-threshold', short: 'y', long: ['l-threshold'], value: 'N', help: 'back in use below N connections' },
  {
    key: 'dest-check',
    long: ['dest-check'],
    value: 'CONF',
    help: 'inhibit real servers that refuse or ignore new connections: default, or DOWN,UP,WAITs,MIN-MAXs, or DOWN,WAITs',
  },
  { key: 'conn-timeout', long: ['conn-timeout'], value: 'SEC', help: "idle timeout of the service's connections" },
  { key: 'local-address', short: 'z', long: ['local-address', 'laddr'], value: 'LADDR', help: 'a local address' },
  { key: 'ifname', short: 'F', long: ['ifname'], value: 'IFNAME', help: 'the port of the local address' },
  { key: 'connection', short: 'c', long: ['connection'], help: 'list: the connections' },
  { key: 'numeric', short: 'n', long: ['numeric'], help: 'list: ports as numbers' },
  { key: 'stats', long: ['stats'], help: 'list: totals' },
  { key: 'rate', long: ['rate'], help: 'list: rates of the last second' },
  { key: 'thresholds', long: ['thresholds'], help: 'list: thresholds' },
  { key: 'persistent-conn', long: ['persistent-conn'], help: 'list: persistent connections' },
  { key: 'timeout', long: ['timeout'], help: 'list: timeouts (tcp tcpfin udp)' },
  { key: 'exact', short: 'X', long: ['exact'], help: 'list: numbers in full' },
  { key: 'sort', long: ['sort'], help: 'list: by protocol, address and port' },
  { key: 'nosort', long: ['nosort'], help: "list: in the node's order (default)" },
  {
    key: 'cpu',
    long: ['cpu'],
    value: 'N',
    help: "with -c only connections of this lcore; other counts are the node's",
  },
  { key: 'ipv6', short: '6', long: ['ipv6'], help: 'accepted; the address tells' },
  { key: 'json', long: ['json'], help: "list: the API's answer as JSON" },
  { key: 'name', long: ['name'], value: 'NODE', help: 'the node (default: DPVS_NAME, else dpvs)' },
];

const unbuilt = (spelling: Omit<OptionSpec, 'key' | 'help'>): OptionSpec<OptionKey> => ({
  ...spelling,
  key: 'unbuilt',
  help: '',
});
const unbuiltService = (spelling: Omit<OptionSpec, 'key' | 'help' | 'value'>): OptionSpec<OptionKey> => ({
  ...spelling,
  key: 'unbuilt-service',
  value: 'SERVICE',
  help: '',
});

/** The reference's options that this node has not built: read, then refused by name. */
export const unbuiltOptionTable: readonly OptionSpec<OptionKey>[] = [
  unbuiltService({ long: ['sctp-service'] }),
  unbuiltService({ short: 'q', long: ['icmp-service'] }),
  unbuiltService({ short: '1', long: ['icmpv6-service'] }),
  unbuiltService({ short: 'f', long: ['fwmark-service'] }),
  unbuilt({ short: 'p', long: ['persistent'], value: 'SEC', optional: true }),
  unbuilt({ short: 'M', long: ['netmask'], value: 'MASK' }),
  unbuilt({ short: 'o', long: ['ops'] }),
  unbuilt({ short: 'j', long: ['synproxy'], value: 'enable|disable' }),
  unbuilt({ short: 'k', long: ['blklst'], value: 'BLK' }),
  unbuilt({ short: '2', long: ['whtlst'], value: 'WHT' }),
  unbuilt({ long: ['pe'], value: 'PE' }),
  unbuilt({ long: ['hash-target'], value: 'sip|qid' }),
  unbuilt({ long: ['expire-quiescent'] }),
  unbuilt({ long: ['proxy-protocol'], value: 'VERSION' }),
  unbuilt({ long: ['quic'] }),
  unbuilt({ long: ['sockpair'], value: 'PROTO:SIP:SPORT:TIP:TPORT' }),
  unbuilt({ long: ['mcast-interface'], value: 'IFNAME' }),
  unbuilt({ long: ['syncid'], value: 'ID' }),
  { key: 'daemon', long: ['daemon'], help: '' },
];
