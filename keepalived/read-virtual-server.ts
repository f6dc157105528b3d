// virtual_server: by address, by group, by match; its keys, its real servers, and what must fit together.
import { isIPv4 } from 'node:net';
import { scheduler as schedulerWords } from '../api/index.js';
import { type BlockTable, type NotServed, readBlock, refuse, warn } from './block.js';
import type { Place, Report } from './diagnostic.js';
import type { LocalAddress, Scheduler, Script, SorryServer, VipService, VirtualServer } from './model.js';
import { type Timing, timingKeys } from './read-checks.js';
import {
  finishRealServer,
  forwardings,
  type Inherited,
  mail,
  type RealServerDraft,
  readEndpoint,
  readRealServer,
} from './read-real-server.js';
import type { Word } from './tokenizer.js';
import type { Entry } from './tree.js';
import { address, choice, command, flag, integer, oneWord, shown, text } from './values.js';

/** What a virtual server refers to. */
export interface Groups {
  readonly localAddresses: ReadonlyMap<string, readonly LocalAddress[]>;
  readonly virtualServers: ReadonlyMap<string, readonly { readonly address: string; readonly port: number }[]>;
  readonly scriptUser: Pick<Script, 'user' | 'group'>;
}

interface Draft extends Timing {
  readonly at: Word;
  scheduler?: Scheduler;
  forwarding?: Inherited['forwarding'];
  protocol?: 'tcp' | 'udp';
  family?: 'inet' | 'inet6';
  connTimeout?: number;
  localGroup?: Word;
  weight?: number;
  inhibit?: boolean;
  virtualHost?: string;
  quorum?: number;
  hysteresis?: number;
  quorumUp?: string;
  quorumDown?: string;
  omega?: boolean;
  sorry?: { readonly at: Place; readonly address: string; readonly port: number | null };
  sorryInhibit?: boolean;
  sorryForwarding?: Inherited['forwarding'];
  readonly realServers: RealServerDraft[];
}

const notBuilt = (what: string, instead = ''): NotServed => refuse(`${what} is not built`, instead);
const addressLists = refuse(
  'address lists are not built, and without them everybody would be served',
  'a filter on the switch, or take the line out',
);
const cannotCut = warn('connections to a server that is taken out go on until they end');
const persistence = refuse(
  'persistence is not built, and without it sessions would move between servers',
  'take the line out where that does no harm',
);
const hashing = warn('flags of schedulers that are not built');
const range = warn('only services by match have it');

const notServed: Readonly<Record<string, NotServed>> = {
  persistence_timeout: persistence,
  persistence_granularity: persistence,
  persistence_engine: persistence,
  daddr_group_name: addressLists,
  waddr_group_name: addressLists,
  syn_proxy: warn('the SYN proxy is not built: servers see the SYNs of a flood'),
  proxy_protocol: notBuilt('the proxy protocol', 'real servers get the client by TOA: toa/README.md'),
  quic: notBuilt('QUIC by connection id'),
  ops: notBuilt('one-packet scheduling'),
  expire_quiescent_conn: cannotCut,
  bps: warn('it has no effect in DPVS either'),
  limit_proportion: warn('connections are not dropped at random'),
  vip_bind_dev: warn('it has no effect in DPVS either'),
  hash_target: hashing,
  hashed: hashing,
  'flag-1': hashing,
  'flag-2': hashing,
  'flag-3': hashing,
  'sh-port': hashing,
  'sh-fallback': hashing,
  'mh-port': hashing,
  'mh-fallback': hashing,
  ha_suspend: warn('checks run on a backup, too'),
  smtp_alert: mail,
  'src-range': range,
  'dst-range': range,
  iif: range,
  oif: range,
};

/** Schedulers that keepalived's parser knows; the API knows which of them there are. */
const allSchedulers = [
  ...['rr', 'wrr', 'lc', 'wlc', 'lblc', 'sh', 'mh', 'dh', 'fo', 'ovf', 'lblcr', 'sed', 'nq', 'conhash'],
];

