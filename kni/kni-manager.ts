// Keeps each `<port>.kni` equal to its port (MAC, MTU, carrier) and reports what the kernel has on it.
// The TAP itself is made by the dataplane through DPDK; this waits for it, also when it goes and comes back.
import { type Log, RepeatedCondition } from '../log/index.js';
import { isKernelError } from './kernel-error.js';
import type { KernelLink } from './kernel-objects.js';
import type { KernelRoute } from './kernel-routes.js';
import { KniState } from './kni-state.js';
import { GroupReader, type GroupsByDevice, type KernelGroup } from './multicast-groups.js';
import { RouteReader } from './route-reader.js';
import { Rtnetlink } from './rtnetlink.js';
import { tellOnce } from './unreadable-log.js';
import type { KernelEvent, WatchOptions } from './watch.js';

export interface KniPort {
  /** The port: `dpdk1`. */
  readonly name: string;
  /** Its kernel-visible interface: `dpdk1.kni`. */
  readonly kniName: string;
  readonly mac: string;
  readonly mtu: number;
  /** How the interface is to begin; the reference leaves that to the administrator. */
  readonly up?: boolean;
}

/** What a port and its interface have in common. */
export interface KniOwn {
  readonly mac?: string;
  readonly mtu?: number;
}

export interface KniAddressEvent {
  readonly port: string;
  readonly kni: string;
  readonly address: string;
  readonly prefixLength: number;
  readonly family: 'inet' | 'inet6';
  readonly change: 'added' | 'removed';
}

export interface KniEvents {
  /** Called for what is there at the start, too. */
  onAddress?(event: KniAddressEvent): void;
  /** The interface as the kernel has it now; null when it is gone. */
  onLink?(port: string, link: KernelLink | null): void;
  /**
   * Somebody gave the interface another MTU or MAC. Who lets the port follow calls `set` before it resolves; after a rejection, or
   * without this, the interface gets the port's again.
   */
  onOwn?(port: string, own: KniOwn): Promise<void>;
  /** All routes of the main table, of every device, after something has changed among them. */
  onRoutes?(routes: readonly KernelRoute[]): void;
  /** The multicast groups joined on the interface, all of them, when they have changed; in the order of their addresses. */
  onGroups?(port: string, groups: readonly KernelGroup[]): void;
}

const appearTimeoutMs = 3_000;
const appearPollMs = 20;

export class KniManager {
  readonly #kernel: Rtnetlink;
  readonly #knis = new Map<string, KniState>();
  readonly #events: KniEvents;
  readonly #log: Log | null;
  readonly #routes: RouteReader | null;
  readonly #groups: GroupReader | null;
  readonly #watchOptions: WatchOptions;
  #watching: Promise<unknown> | null = null;
  #closed = false;

  constructor(events: KniEvents = {}, log: Log | null = null, watchOptions: WatchOptions = {}) {
    this.#events = events;
    this.#log = log;
    this.#kernel = new Rtnetlink(log === null ? undefined : tellOnce(log));
    this.#watchOptions = { ...watchOptions, onNextHop: () => this.#routes?.changed() };
    const { onRoutes } = events;
    // It would fail each second.
    const unreadable = log === null ? null : new RepeatedCondition(log, 'kni.failed');
    this.#routes =
      onRoutes === undefined
        ? null
        : new RouteReader(
            this.#kernel,
            (routes) => onRoutes.call(events, routes),
            (error) => log?.event('kni.failed', { kni: 'routes', reason: String(error) }),
          );
    this.#groups =
      events.onGroups === undefined
        ? null
        : new GroupReader(
            (groups) => this.#groupsRead(groups),
            (error) => unreadable?.hit({ kni: 'multicast groups', reason: String(error) }),
          );
  }

