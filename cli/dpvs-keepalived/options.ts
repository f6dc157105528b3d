// dpvs-keepalived's options as data: the scanner and the help read the same table.
import type { OptionSpec } from '../common/index.js';

export type OptionKey =
  | 'file'
  | 'check'
  | 'dryRun'
  | 'json'
  | 'name'
  | 'pidFile'
  | 'dontRelease'
  | 'noVrrp'
  | 'logLevel'
  | 'logFile'
  | 'logDetail'
  | 'asItIs'
  | 'help'
  | 'version';

export const defaultFile = '/etc/keepalived/keepalived.conf';

export const options: readonly OptionSpec<OptionKey>[] = [
  { key: 'file', short: 'f', long: ['use-file'], value: 'FILE', help: `the configuration (default: ${defaultFile})` },
  { key: 'check', short: 't', long: ['check', 'config-test'], help: 'only read the file, and say what is wrong in it' },
  { key: 'dryRun', long: ['dry-run'], help: 'only say what would be changed in the dataplane' },
  { key: 'json', long: ['json'], help: 'the answer of status, --check and --dry-run as JSON' },
  { key: 'name', long: ['name'], value: 'NAME', help: 'name of the node, also DPVS_NAME (default: dpvs)' },
  { key: 'pidFile', short: 'p', long: ['pid'], value: 'FILE', help: 'writes the process id there' },
  {
    key: 'dontRelease',
    short: 'I',
    long: ['dont-release-ipvs'],
    help: 'SIGTERM leaves services as they are (otherwise those of the file are removed)',
  },
  { key: 'noVrrp', short: 'C', long: ['no-vrrp'], help: 'services and checks only; sections of VRRP are left out' },
  {
    key: 'logLevel',
    long: ['log-level'],
    value: 'LEVEL',
    help: 'fatal, error, warn, info (default), debug: every check, trace',
  },
  { key: 'logFile', long: ['log-file'], value: 'FILE', help: 'appends there instead of to standard error' },
  { key: 'logDetail', short: 'D', long: ['log-detail'], help: 'as --log-level debug' },
  { key: 'asItIs', short: 'nl', long: ['dont-fork', 'log-console'], help: "keepalived's words for what is so anyway" },
  { key: 'help', short: 'h', long: ['help'], help: 'this page' },
  { key: 'version', short: 'v', long: ['version'], help: 'the version' },
];