function readScheduler(entry: Entry, report: Report): Scheduler | undefined {
  const built: readonly string[] = schedulerWords.options;
  const word = oneWord(entry, report, built.join(', '));
  if (word === undefined) return undefined;
  if (built.includes(word.text)) return word.text as Scheduler;
  const known = allSchedulers.includes(word.text);
  report.error(
    word,
    known ? `the scheduler ${word.text} is not built` : `${shown(word)} is no scheduler`,
    `there are ${built.join(', ')}`,
  );
  return undefined;
}

function readProtocol(entry: Entry, report: Report): 'tcp' | 'udp' | undefined {
  const word = choice(entry, report, { TCP: 'tcp', UDP: 'udp', SCTP: '', ICMP: '', ICMPV6: '' } as const);
  if (word === '') report.error(entry.words[1] ?? entry.words[0], 'services are TCP or UDP');
  return word || undefined;
}

function tableOf(report: Report): BlockTable<Draft> {
  const { connect_timeout, delay_loop, warmup, retry, delay_before_retry, alpha } = timingKeys<Draft>(report);
  return {
    keys: {
      ...({ connect_timeout, delay_loop, warmup, retry, delay_before_retry, alpha } as BlockTable<Draft>['keys']),
      lb_algo: (entry, draft) => {
        draft.scheduler = readScheduler(entry, report);
      },
      lvs_sched: (entry, draft) => {
        draft.scheduler = readScheduler(entry, report);
      },
      lb_kind: (entry, draft) => {
        draft.forwarding = choice(entry, report, forwardings);
      },
      lvs_method: (entry, draft) => {
        draft.forwarding = choice(entry, report, forwardings);
      },
      protocol: (entry, draft) => {
        draft.protocol = readProtocol(entry, report);
      },
      ip_family: (entry, draft) => {
        draft.family = choice(entry, report, { inet: 'inet', inet6: 'inet6' } as const);
      },
      establish_timeout: (entry, draft) => {
        draft.connTimeout = integer(entry, report, 1, 3600);
      },
      laddr_group_name: (entry, draft) => {
        draft.localGroup = oneWord(entry, report);
      },
      weight: (entry, draft) => {
        draft.weight = integer(entry, report, 0, 65_535);
      },
      inhibit_on_failure: (entry, draft) => {
        draft.inhibit = flag(entry, report);
      },
      virtualhost: (entry, draft) => {
        draft.virtualHost = text(entry, report);
      },
      quorum: (entry, draft) => {
        draft.quorum = integer(entry, report, 1, 0x7fffffff);
      },
      hysteresis: (entry, draft) => {
        draft.hysteresis = integer(entry, report, 0, 0x7fffffff);
      },
      quorum_up: (entry, draft) => {
        draft.quorumUp = command(entry, report);
      },
      quorum_down: (entry, draft) => {
        draft.quorumDown = command(entry, report);
      },
      omega: (entry, draft) => {
        draft.omega = flag(entry, report);
      },
      sorry_server: (entry, draft) => {
        const { address: ip, port } = readEndpoint(entry, report);
        if (ip !== undefined) draft.sorry = { at: entry.words[0], address: ip, port };
      },
      sorry_server_inhibit: (entry, draft) => {
        draft.sorryInhibit = flag(entry, report);
      },
      sorry_server_lvs_method: (entry, draft) => {
        draft.sorryForwarding = choice(entry, report, forwardings);
      },
    },
    blocks: {
      real_server: (entry, draft) => {
        draft.realServers.push(readRealServer(entry, report));
      },
    },
    notServed,
    repeats: new Set(['real_server']),
  };
}