  /**
   * Waits for the interface (it appears with the port), then gives it the port's MAC and MTU and verifies both.
   * @throws {KernelError} ENODEV when it does not appear, or what the kernel refused
   */
  async attach(port: KniPort): Promise<KernelLink> {
    this.#watching ??= this.#kernel.watch((event) => this.#onEvent(event), this.#watchOptions);
    await this.#watching;
    const state = new KniState(port, this.#kernel, this.#events, this.#log);
    const link = await this.#appeared(port.kniName);
    this.#knis.set(port.kniName, state);
    await state.refresh(link);
    this.#routes?.changed();
    this.#groups?.changed();
    return this.#kernel.linkByName(port.kniName);
  }

  /** Forgets an interface, before its port is removed. */
  detach(portName: string): void {
    for (const [kniName, { port }] of this.#knis) if (port.name === portName) this.#knis.delete(kniName);
  }

  /** Mirrors the port's carrier: a TAP has none of its own, and ospfd would learn of a dead link by its dead interval only. */
  async setCarrier(portName: string, carrier: boolean): Promise<void> {
    for (const state of this.#knis.values()) if (state.port.name === portName) await state.setCarrier(carrier);
  }

  /** The port has this MTU or MAC from now on. @throws {KernelError} what the kernel refused; the interface is as it was then */
  async set(portName: string, own: KniOwn): Promise<void> {
    for (const state of this.#knis.values()) if (state.port.name === portName) await state.set(own);
  }

  /** `a.b.c.d/len` of an interface, as last reported. */
  addresses(portName: string): string[] {
    return [...this.#knis.values()].filter((state) => state.port.name === portName).flatMap((state) => state.addresses);
  }

  close(): void {
    this.#closed = true;
    this.#routes?.close();
    this.#groups?.close();
    this.#knis.clear();
    this.#kernel.close();
  }

  async #appeared(name: string): Promise<KernelLink> {
    const deadline = performance.now() + appearTimeoutMs;
    for (;;) {
      try {
        return await this.#kernel.linkByName(name);
      } catch (error) {
        if (!isKernelError(error, 'ENODEV') || performance.now() > deadline) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, appearPollMs));
    }
  }

  #onEvent(event: KernelEvent): void {
    switch (event.kind) {
      case 'link': {
        const state = this.#knis.get(event.link.name);
        if (state === undefined) return;
        // Routes of a link that goes down go in silence.
        this.#routes?.changed();
        this.#groups?.changed();
        this.#inBackground(state, event.change === 'removed' ? state.removed() : state.refresh(event.link));
        return;
      }
      case 'address': {
        const { device, address, prefixLength, family } = event.address;
        this.#groups?.changed();
        this.#knis.get(device)?.addressChanged({ address, prefixLength, family }, event.change);
        // As do routes whose preferred source was this address.
        if (event.change === 'removed') this.#routes?.changed();
        return;
      }
      case 'resync': {
        this.#log?.event('kni.resync', { code: event.code });
        this.#routes?.changed();
        this.#groups?.changed();
        for (const state of this.#knis.values()) this.#inBackground(state, this.#reread(state));
        return;
      }
      case 'route':
        if (this.#concerns(event.route)) this.#routes?.changed();
        return;
    }
  }

  /** Of a route that names a next-hop object only its reading tells by which device it leaves. */
  #concerns({ nextHops, nextHopId }: KernelRoute): boolean {
    return nextHopId !== undefined || nextHops.some(({ device }) => this.#knis.has(device));
  }

  async #reread(state: KniState): Promise<void> {
    try {
      await state.refresh(await this.#kernel.linkByName(state.port.kniName), true);
    } catch (error) {
      if (!isKernelError(error, 'ENODEV')) throw error;
      await state.removed();
    }
  }

  #groupsRead(groups: GroupsByDevice): void {
    for (const [kniName, state] of this.#knis) state.groupsRead(groups.get(kniName) ?? []);
  }

  #inBackground(state: KniState, work: Promise<void>): void {
    work.catch((error: unknown) => {
      // Gone while we were at it: its removal is, or will be, reported as an event of its own.
      if (this.#closed || isKernelError(error, 'ENODEV')) return;
      this.#log?.event('kni.failed', { kni: state.port.kniName, reason: String(error) });
    });
  }
}
