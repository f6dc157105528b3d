// The kernel's side of the ports: each kni equal to its port, and what the kernel has on it handed on to whom it concerns.
import { KniManager, type KniOwn } from '../../kni/index.js';
import type { Log } from '../../log/index.js';
import { portInfo } from '../../native/index.js';
import type { KernelMirror } from '../kernel-mirror/index.js';
import type { RunningPort } from './bring-up.js';
import type { KniMemory } from './kni-memory.js';
import type { KniLinks } from './link-settings.js';
import type { MulticastFilters } from './multicast-filters.js';

export interface KniSideParts {
  readonly ports: readonly RunningPort[];
  readonly mirror: KernelMirror;
  readonly memory: KniMemory | null;
  readonly groups: MulticastFilters;
  readonly log: Log;
  /** The mirror has seen something. */
  readonly onMirror: () => void;
  /** A kni was given another MTU or MAC; rejects when its port cannot follow. */
  readonly onOwn: (port: string, own: KniOwn) => Promise<unknown>;
}

export class KniSide implements KniLinks {
  readonly #parts: KniSideParts;
  readonly #manager: KniManager;
  readonly #up = new Map<string, boolean>();

  constructor(parts: KniSideParts) {
    this.#parts = parts;
    const { ports, mirror, memory, groups, log, onMirror } = parts;
    const kniOf = (name: string): string => ports.find(({ config }) => config.name === name)?.config.kniName ?? '';
    this.#manager = new KniManager(
      {
        onLink: (port, link) => {
          this.#up.set(port, link?.up ?? false);
          memory?.linkChanged(kniOf(port), link);
        },
        onAddress: (event) => {
          mirror.addressChanged(event);
          memory?.addressesChanged();
          onMirror();
        },
        onGroups: (port, joined) => groups.kernelGroups(port, joined),
        onOwn: async (port, own) => void (await parts.onOwn(port, own)),
        onRoutes: (routes) => {
          mirror.routesRead(routes);
          memory?.routesRead(routes);
          onMirror();
        },
      },
      log,
    );
  }

  /** With what the ports have by now: the journal may have said something else than dpvs.conf. */
  async attach(): Promise<void> {
    const { ports, memory } = this.#parts;
    for (const { config, index, mac, mtu, kniIndex } of ports) {
      if (kniIndex === null) continue;
      const { name, kniName } = config;
      const own = portInfo(index) ?? { mac, mtu };
      const up = memory?.wasUp(kniName) ?? true;
      const link = await this.#manager.attach({ name, kniName, mac: own.mac, mtu: own.mtu, up });
      await memory?.restore(kniName, link);
    }
  }

  set(port: string, own: KniOwn): Promise<void> {
    return this.#manager.set(port, own);
  }

  isUp(port: RunningPort): boolean {
    return this.#up.get(port.config.name) ?? false;
  }

  carrier(port: RunningPort, carrier: boolean): void {
    const { log } = this.#parts;
    this.#manager
      .setCarrier(port.config.name, carrier)
      .catch((error: unknown) => log.event('kni.failed', { kni: port.config.kniName, error }));
  }

  close(): void {
    this.#manager.close();
  }
}
