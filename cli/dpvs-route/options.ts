// dpvs-route's options as data, by command; the help pages are made from the same table.
import type { OptionSpec } from '../common/index.js';

export type OptionKey =
  | 'json'
  | 'name'
  | 'help'
  | 'version'
  | 'dev'
  | 'force'
  | 'noForce'
  | 'wait'
  | 'waitEnd'
  | 'all'
  | 'file'
  | 'deadline'
  | 'quorum'
  | 'hysteresis'
  | 'services'
  | 'floor'
  | 'withdrawLimit'
  | 'interval'
  | 'count'
  | 'listen'
  | 'protocol'
  | 'form'
  | 'frrNamespace'
  | 'metric'
  | 'logLevel'
  | 'logFile'
  | 'flavor'
  | 'out'
  | 'routerId'
  | 'interface'
  | 'network'
  | 'ospfNetwork'
  | 'hello'
  | 'dead'
  | 'cost'
  | 'area'
  | 'vip'
  | 'vipRange'
  | 'auth'
  | 'bfd'
  | 'bfdTimers'
  | 'areaType'
  | 'authScope'
  | 'passive'
  | 'ospf6'
  | 'vip6'
  | 'for'
  | 'check'
  | 'apply'
  | 'dryRun'
  | 'switchInterface'
  | 'maximumPaths'
  | 'hostname'
  | 'password'
  | 'enablePassword'
  | 'logDirectory'
  | 'referenceBandwidth'
  | 'protocol'
  | 'localAs'
  | 'peerAs'
  | 'peer'
  | 'peerPassword'
  | 'gracefulRestart'
  | 'auth6'
  | 'import'
  | 'fromRunning';

export type CommandName =
  | 'announce'
  | 'withdraw'
  | 'drain'
  | 'undrain'
  | 'graceful-restart'
  | 'status'
  | 'show'
  | 'watch'
  | 'config'
  | 'doctor'
  | 'run';
type Spec = OptionSpec<OptionKey>;

export const common: readonly Spec[] = [
  { key: 'name', long: ['name'], value: 'NODE', help: 'the node (default: DPVS_NAME, else dpvs)' },
  { key: 'json', long: ['json'], help: "the API's answer as JSON" },
  { key: 'help', short: 'h', long: ['help'], help: 'this page, or the page of COMMAND' },
  { key: 'version', short: 'V', long: ['version'], help: 'the version' },
];

const form: Spec = {
  key: 'form',
  long: ['form'],
  value: 'redistribute|network',
  help: 'a type-5 LSA a VIP (default), or the tutorial\'s "network VIP/32 area A"',
};
const metric: Spec = { key: 'metric', long: ['metric'], value: 'N', help: 'of the external LSAs (default 20)' };

const frrNamespace: Spec = {
  key: 'frrNamespace',
  long: ['frr-namespace'],
  value: 'NAME',
  help: '-N of the routing daemons (default: DPVS_FRR_NAMESPACE, else none)',
};

const all: Spec = { key: 'all', short: 'a', long: ['all'], help: 'every VIP that the bridge knows' };
const file: Spec = {
  key: 'file',
  short: 'f',
  long: ['file'],
  value: 'FILE',
  help: 'and those in FILE (-: standard input)',
};
const dryRun: Spec = { key: 'dryRun', short: 'n', long: ['dry-run'], help: 'say what would be done, and do nothing' };

