// What only /proc says: joined multicast groups, reverse-path filtering, segments that TCP dropped. Of the network namespace we run in.
import { readFileSync } from 'node:fs';

export interface KernelFiles {
  /** Groups by interface, dotted; null when the file cannot be read. */
  readonly groups: ReadonlyMap<string, readonly string[]> | null;
  rpFilter(name: string): number | null;
}

export function readKernelFiles(): KernelFiles {
  const igmp = read('/proc/net/igmp');
  return {
    groups: igmp === null ? null : parseIgmp(igmp),
    // The kernel takes the larger of the two (Documentation/networking/ip-sysctl.rst).
    rpFilter: (name) => {
      const values = ['all', name].map((each) => read(`/proc/sys/net/ipv4/conf/${each}/rp_filter`));
      return values[1] === null ? null : Math.max(...values.map(Number));
    },
  };
}

/** TCP segments that the kernel dropped since its start, for reasons that keep a BGP session away. */
export interface TcpDrops {
  /** No MD5 signature (RFC 2385) where a password is set; one where none is; a wrong one. */
  readonly md5Missing: number;
  readonly md5Unexpected: number;
  readonly md5Wrong: number;
  /** A TTL below what `ttl-security` asks for (RFC 5082). */
  readonly ttl: number;
}

export const noDrops: TcpDrops = { md5Missing: 0, md5Unexpected: 0, md5Wrong: 0, ttl: 0 };

/** Of /proc/net/netstat: zero where it is not told. */
export const readTcpDrops = (): TcpDrops => parseTcpDrops(read('/proc/net/netstat') ?? '');

/** A line of names, and below it a line of values. */
export function parseTcpDrops(text: string): TcpDrops {
  const [names = [], values = []] = text
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.trim().split(' '));
  const of = (name: string): number => Number(values[names.indexOf(name)] ?? 0);
  return {
    md5Missing: of('TCPMD5NotFound'),
    md5Unexpected: of('TCPMD5Unexpected'),
    md5Wrong: of('TCPMD5Failure'),
    ttl: of('TCPMinTTLDrop'),
  };
}

export const since = (before: TcpDrops, now: TcpDrops): TcpDrops => ({
  md5Missing: now.md5Missing - before.md5Missing,
  md5Unexpected: now.md5Unexpected - before.md5Unexpected,
  md5Wrong: now.md5Wrong - before.md5Wrong,
  ttl: now.ttl - before.ttl,
});

/** Lines `2\tdpdk1.kni : 3 V3`, each followed by its groups, `\t\t\t\t050000E0 …`: the address as a number of the machine's order. */
export function parseIgmp(text: string, little = isLittle): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let groups: string[] = [];
  for (const line of text.split('\n')) {
    const device = /^\d+\s+(\S+)\s*:/.exec(line);
    const group = /^\s+([0-9A-F]{8})\s/.exec(line);
    if (device !== null) {
      groups = [];
      found.set(device[1], groups);
    } else if (group !== null) {
      const bytes = [...Buffer.from(group[1], 'hex')];
      groups.push((little ? bytes.reverse() : bytes).join('.'));
    }
  }
  return found;
}

const isLittle = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