/** undefined when the section cannot be served; why is in the report. */
export function readVirtualServer(entry: Entry, groups: Groups, report: Report): VirtualServer | undefined {
  const [keyword, first, second, extra] = entry.words;
  const draft: Draft = { at: keyword, realServers: [] };
  const errors = report.errors.length;
  if (first === undefined) report.error(keyword, 'virtual_server needs an address', usage);
  else if (extra !== undefined) report.error(extra, 'a word too many', usage);
  if (first?.text === 'fwmark') {
    report.error(first, 'services by fwmark do not exist: no packet carries a mark in the dataplane', usage);
    return undefined;
  }
  if (first?.text === 'match') {
    reportMatch(entry, report);
    return undefined;
  }
  readBlock(entry, tableOf(report), draft, report);
  const vips = first === undefined ? undefined : vipsOf(first, second, groups, report);
  if (vips === undefined || report.errors.length > errors) return undefined;
  return finish(draft, `${first!.text} ${second?.text ?? ''}`.trim(), vips, groups, report);
}

const usage = 'virtual_server ADDRESS PORT, or virtual_server group NAME';

type Vip = { readonly address: string; readonly port: number };

function vipsOf(first: Word, second: Word | undefined, groups: Groups, report: Report): readonly Vip[] | undefined {
  if (first.text === 'group') {
    if (second === undefined) {
      report.error(first, 'virtual_server group needs the name of a virtual_server_group', usage);
      return undefined;
    }
    const group = groups.virtualServers.get(second.text);
    if (group === undefined)
      report.error(second, `there is no virtual_server_group ${shown(second)}`, known(groups.virtualServers));
    // Why it is empty has been said where it stands.
    return group?.length === 0 ? undefined : group;
  }
  const ip = address(first, report);
  const number = second === undefined ? 0 : portOf(second, report);
  if (ip === undefined || number === undefined) return undefined;
  if (number !== 0) return [{ address: ip, port: number }];
  report.error(second ?? first, 'a service without a port is for persistence, which is not built', usage);
  return undefined;
}

function portOf(word: Word, report: Report): number | undefined {
  if (/^\d{1,5}$/.test(word.text) && Number(word.text) <= 65_535) return Number(word.text);
  report.error(word, `${shown(word)} is not a port`, '1 to 65535');
  return undefined;
}

/** SNAT: the section says what `ipvsadm -H` says. Not set up from here, because the WAN address must be there first. */
function reportMatch(entry: Entry, report: Report): void {
  const wordOf = (key: string): string | undefined =>
    entry.body?.find(({ words }) => words[0].text === key)?.words[1]?.text;
  const match = [
    ...[`proto=${(wordOf('protocol') ?? 'tcp').toLowerCase()}`],
    ...['src-range', 'dst-range', 'iif', 'oif'].flatMap((key) => {
      const value = wordOf(key);
      return value === undefined ? [] : [`${key}=${value}`];
    }),
  ].join(',');
  report.error(
    entry.words[1] ?? entry.words[0],
    'services by match (SNAT) are not set up from this file',
    `take the section out; once, as the journal keeps it: ipvsadm -A -s ${wordOf('lb_algo') ?? 'rr'} -H ${match}; ipvsadm -a -H ${match} -r WAN-ADDRESS:0 -J`,
  );
}

