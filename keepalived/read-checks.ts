// TCP_CHECK, HTTP_GET, SSL_GET, UDP_CHECK and MISC_CHECK: what stands in their braces. What it leaves open is the real server's.
import { type BlockTable, type NotServed, readBlock, refuse, warn } from './block.js';
import type { Report } from './diagnostic.js';
import type { Script, UrlCheck } from './model.js';
import type { Entry } from './tree.js';
import { address, command, flag, integer, oneWord, port, seconds, shown, text } from './values.js';

/** What a check says of itself; undefined where the real server or the virtual server says it. */
export interface CheckDraft {
  readonly kind: 'TCP_CHECK' | 'HTTP_GET' | 'SSL_GET' | 'UDP_CHECK' | 'MISC_CHECK';
  alpha?: boolean;
  delayLoopMs?: number;
  warmupMs?: number;
  retry?: number;
  delayBeforeRetryMs?: number;
  connectTimeoutMs?: number;
  logAllFailures?: boolean;
  connectIp?: string;
  connectPort?: number;
  bindAddress?: string;
  bindPort?: number;
  urls: UrlCheck[];
  virtualHost?: string;
  sni?: boolean;
  payload?: string;
  requireReply?: string;
  minReplyLength?: number;
  maxReplyLength?: number;
  command?: string;
  user?: Pick<Script, 'user' | 'group'>;
  timeoutMs?: number;
  dynamic?: boolean;
}

type Keys = BlockTable<CheckDraft>['keys'];

/** More than any service needs; a mistake of units otherwise. */
const mostRetries = 1000;
const longestUdpReply = 65_535;

/** Keys that checks, real servers and virtual servers share. */
export interface Timing {
  alpha?: boolean;
  delayLoopMs?: number;
  warmupMs?: number;
  retry?: number;
  delayBeforeRetryMs?: number;
  connectTimeoutMs?: number;
}

export function timingKeys<D extends Timing>(
  report: Report,
): Readonly<Record<string, (entry: Entry, draft: D) => void>> {
  const retry = (entry: Entry, draft: D): void => {
    draft.retry = integer(entry, report, 0, mostRetries);
  };
  return {
    alpha: (entry, draft) => {
      draft.alpha = flag(entry, report);
    },
    delay_loop: (entry, draft) => {
      draft.delayLoopMs = seconds(entry, report, 0.1);
    },
    warmup: (entry, draft) => {
      draft.warmupMs = seconds(entry, report);
    },
    retry,
    delay_before_retry: (entry, draft) => {
      draft.delayBeforeRetryMs = seconds(entry, report);
    },
    connect_timeout: (entry, draft) => {
      draft.connectTimeoutMs = seconds(entry, report, 0.001);
    },
  };
}

function checkKeys(report: Report): Keys {
  const timing = timingKeys<CheckDraft>(report);
  return {
    ...timing,
    // Spellings of older versions: alibaba's, which the tutorial has, and keepalived 1's.
    nb_sock_retry: timing.retry!,
    nb_get_retry: timing.retry!,
    log_all_failures: (entry, draft) => {
      draft.logAllFailures = flag(entry, report);
    },
  };
}

function connectionKeys(report: Report): Keys {
  return {
    connect_ip: (entry, draft) => {
      const word = oneWord(entry, report);
      if (word !== undefined) draft.connectIp = address(word, report);
    },
    connect_port: (entry, draft) => {
      draft.connectPort = integer(entry, report, 1, 65535);
    },
    bindto: (entry, draft) => {
      const word = oneWord(entry, report);
      if (word !== undefined) draft.bindAddress = address(word, report);
    },
    bind_port: (entry, draft) => {
      const word = oneWord(entry, report);
      if (word !== undefined) draft.bindPort = port(word, report);
    },
  };
}

const connectionNotServed: Readonly<Record<string, NotServed>> = {
  bind_if: refuse('checks are not bound to an interface', 'bindto ADDRESS of that interface'),
  fwmark: refuse('packets of checks carry no mark', 'bindto ADDRESS, and a rule for it: ip rule add from ADDRESS'),
};

const noKeys = { keys: {}, blocks: {}, notServed: {}, repeats: new Set<string>() };

export function readTcpCheck(entry: Entry, report: Report): CheckDraft {
  const draft: CheckDraft = { kind: 'TCP_CHECK', urls: [] };
  const keys = { ...checkKeys(report), ...connectionKeys(report) };
  readBlock(entry, { ...noKeys, keys, notServed: connectionNotServed }, draft, report);
  return draft;
}

export function readUdpCheck(entry: Entry, report: Report): CheckDraft {
  const draft: CheckDraft = { kind: 'UDP_CHECK', urls: [] };
  const keys: Keys = {
    ...checkKeys(report),
    ...connectionKeys(report),
    // As DPVS's keepalived: the text itself; newer ones of keepalived read hexadecimal digits.
    payload: (each, into) => {
      into.payload = text(each, report);
    },
    require_reply: (each, into) => {
      into.requireReply = each.words.length === 1 ? '' : text(each, report);
    },
    min_reply_length: (each, into) => {
      into.minReplyLength = integer(each, report, 0, longestUdpReply);
    },
    max_reply_length: (each, into) => {
      into.maxReplyLength = integer(each, report, 0, longestUdpReply);
    },
  };
  readBlock(entry, { ...noKeys, keys, notServed: connectionNotServed }, draft, report);
  if ((draft.minReplyLength ?? 0) > (draft.maxReplyLength ?? 255))
    report.error(entry.words[0], 'UDP_CHECK: min_reply_length is more than max_reply_length (255 unless given)');
  return draft;
}

