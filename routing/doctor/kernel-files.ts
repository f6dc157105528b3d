// What only /proc says of an interface: joined multicast groups, reverse-path filtering. Of the network namespace we run in.
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