export const byCommand: Readonly<Record<CommandName, readonly Spec[]>> = {
  announce: [
    {
      key: 'dev',
      long: ['dev'],
      value: 'PORT',
      help: 'the port whose kni carries it, or PORT,PORT… (default: where it is, else the one with a neighbour)',
    },
    { key: 'force', short: 'F', long: ['force'], help: 'without a neighbour that is Full or Established' },
    { key: 'noForce', long: ['no-force'], help: 'ask for a neighbour again, of a VIP that was announced with --force' },
    { key: 'wait', short: 'w', long: ['wait'], value: 'SEC', help: 'for the neighbour to become Full (default 15)' },
    {
      key: 'quorum',
      long: ['quorum'],
      value: 'N',
      help: 'healthy real servers that a service needs (default 1, or what it was)',
    },
    {
      key: 'hysteresis',
      long: ['hysteresis'],
      value: 'N',
      help: 'up at quorum + N, down below quorum - N (default 0, or what it was)',
    },
    {
      key: 'services',
      long: ['services'],
      value: 'any|all',
      help: 'of a VIP with several services, which have to be there (default any, or what it was)',
    },
    {
      key: 'floor',
      long: ['floor'],
      value: 'N',
      help: 'not withdrawn for want of real servers or ports unless N other nodes announce it, and in turns (default 0, or what it was)',
    },
    file,
    dryRun,
  ],
  withdraw: [all, file, dryRun],
  drain: [
    {
      key: 'deadline',
      long: ['deadline'],
      value: 'SEC|never',
      help: 'withdraw it then, whatever flows are left (default 60)',
    },
    {
      ...{ key: 'waitEnd', short: 'w', long: ['wait'], value: 'SEC', optional: true },
      // No VIP is a number.
      looks: /^\d+$/,
      help: 'until it is withdrawn, with a line for each change; SEC: at most so long, however long the drain goes on',
    },
    { key: 'force', short: 'F', long: ['force'], help: 'also where no other node serves it, now or at the end' },
    all,
    file,
    dryRun,
  ],
  undrain: [all, file, dryRun],
  'graceful-restart': [
    { key: 'wait', short: 'w', long: ['wait'], value: 'SEC', help: 'for a quiet moment (default 20)' },
    dryRun,
  ],
  status: [],
  show: [file],
  watch: [
    { key: 'interval', short: 'i', long: ['interval'], value: 'SEC', help: 'between two views (default 1)' },
    { key: 'count', short: 'c', long: ['count'], value: 'N', help: 'end after so many views' },
  ],
  config: [
    {
      key: 'flavor',
      long: ['flavor', 'flavour'],
      value: 'frr|quagga',
      help: 'whose daemons will read it (default frr)',
    },
    form,
    {
      key: 'out',
      short: 'o',
      long: ['out'],
      value: 'DIR',
      help: 'write the files there, instead of printing',
    },
    { key: 'check', long: ['check'], help: "let the daemons' own parsers read the files first, and say what they say" },
    {
      key: 'apply',
      long: ['apply'],
      help: 'change the running daemons by the difference, then write the files to --out',
    },
    {
      key: 'import',
      long: ['import'],
      value: 'DIR|FILE',
      help: "say what somebody's files mean and what will not work; with --out, write the generator's equivalent; several times",
    },
    { key: 'fromRunning', long: ['from-running'], help: 'the same with what the daemons run' },
    { key: 'dryRun', long: ['dry-run'], help: 'with --apply: only show the difference' },
    frrNamespace,
    {
      key: 'force',
      short: 'F',
      long: ['force'],
      help: 'over files and running lines that were not generated, and at the price of the adjacency',
    },
    {
      key: 'interface',
      long: ['interface'],
      value: 'KNI',
      help: 'the WAN-side kni, or KNI,KNI… towards several switches (default: the .kni with a network)',
    },
    {
      key: 'network',
      long: ['network'],
      value: 'PREFIX',
      help: "the inter-connection network, one for each KNI (default: the kni's)",
    },
    { key: 'routerId', long: ['router-id'], value: 'ADDR', help: "default: the kni's address" },
    { key: 'area', long: ['area'], value: 'AREA', help: 'default 0.0.0.0' },
    {
      key: 'ospfNetwork',
      long: ['ospf-network'],
      value: 'broadcast|point-to-point',
      help: 'as on the switch (default broadcast)',
    },
    { key: 'hello', long: ['hello'], value: 'SEC', help: 'hello interval, as on the switch (default 1)' },
    { key: 'dead', long: ['dead'], value: 'SEC', help: 'dead interval, as on the switch (default 4 hellos)' },
    { key: 'cost', long: ['cost'], value: 'N', help: 'of the interface (default 10)' },
    { key: 'vip', long: ['vip'], value: 'ADDR', help: 'announced without the bridge, too; may be given several times' },
    {
      key: 'vipRange',
      long: ['vip-range'],
      value: 'PREFIX',
      help: 'every VIP in it may be announced: for hundreds of them; may be given several times',
    },
    metric,
    { key: 'auth', long: ['auth'], value: 'plain:KEY|md5:ID:KEY', help: 'as on the switch' },
    {
      key: 'authScope',
      long: ['auth-scope'],
      value: 'interface|area',
      help: 'where --auth is switched on (default interface)',
    },
    {
      key: 'areaType',
      long: ['area-type'],
      value: 'normal|stub|totally-stubby',
      help: 'as on the switch; a stub area needs --form network (default normal)',
    },
    {
      key: 'passive',
      long: ['passive'],
      value: 'IF[=PREFIX]',
      help: 'announce its network without speaking OSPF there; may be given several times',
    },
    { key: 'bfd', long: ['bfd'], help: 'and bfdd.conf; FRR only; the switch has to speak BFD, too' },
    {
      key: 'bfdTimers',
      long: ['bfd-timers'],
      value: 'TX,RX,MULT',
      help: 'milliseconds, and how many may be missed (default 300,300,3)',
    },
    {
      key: 'gracefulRestart',
      long: ['graceful-restart'],
      value: 'SEC|off',
      help: 'how long the switch keeps the routes of a daemon that is restarted on purpose (default 60; FRR only)',
    },
    { key: 'protocol', long: ['protocol'], value: 'ospf|bgp', help: 'bgp: bgpd.conf instead of ospfd.conf; FRR only' },
    { key: 'localAs', long: ['as'], value: 'N', help: "with bgp: this node's AS number" },
    { key: 'peerAs', long: ['peer-as'], value: 'N', help: "with bgp: the switch's AS number" },
    { key: 'peer', long: ['peer'], value: 'ADDR', help: 'with bgp: the switch (default: the other address of a /30)' },
    { key: 'peerPassword', long: ['peer-password'], value: 'WORD', help: 'with bgp: TCP MD5 (RFC 2385)' },
    {
      key: 'auth6',
      long: ['auth6'],
      value: 'ID:ALGORITHM:KEY',
      help: 'of OSPFv3 (RFC 7166): md5 or hmac-sha-1, -256, -384, -512; FRR only',
    },
    { key: 'ospf6', long: ['ospf6'], help: 'and ospf6d.conf; the bridge announces IPv6 VIPs with run --ospf6' },
    { key: 'vip6', long: ['vip6'], value: 'ADDR', help: 'in ospf6d.conf; may be given several times' },
    {
      key: 'for',
      long: ['for'],
      value: 'node|switch',
      help: "switch: the other end's lines in FRR's words, to be merged by hand (default node)",
    },
    {
      key: 'switchInterface',
      long: ['switch-interface'],
      value: 'IF',
      help: "the switch's towards this node (default to-HOSTNAME)",
    },
    {
      key: 'maximumPaths',
      long: ['maximum-paths'],
      value: 'N',
      help: 'next hops of a VIP at the switch (default 16)',
    },
    { key: 'referenceBandwidth', long: ['reference-bandwidth'], value: 'MBPS', help: 'default 1000' },
    { key: 'hostname', long: ['hostname'], value: 'NAME', help: "default: the machine's" },
    { key: 'password', long: ['password'], value: 'WORD', help: 'of the vty; no line without it' },
    { key: 'enablePassword', long: ['enable-password'], value: 'WORD', help: 'of the vty; no line without it' },
    {
      key: 'logDirectory',
      long: ['log-directory'],
      value: 'DIR|none',
      help: 'default /var/log/frr or /var/log/quagga',
    },
  ],
  doctor: [
    { key: 'dev', long: ['dev'], value: 'PORT', help: 'look at this port only (default: every port with a kni)' },
    {
      key: 'listen',
      short: 'l',
      long: ['listen'],
      value: 'SEC',
      help: 'on the wire (default 3 where a neighbour is Full, else 12; 0: not at all)',
    },
    frrNamespace,
  ],
  run: [
    {
      key: 'protocol',
      long: ['protocol'],
      value: 'ospf|bgp',
      help: 'what announces IPv4 VIPs: ospfd (default), or bgpd, which announces IPv6 VIPs as well',
    },
    { key: 'ospf6', long: ['ospf6'], help: 'IPv6 VIPs by ospf6d (OSPFv3)' },
    form,
    frrNamespace,
    metric,
    {
      key: 'withdrawLimit',
      long: ['withdraw-limit'],
      value: 'N',
      help: 'VIPs that may go within a minute for want of real servers or ports (default 32; 0: any number)',
    },
    { key: 'logLevel', long: ['log-level'], value: 'LEVEL', help: 'fatal, error, warn, info, debug or trace' },
    { key: 'logFile', long: ['log-file'], value: 'FILE', help: 'default: standard error; SIGHUP reopens it' },
  ],
};