export function readHttpCheck(entry: Entry, kind: 'HTTP_GET' | 'SSL_GET', report: Report): CheckDraft {
  const draft: CheckDraft = { kind, urls: [] };
  const keys: Keys = {
    ...checkKeys(report),
    ...connectionKeys(report),
    virtualhost: (each, into) => {
      into.virtualHost = text(each, report);
    },
    enable_sni: (each, into) => {
      into.sni = flag(each, report);
    },
  };
  const blocks = {
    url: (each: Entry, into: CheckDraft) => {
      const url = readUrl(each, report);
      if (url !== undefined) into.urls.push(url);
    },
  };
  const notServed: Record<string, NotServed> = {
    ...connectionNotServed,
    http_protocol: warn('requests are HTTP/1.1 with `Connection: close`'),
    fast_recovery: warn('every round asks for all URLs, so that a server is back after one'),
  };
  readBlock(entry, { keys, blocks, notServed, repeats: new Set(['url']) }, draft, report);
  if (draft.urls.length === 0 && report.errors.length === 0)
    report.error(entry.words[0], `${kind} has no url`, 'url { path / }');
  return draft;
}

interface UrlDraft {
  path?: string;
  digest?: string;
  statusCodes?: [number, number][];
  virtualHost?: string;
}

const regex = refuse(
  'regular expressions are not served',
  'digest or status_code, or MISC_CHECK { misc_path "curl -sf http://ADDRESS/PATH | grep -q \'EXPRESSION\'" }',
);

function readUrl(entry: Entry, report: Report): UrlCheck | undefined {
  const draft: UrlDraft = {};
  const table: BlockTable<UrlDraft> = {
    ...noKeys,
    keys: {
      path: (each, into) => {
        const word = oneWord(each, report);
        if (word === undefined) return;
        if (/^[\x21-\x7e]+$/.test(word.text)) into.path = word.text.startsWith('/') ? word.text : `/${word.text}`;
        else
          report.error(word, `path cannot be ${shown(word)}`, 'printable ASCII without blanks; escape others as %20');
      },
      digest: (each, into) => {
        const word = oneWord(each, report);
        if (word === undefined) return;
        if (/^[0-9a-f]{32}$/i.test(word.text)) into.digest = word.text.toLowerCase();
        else report.error(word, `digest cannot be ${shown(word)}`, 'the MD5 of the body, 32 hexadecimal digits');
      },
      status_code: (each, into) => {
        into.statusCodes = readStatusCodes(each, report);
      },
      virtualhost: (each, into) => {
        into.virtualHost = text(each, report);
      },
    },
    notServed: {
      regex,
      regex_no_match: regex,
      regex_options: regex,
      regex_min_offset: regex,
      regex_max_offset: regex,
      regex_stack: regex,
    },
  };
  const errors = report.errors.length;
  readBlock(entry, table, draft, report);
  if (draft.path === undefined) {
    if (report.errors.length === errors) report.error(entry.words[0], 'url has no path', 'path /');
    return undefined;
  }
  const { path, digest = null, statusCodes = [[200, 299]], virtualHost = null } = draft;
  return { path, digest, statusCodes, virtualHost };
}

function readStatusCodes({ words: [keyword, ...rest] }: Entry, report: Report): [number, number][] | undefined {
  if (rest.length === 0) report.error(keyword, 'status_code needs a value', 'as 200, or 200-299 301');
  const ranges = rest.map((word): [number, number] | undefined => {
    const match = /^(\d{3})(?:-(\d{3}))?$/.exec(word.text);
    const [from, to] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
    if (from >= 100 && to <= 599 && from <= to) return [from, to];
    report.error(word, `status_code cannot be ${shown(word)}`, '100 to 599, or a range as 200-299');
    return undefined;
  });
  const good = ranges.filter((range) => range !== undefined);
  return good.length === 0 ? undefined : good;
}

export function readMiscCheck(entry: Entry, report: Report): CheckDraft {
  const draft: CheckDraft = { kind: 'MISC_CHECK', urls: [] };
  const keys: Keys = {
    ...checkKeys(report),
    misc_path: (each, into) => {
      into.command = command(each, report);
    },
    misc_timeout: (each, into) => {
      into.timeoutMs = seconds(each, report, 0.1);
    },
    misc_dynamic: (each, into) => {
      into.dynamic = flag(each, report);
    },
    user: (each, into) => {
      into.user = readUser(each, report);
    },
  };
  const errors = report.errors.length;
  readBlock(entry, { ...noKeys, keys }, draft, report);
  if (draft.command === undefined && report.errors.length === errors)
    report.error(entry.words[0], 'MISC_CHECK has no misc_path', 'misc_path "/path/to/script arguments"');
  return draft;
}

/** `USER [GROUP]`. */
export function readUser({ words: [keyword, user, group, extra] }: Entry, report: Report): Script | undefined {
  const wrong = [user, group].find((word) => word !== undefined && !/^[A-Za-z_][A-Za-z0-9_.-]*\$?$/.test(word.text));
  if (user === undefined) report.error(keyword, `${keyword.text} needs a user`, `${keyword.text} USER [GROUP]`);
  else if (extra !== undefined) report.error(extra, `a word too many`, `${keyword.text} USER [GROUP]`);
  else if (wrong !== undefined) report.error(wrong, `${shown(wrong)} is no name of a user or group`);
  else return { command: '', user: user.text, group: group?.text ?? null };
  return undefined;
}
