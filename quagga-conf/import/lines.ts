// A hand-written configuration as lines in their contexts, found as the daemons find them: by words, indented or not.

export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

export interface SourceLine {
  readonly file: string;
  /** From 1. */
  readonly number: number;
  /** Without indentation and comment. */
  readonly text: string;
  /** `['router bgp 65001', 'address-family ipv4 unicast']`; empty at the top. */
  readonly path: readonly string[];
  /** It begins a context. */
  readonly opens: boolean;
}

/** What a file longer than this would be, no daemon reads in a reasonable time. */
export const longestFile = 4 << 20;

/** Lines of the top: after one of them the context that was open is over, whatever the indentation says. */
const top =
  /^(interface|router|route-map|hostname|domainname|password|enable|log|line|service|frr|vrf|debug|banner|username|agentx|access-list|key chain|nexthop-group|ip (prefix-list|route|forwarding|router-id|nht|protocol|community-list|extcommunity-list|large-community-list|as-path|import-table)|ipv6 (prefix-list|route|forwarding|access-list|nht|protocol)|no (ip|ipv6) (prefix-list|route|forwarding)|no (service|log|debug|router|banner|password|hostname))( |$)/;
const opens = /^(interface|router|route-map|line|vrf|key chain|nexthop-group|bfd)( |$)/;
const inner = /^(address-family|profile|peer|key|vnc|segment-routing)( |$)/;
const leaves = /^(exit|quit|end|exit-\S+)$/;
/** Of `show running-config`, not of the configuration. */
const noise = /^(Building configuration|Current configuration)/;

export function sourceLines({ name, text }: SourceFile): SourceLine[] {
  const found: SourceLine[] = [];
  let path: string[] = [];
  for (const [i, raw] of text.slice(0, longestFile).split(/\r?\n/).entries()) {
    const line = withoutComment(raw.replace(/\s+/g, ' ').trim());
    if (line === '' || /^[!#]/.test(line) || noise.test(line)) continue;
    if (leaves.test(line)) {
      path = line === 'end' ? [] : path.slice(0, -1);
      continue;
    }
    if (isTop(line, path)) path = [];
    else if (path.length > 1 && inner.test(line)) path = path.slice(0, 1);
    const begins = path.length === 0 ? opens.test(line) : path.length === 1 && isInner(line, path[0]);
    found.push({ file: name, number: i + 1, text: line, path, opens: begins });
    if (begins) path = [...path, line];
  }
  return found;
}

function isTop(line: string, path: readonly string[]): boolean {
  if (line === 'bfd') return true;
  // Quagga's ospf6d says there which interfaces it runs on.
  if (path[0] === 'router ospf6' && /^interface \S+ area /.test(line)) return false;
  return top.test(line);
}

function isInner(line: string, context: string): boolean {
  if (context === 'bfd') return /^(profile|peer) /.test(line);
  if (context.startsWith('router bgp')) return /^(address-family|vnc) /.test(line);
  return context.startsWith('key chain') && /^key \d+$/.test(line);
}

/** The daemons know no comment behind a command; people and tutorials write them. */
function withoutComment(line: string): string {
  return /^(description|banner) /.test(line) ? line : line.replace(/ #( .*)?$/, '');
}

const secrets: readonly RegExp[] = [
  /^(password|enable password)( 8)? /,
  /^ip ospf authentication-key /,
  /^ip ospf message-digest-key \d+ md5 /,
  /^area \S+ virtual-link .*(authentication-key|md5) /,
  /^neighbor \S+ password /,
  /^ipv6 ospf6 authentication key-id .* key /,
  /^key-string /,
  // Also where no daemon takes the line: a key is a key.
  /^(.* )?(password|md5|authentication-key) /,
];

/** As it may be shown. */
export function withoutSecret(line: string): string {
  for (const each of secrets) {
    const match = each.exec(line);
    if (match !== null) return `${match[0]}…`;
  }
  return line;
}
