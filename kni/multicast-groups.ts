// The link-layer groups the kernel has joined on each interface, read from /proc/net/dev_mcast: what IPv4 and IPv6 joins come to there,
// and explicit ones. Read each second, because no notification tells of a join: ospfd's follows no change of an address or link.
import { readFile } from 'node:fs/promises';

export interface KernelGroup {
  /** Lower case, colons. */
  readonly mac: string;
  /** How often it was joined, by the kernel's count. */
  readonly users: number;
}

/** By interface name. */
export type GroupsByDevice = ReadonlyMap<string, readonly KernelGroup[]>;

/** Changes come in crowds: all of a crowd is one reading. */
const settleMs = 20;
/** The longest that a join waits; a hello interval is a second at least. */
const intervalMs = 1_000;

/** Lines of `index name users global address`, the address in hexadecimal without separators. Others than Ethernet's are left out. */
export function parseGroups(text: string): GroupsByDevice {
  const groups = new Map<string, KernelGroup[]>();
  for (const line of text.split('\n')) {
    const [, device = '', users = '', , address = ''] = line.trim().split(/\s+/);
    if (!/^[0-9a-f]{12}$/.test(address)) continue;
    const known = groups.get(device) ?? [];
    known.push({ mac: address.replaceAll(/..(?!$)/g, '$&:'), users: Number(users) });
    groups.set(device, known);
  }
  return groups;
}

export class GroupReader {
  readonly #onGroups: (groups: GroupsByDevice) => void;
  readonly #onError: (error: unknown) => void;
  readonly #anyway: NodeJS.Timeout;
  #soon: NodeJS.Timeout | null = null;
  #reading = false;
  #closed = false;

  constructor(onGroups: (groups: GroupsByDevice) => void, onError: (error: unknown) => void) {
    this.#onGroups = onGroups;
    this.#onError = onError;
    this.#anyway = setInterval(() => void this.#read(), intervalMs);
    this.#anyway.unref();
  }

  /** An interface or address changed: groups came or went with it. */
  changed(): void {
    if (!this.#closed) this.#soon ??= setTimeout(() => void this.#read(), settleMs);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#anyway);
    if (this.#soon !== null) clearTimeout(this.#soon);
  }

  async #read(): Promise<void> {
    // The clock reads what this one misses.
    if (this.#reading) return;
    this.#soon = null;
    this.#reading = true;
    try {
      const groups = parseGroups(await readFile('/proc/net/dev_mcast', 'latin1'));
      if (!this.#closed) this.#onGroups(groups);
    } catch (error) {
      if (!this.#closed) this.#onError(error);
    } finally {
      this.#reading = false;
    }
  }
}
