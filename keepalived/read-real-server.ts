// real_server IP PORT { … }, with what it takes over from its virtual server.
import { type BlockTable, type NotServed, readBlock, refuse, warn } from './block.js';
import type { Place, Report } from './diagnostic.js';
import type { CheckSpec, Forwarding, RealServer, Script } from './model.js';
import {
  type CheckDraft,
  readHttpCheck,
  readMiscCheck,
  readTcpCheck,
  readUdpCheck,
  type Timing,
  timingKeys,
} from './read-checks.js';
import type { Entry } from './tree.js';
import { address, choice, command, flag, integer, port, text } from './values.js';

export interface RealServerDraft extends Timing {
  readonly at: Place;
  address?: string;
  port: number | null;
  forwarding?: Forwarding;
  weight?: number;
  upperThreshold?: number;
  lowerThreshold?: number;
  inhibit?: boolean;
  notifyUp?: string;
  notifyDown?: string;
  virtualHost?: string;
  readonly checks: CheckDraft[];
}

/** What a real server takes from its virtual server when it does not say it itself. */
export interface Inherited extends Timing {
  readonly forwarding: Forwarding;
  /** The (first) service's: where a server without a port of its own is checked. */
  readonly port: number;
  readonly weight?: number;
  readonly inhibit?: boolean;
  readonly virtualHost?: string;
  /** Of the file: as whom scripts run. */
  readonly scriptUser: Pick<Script, 'user' | 'group'>;
}

/** keepalived's words and the API's. */
export const forwardings: Readonly<Record<string, Forwarding>> = {
  FNAT: 'FullNat',
  DR: 'Route',
  SNAT: 'SNAT',
  NAT: 'Masq',
  TUN: 'Tunnel',
};

const mostWeight = 65_535;

export const mail = warn('no mail is sent', 'the log has every change of state: keepalived.server_down and the like');

const elsewhere = (what: string): NotServed =>
  refuse('this check is not built', `TCP_CHECK of its port, or MISC_CHECK with a program that does it (${what})`);
const unknownChecks: Readonly<Record<string, NotServed>> = {
  SMTP_CHECK: elsewhere('swaks, say'),
  DNS_CHECK: elsewhere('dig +time=2 +tries=1 @ADDRESS NAME, say'),
  BFD_CHECK: elsewhere('vtysh -c "show bfd peer ADDRESS json", say'),
  // Not of DPVS's keepalived, which is of 2019, but of newer ones.
  PING_CHECK: elsewhere('ping -c 1 -W 1 ADDRESS'),
  FILE_CHECK: elsewhere('a script that reads the file'),
};

/** `ADDRESS [PORT]`, after the keyword. */
export function readEndpoint(
  { words: [keyword, ip, portWord, extra] }: Entry,
  report: Report,
): { address?: string; port: number | null } {
  if (ip === undefined) report.error(keyword, `${keyword.text} needs an address`, `${keyword.text} ADDRESS PORT`);
  if (extra !== undefined) report.error(extra, 'a word too many', `${keyword.text} ADDRESS PORT`);
  const number = portWord === undefined ? undefined : port(portWord, report);
  return { address: ip === undefined ? undefined : address(ip, report), port: number || null };
}

export function readRealServer(entry: Entry, report: Report): RealServerDraft {
  const draft: RealServerDraft = { at: entry.words[0], ...readEndpoint(entry, report), checks: [] };
  const check = (read: (each: Entry) => CheckDraft) => (each: Entry, into: RealServerDraft) => {
    into.checks.push(read(each));
  };
  const table: BlockTable<RealServerDraft> = {
    keys: {
      ...timingKeys<RealServerDraft>(report),
      weight: (each, into) => {
        into.weight = integer(each, report, 0, mostWeight);
      },
      lvs_method: (each, into) => {
        into.forwarding = choice(each, report, forwardings);
      },
      lb_kind: (each, into) => {
        into.forwarding = choice(each, report, forwardings);
      },
      uthreshold: (each, into) => {
        into.upperThreshold = integer(each, report, 0, 0xffffffff);
      },
      lthreshold: (each, into) => {
        into.lowerThreshold = integer(each, report, 0, 0xffffffff);
      },
      inhibit_on_failure: (each, into) => {
        into.inhibit = flag(each, report);
      },
      notify_up: (each, into) => {
        into.notifyUp = command(each, report);
      },
      notify_down: (each, into) => {
        into.notifyDown = command(each, report);
      },
      virtualhost: (each, into) => {
        into.virtualHost = text(each, report);
      },
    },
    blocks: {
      TCP_CHECK: check((each) => readTcpCheck(each, report)),
      UDP_CHECK: check((each) => readUdpCheck(each, report)),
      HTTP_GET: check((each) => readHttpCheck(each, 'HTTP_GET', report)),
      SSL_GET: check((each) => readHttpCheck(each, 'SSL_GET', report)),
      MISC_CHECK: check((each) => readMiscCheck(each, report)),
    },
    notServed: { ...unknownChecks, smtp_alert: mail },
    repeats: new Set(['TCP_CHECK', 'UDP_CHECK', 'HTTP_GET', 'SSL_GET', 'MISC_CHECK']),
  };
  readBlock(entry, table, draft, report);
  if (draft.upperThreshold !== undefined && draft.upperThreshold > 0)
    if ((draft.lowerThreshold ?? 0) > draft.upperThreshold)
      report.error(entry.words[0], 'lthreshold is more than uthreshold');
  return draft;
}

