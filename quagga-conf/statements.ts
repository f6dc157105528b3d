// A configuration file, or what `show running-config` prints, as statements in their contexts; and what each statement sets.
import { dottedArea } from './check.js';

export interface Statement {
  /** `['router ospf']`, `['bfd', 'profile dpvs']`; empty at the top. */
  readonly path: readonly string[];
  readonly line: string;
  /** What it sets: two statements with the same one replace each other. */
  readonly id: string;
  /** It begins a context. */
  readonly opens: boolean;
}

/** Of the file or the vty, not of routing: they take effect when the daemon starts. */
const notRouting =
  /^(!|#|end$|exit$|exit-|Building |Current config|frr |hostname |log (file|stdout|syslog|commands)|password |enable |service |line |no ip(v6)? forwarding|ip(v6)? forwarding)/;
const opener = /^(interface|router|route-map|bfd$|profile|vrf|area-range|key chain|key|address-family)(?= |$)/;

export function statements(text: string): Statement[] {
  const found: Statement[] = [];
  const open: { depth: number; line: string }[] = [];
  for (const raw of text.split('\n')) {
    const line = canonical(raw.trim());
    const depth = raw.length - raw.trimStart().length;
    if (line === '' || notRouting.test(line)) continue;
    while (open.length > 0 && (open.at(-1)?.depth ?? 0) >= depth) open.pop();
    const path = open.map((each) => each.line);
    const opens = opener.test(line) && (depth === 0 || path[0] === 'bfd' || line.startsWith('address-family '));
    found.push({ path, line, id: [...path, opens ? line : settingOf(line)].join(' / '), opens });
    if (opens) open.push({ depth, line });
  }
  return found;
}

/** FRR prints some lines in another way than they were given. */
function canonical(line: string): string {
  return (
    line
      .replace(/\s+/g, ' ')
      .replace(/^(ip(?:v6)? prefix-list \S+) seq \d+ (permit)/, '$1 $2')
      // Its number says only that the route-map was to be asked again.
      .replace(/^(redistribute connected) metric \d+ (.*route-map DPVS-ANNOUNCE6?)$/, '$1 $2')
      .replace(
        /^(network \S+ area |area |ipv6 ospf6 area )(\d+)(?= |$)/,
        (_, head: string, area: string) => `${head}${dottedArea(area)}`,
      )
  );
}

/** Statements with one value each; what follows the match is the value. Any other line is a flag: it is there or not. */
const singleValued: readonly RegExp[] = [
  /^description\b/,
  /^ip ospf (network|hello-interval|dead-interval|cost|authentication-key|bfd profile)\b/,
  /^ip ospf authentication\b(?!-)/,
  /^ip ospf message-digest-key \d+/,
  /^ipv6 ospf6 (network|hello-interval|dead-interval|cost|area|bfd profile|advertise prefix-list)\b/,
  /^ospf6? router-id\b/,
  /^auto-cost reference-bandwidth\b/,
  /^redistribute \S+/,
  /^set (metric|metric-type|community|as-path prepend)\b/,
  /^graceful-restart grace-period\b/,
  /^bgp (router-id|graceful-restart restart-time)\b/,
  /^neighbor \S+ (remote-as|password|timers connect|timers|bfd profile)\b/,
  /^ipv6 ospf6 authentication key-id\b/,
  /^network \S+/,
  /^area \S+ (stub|authentication)\b/,
  /^(detect-multiplier|receive-interval|transmit-interval)\b/,
];

function settingOf(line: string): string {
  for (const each of singleValued) {
    const match = each.exec(line);
    if (match !== null) return match[0];
  }
  return line;
}

/** FRR's running configuration leaves them out. */
const defaults: ReadonlySet<string> = new Set([
  'ip ospf network broadcast',
  'ip ospf hello-interval 10',
  'ip ospf dead-interval 40',
  'ipv6 ospf6 hello-interval 10',
  'ipv6 ospf6 dead-interval 40',
  'auto-cost reference-bandwidth 100',
  'detect-multiplier 3',
  'receive-interval 300',
  'transmit-interval 300',
]);
export const isDefault = ({ line }: Statement): boolean => defaults.has(line);
