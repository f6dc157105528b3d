// dpvs-route's options as data, by command; the help pages are made from the same table.
import type { OptionSpec } from '../common/index.js';

export type OptionKey =
  | 'json'
  | 'name'
  | 'help'
  | 'version'
  | 'dev'
  | 'force'
  | 'wait'
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
  | 'auth'
  | 'bfd'
  | 'hostname'
  | 'password'
  | 'enablePassword'
  | 'logDirectory'
  | 'referenceBandwidth';

export type CommandName = 'announce' | 'withdraw' | 'status' | 'config' | 'run';
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
const metric: Spec = { key: 'metric', long: ['metric'], value: 'N', help: 'of the type-5 LSAs (default 20)' };

export const byCommand: Readonly<Record<CommandName, readonly Spec[]>> = {
  announce: [
    {
      key: 'dev',
      long: ['dev'],
      value: 'PORT',
      help: 'the port whose kni carries it (default: the one that OSPF runs on)',
    },
    { key: 'force', short: 'F', long: ['force'], help: 'without an OSPF neighbour that is Full' },
    { key: 'wait', short: 'w', long: ['wait'], value: 'SEC', help: 'for the neighbour to become Full (default 15)' },
  ],
  withdraw: [],
  status: [],
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
      help: 'write zebra.conf and ospfd.conf there, instead of printing',
    },
    { key: 'force', short: 'F', long: ['force'], help: 'overwrite files that were not generated' },
    {
      key: 'interface',
      long: ['interface'],
      value: 'KNI',
      help: 'the WAN-side kni (default: the .kni with a network)',
    },
    { key: 'network', long: ['network'], value: 'PREFIX', help: "the inter-connection network (default: the kni's)" },
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
    metric,
    { key: 'auth', long: ['auth'], value: 'plain:KEY|md5:ID:KEY', help: 'as on the switch' },
    { key: 'bfd', long: ['bfd'], help: 'FRR only; bfdd has to run' },
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
  run: [
    form,
    {
      key: 'frrNamespace',
      long: ['frr-namespace'],
      value: 'NAME',
      help: '-N of the routing daemons (default: DPVS_FRR_NAMESPACE, else none)',
    },
    metric,
    { key: 'logLevel', long: ['log-level'], value: 'LEVEL', help: 'fatal, error, warn, info, debug or trace' },
    { key: 'logFile', long: ['log-file'], value: 'FILE', help: 'default: standard error' },
  ],
};