/** Checks need the server's address, so only a draft that has one is finished. */
export function finishRealServer(draft: RealServerDraft & { address: string }, from: Inherited): RealServer {
  const { at, address: ip, port: own, upperThreshold = 0, lowerThreshold = 0 } = draft;
  const script = (line: string | undefined): Script | null =>
    line === undefined ? null : { ...from.scriptUser, command: line };
  return {
    ...{ at, address: ip, port: own, upperThreshold, lowerThreshold },
    forwarding: draft.forwarding ?? from.forwarding,
    weight: draft.weight ?? from.weight ?? 1,
    inhibit: draft.inhibit ?? from.inhibit ?? false,
    notifyUp: script(draft.notifyUp),
    notifyDown: script(draft.notifyDown),
    checks: draft.checks.map((check) => finishCheck(check, { ...draft, address: ip }, from)),
  };
}

/** keepalived's: a check a minute, five seconds for a connection, one retry after a second (HTTP: three), none of a script. */
const preset = { delayLoopMs: 60_000, connectTimeoutMs: 5_000, retry: 1, delayBeforeRetryMs: 1_000 };

function finishCheck(check: CheckDraft, server: RealServerDraft & { address: string }, from: Inherited): CheckSpec {
  const of = <K extends keyof Timing>(key: K): Timing[K] => check[key] ?? server[key] ?? from[key];
  const { kind } = check;
  const http = kind === 'HTTP_GET' || kind === 'SSL_GET';
  const delayLoopMs = of('delayLoopMs') ?? preset.delayLoopMs;
  const times = {
    alpha: of('alpha') ?? false,
    delayLoopMs,
    warmupMs: of('warmupMs') ?? delayLoopMs,
    retry: of('retry') ?? (kind === 'MISC_CHECK' ? 0 : preset.retry),
    delayBeforeRetryMs: of('delayBeforeRetryMs') ?? (http ? 3_000 : preset.delayBeforeRetryMs),
    logAllFailures: check.logAllFailures ?? false,
  };
  if (kind === 'MISC_CHECK') {
    const { command: line = '', user = from.scriptUser, timeoutMs = delayLoopMs, dynamic = false } = check;
    return { kind, ...times, script: { ...user, command: line }, timeoutMs, dynamic };
  }
  const { connectIp = server.address, bindAddress = null, bindPort = null } = check;
  const connectPort = check.connectPort ?? server.port ?? from.port;
  const connection = {
    target: { address: connectIp, port: connectPort, bindAddress, bindPort },
    connectTimeoutMs: of('connectTimeoutMs') ?? preset.connectTimeoutMs,
  };
  if (kind === 'TCP_CHECK') return { kind, ...times, ...connection };
  if (kind === 'UDP_CHECK') {
    const { payload = null, requireReply, minReplyLength = 0, maxReplyLength = 255 } = check;
    const reply =
      requireReply === undefined
        ? null
        : { begins: requireReply, minLength: minReplyLength, maxLength: maxReplyLength };
    return { kind, ...times, ...connection, payload, reply };
  }
  const host = check.virtualHost ?? server.virtualHost ?? from.virtualHost ?? null;
  const urls = check.urls.map((url) => ({ ...url, virtualHost: url.virtualHost ?? host }));
  return { kind, ...times, ...connection, urls, sni: check.sni ?? false };
}
