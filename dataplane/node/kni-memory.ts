// A TAP goes with dpvs, and with it the addresses and routes that somebody gave it. They are kept, and put back when it is made again,
// so that a restart of dpvs needs no script after it and the order in which daemons start does not matter.
import { isKernelError, type KernelAddress, type KernelLink, type KernelRoute, Rtnetlink } from '../../kni/index.js';
import type { Log } from '../../log/index.js';
import {
  bridgeAddresses,
  type KeptKni,
  type KeptRoute,
  MOST_ADDRESSES,
  MOST_ROUTES,
  readKept,
  writeKept,
} from './kni-memory-file.js';

/** A script that sets an interface up is one writing. */
const SETTLE_MS = 500;
/** What an administrator adds. What zebra learned (`zebra`, `ospf`, `bgp`) comes back with zebra. */
const OWN_PROTOCOLS: readonly string[] = ['static', 'boot'];

export interface KniMemoryOptions {
  readonly path: string;
  /** The routing bridge's journal, whose VIPs are not ours to put back. */
  readonly bridgePath: string;
  readonly log: Log;
  readonly kernel?: Pick<Rtnetlink, 'addresses' | 'addAddress' | 'addRoute' | 'close'>;
}

export class KniMemory {
  readonly #options: KniMemoryOptions;
  readonly #kernel: Pick<Rtnetlink, 'addresses' | 'addAddress' | 'addRoute' | 'close'>;
  readonly #kept: Map<string, KeptKni>;
  /** Interfaces that were put right and are watched since; null while one is away. */
  readonly #present = new Map<string, KernelLink | null>();
  /** null until they were read. */
  #routes: readonly KernelRoute[] | null = null;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #written: string;
  #full = false;

  constructor(options: KniMemoryOptions) {
    this.#options = options;
    this.#kernel = options.kernel ?? new Rtnetlink();
    let kept: KeptKni[] = [];
    try {
      kept = readKept(options.path);
    } catch (error) {
      options.log.event('kni.memory_failed', { path: options.path, error });
    }
    this.#kept = new Map(kept.map((kni) => [kni.name, kni]));
    this.#written = JSON.stringify(kept);
  }

  /** As it was left; an interface that was never seen comes up. */
  wasUp(kniName: string): boolean {
    return this.#kept.get(kniName)?.up ?? true;
  }

  /** To be called once the interface is there, and up if it is to be. What is added later by others is kept from then on. */
  async restore(kniName: string, link: KernelLink): Promise<void> {
    const kept = this.#kept.get(kniName);
    if (kept !== undefined) await this.#putBack(kept);
    this.#present.set(kniName, link);
    this.#soon();
  }

  linkChanged(kniName: string, link: KernelLink | null): void {
    if (!this.#present.has(kniName)) return;
    this.#present.set(kniName, link);
    this.#soon();
  }

  addressesChanged(): void {
    this.#soon();
  }

  routesRead(routes: readonly KernelRoute[]): void {
    this.#routes = routes;
    this.#soon();
  }

  async close(): Promise<void> {
    if (this.#timer !== undefined) this.#write();
    await this.#writing;
    this.#kernel.close();
  }

  async #putBack(kept: KeptKni): Promise<void> {
    const { log, bridgePath } = this.#options;
    const { name } = kept;
    const vips = bridgeAddresses(bridgePath);
    let [addresses, routes] = [0, 0];
    for (const prefix of kept.addresses) {
      if (isVip(prefix, vips)) continue;
      if (await this.#try(name, prefix, () => this.#kernel.addAddress(name, prefix))) addresses++;
    }
    // Those without a gateway first: a gateway may be reached by one of them.
    for (const route of [...kept.routes].sort((a, b) => Number(a.gateway !== null) - Number(b.gateway !== null))) {
      const { destination, gateway, source, metric } = route;
      const change = {
        destination,
        device: name,
        ...(metric === 0 ? {} : { metric }),
        ...(gateway === null ? {} : { gateway }),
        ...(source === null ? {} : { source }),
      };
      if (await this.#try(name, destination, () => this.#kernel.addRoute(change))) routes++;
    }
    if (addresses + routes > 0) log.event('kni.restored', { kni: name, addresses, routes });
  }

  async #try(kni: string, what: string, add: () => Promise<void>): Promise<boolean> {
    try {
      await add();
      return true;
    } catch (error) {
      // Somebody was faster.
      if (!isKernelError(error, 'EEXIST')) this.#options.log.event('kni.restore_failed', { kni, what, error });
      return false;
    }
  }

  #soon(): void {
    if (this.#present.size === 0) return;
    this.#timer ??= setTimeout(() => this.#write(), SETTLE_MS);
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { path, log } = this.#options;
    this.#writing = this.#writing
      .then(() => this.#record())
      .catch((error: unknown) => log.event('kni.memory_failed', { path, error }));
  }

  async #record(): Promise<void> {
    const vips = bridgeAddresses(this.#options.bridgePath);
    for (const [name, link] of this.#present) {
      if (link === null) continue;
      let addresses: KernelAddress[];
      try {
        addresses = await this.#kernel.addresses(name);
      } catch (error) {
        // It is going, and its addresses with it: what was kept stays.
        if (isKernelError(error, 'ENODEV')) continue;
        throw error;
      }
      const before = this.#kept.get(name);
      const prefixes = addresses.filter(isGiven).map(({ address, prefixLength }) => `${address}/${prefixLength}`);
      const own = prefixes.filter((prefix) => !isVip(prefix, vips));
      // The kernel drops the routes of an interface that goes down; that is no wish to lose them for good.
      const seen = link.up ? this.#routes : null;
      const routes = seen === null ? (before?.routes ?? []) : keptRoutes(seen, name);
      this.#limits(name, own.length, routes.length);
      this.#kept.set(name, {
        ...{ name, up: link.up },
        addresses: own.slice(0, MOST_ADDRESSES),
        routes: routes.slice(0, MOST_ROUTES),
      });
    }
    const knis = [...this.#kept.values()];
    const text = JSON.stringify(knis);
    if (text === this.#written) return;
    await writeKept(this.#options.path, knis);
    this.#written = text;
  }

  #limits(kni: string, addresses: number, routes: number): void {
    const full = addresses > MOST_ADDRESSES || routes > MOST_ROUTES;
    if (full && !this.#full) this.#options.log.event('kni.memory_full', { kni, addresses, routes });
    this.#full = full;
  }
}

/** Not those the kernel made itself, nor those that a router or a DHCP server gave for a while. */
const isGiven = ({ family, scope, dynamic }: KernelAddress): boolean =>
  dynamic !== true && !(family === 'inet6' && scope === 'link');

function isVip(prefix: string, vips: ReadonlySet<string>): boolean {
  const [address, length] = prefix.split('/');
  return (length === '32' || length === '128') && vips.has(address);
}

/** By one way only: a static route of several ways comes back with who made it. */
function keptRoutes(routes: readonly KernelRoute[], kni: string): KeptRoute[] {
  return routes
    .filter(({ protocol, type, nextHops }) => {
      const [first, ...others] = nextHops;
      return OWN_PROTOCOLS.includes(protocol) && type === 'unicast' && first?.device === kni && others.length === 0;
    })
    .map(({ destination, nextHops, metric, source }) => ({
      destination,
      gateway: nextHops[0].gateway,
      metric,
      source,
    }));
}