function finish(
  draft: Draft,
  name: string,
  vips: readonly Vip[],
  groups: Groups,
  report: Report,
): VirtualServer | undefined {
  const { at } = draft;
  const forwarding = draft.forwarding;
  if (forwarding === undefined)
    report.error(at, 'lb_kind is missing', 'lb_kind FNAT (keepalived itself would take NAT)');
  if (draft.protocol === undefined)
    report.error(at, 'protocol is missing', 'protocol TCP (keepalived itself would take UDP)');
  if (draft.scheduler === undefined) report.warn(at, 'lb_algo is missing: wlc is used, as keepalived does');
  if (draft.realServers.length === 0) report.error(at, 'it has no real_server', 'keepalived would leave it out');
  const localAddresses = localAddressesOf(draft, groups, report);
  const family = draft.family === undefined ? undefined : draft.family === 'inet' ? 4 : 6;
  const vipFamily = isIPv4(vips[0]!.address) ? 4 : 6;
  if (family !== undefined && family !== vipFamily) report.error(at, `ip_family is not that of ${vips[0]!.address}`);
  // Whatever else is wrong is to be said, too.
  const { protocol = 'tcp' } = draft;
  const inherited: Inherited = {
    ...draft,
    forwarding: forwarding ?? 'FullNat',
    port: vips[0]!.port,
    scriptUser: groups.scriptUser,
  };
  const realServers = draft.realServers.flatMap((server) =>
    server.address === undefined ? [] : [finishRealServer({ ...server, address: server.address }, inherited)],
  );
  mustDiffer([...realServers, ...(draft.sorry === undefined ? [] : [draft.sorry])], vips, report);
  const { quorum, hysteresis } = quorumOf(draft, realServers, report);
  const script = (line: string | undefined): Script | null =>
    line === undefined ? null : { ...groups.scriptUser, command: line };
  return {
    ...{ at, name, localAddresses, quorum, hysteresis, realServers },
    services: vips.map((vip): VipService => ({ protocol, ...vip })),
    scheduler: draft.scheduler ?? 'wlc',
    connTimeout: draft.connTimeout,
    quorumUp: script(draft.quorumUp),
    quorumDown: script(draft.quorumDown),
    omega: draft.omega ?? false,
    sorryServer: sorryOf(draft, inherited.forwarding, report),
  };
}

function sorryOf(draft: Draft, forwarding: Inherited['forwarding'], report: Report): SorryServer | null {
  const { sorry } = draft;
  if (sorry !== undefined)
    return { ...sorry, forwarding: draft.sorryForwarding ?? forwarding, inhibit: draft.sorryInhibit ?? false };
  if (draft.sorryInhibit !== undefined || draft.sorryForwarding !== undefined)
    report.warn(draft.at, 'sorry_server_… without a sorry_server has no effect');
  return null;
}

function localAddressesOf(draft: Draft, groups: Groups, report: Report): readonly LocalAddress[] | null {
  const { localGroup } = draft;
  if (localGroup === undefined) {
    if (draft.forwarding === 'FullNat')
      report.warn(
        draft.at,
        'FNAT without laddr_group_name: the service has the local addresses that ipvsadm --add-laddr gives it',
      );
    return null;
  }
  const group = groups.localAddresses.get(localGroup.text);
  if (group === undefined)
    report.error(localGroup, `there is no local_address_group ${shown(localGroup)}`, known(groups.localAddresses));
  if (draft.forwarding !== undefined && !['FullNat', 'SNAT'].includes(draft.forwarding)) {
    report.warn(localGroup, 'only FNAT needs local addresses: they are not set up');
    return null;
  }
  return group ?? null;
}

function mustDiffer(servers: readonly NonNullable<Draft['sorry']>[], vips: readonly Vip[], report: Report): void {
  const seen = new Map<string, number>();
  for (const { at, address: ip, port } of servers) {
    const key = `${ip} ${port ?? vips[0]!.port}`;
    const line = seen.get(key);
    if (line !== undefined) report.error(at, `the server ${key} is already there in line ${line}`);
    seen.set(key, at.line);
  }
}

/** As keepalived: lowered to what can be reached. */
function quorumOf(draft: Draft, realServers: VirtualServer['realServers'], report: Report) {
  let { quorum = 1, hysteresis = 0 } = draft;
  const total = realServers.reduce((sum, { weight }) => sum + weight, 0);
  if (quorum > total) {
    report.warn(draft.at, `quorum ${quorum} is more than the weight of all real servers: ${total} is used`);
    quorum = Math.max(1, total);
  }
  if (hysteresis >= quorum && hysteresis > 0) {
    report.warn(draft.at, `hysteresis ${hysteresis} is not below the quorum: ${quorum - 1} is used`);
    hysteresis = quorum - 1;
  }
  return { quorum, hysteresis };
}

const known = (groups: ReadonlyMap<string, unknown>): string =>
  groups.size === 0 ? 'there is none at all' : `there are ${[...groups.keys()].slice(0, 10).join(', ')}`;
