// A subscription to the kernel's changes of links, addresses and routes, as plain values with names instead of indexes.
import { rt } from 'netlink';
import { EventSocket } from './event-socket.js';
import {
  decodeAddress,
  decodeLink,
  decodeRoute,
  type KernelAddress,
  type KernelLink,
  type KernelRoute,
} from './kernel-objects.js';

export type KernelEvent =
  | { readonly kind: 'link'; readonly change: 'set' | 'removed'; readonly link: KernelLink }
  | { readonly kind: 'address'; readonly change: 'added' | 'removed'; readonly address: KernelAddress }
  | { readonly kind: 'route'; readonly change: 'added' | 'removed'; readonly route: KernelRoute }
  /** Changes were lost (`ENOBUFS`): what the caller knows may be old. */
  | { readonly kind: 'resync'; readonly code: string };

export interface WatchOptions {
  /** A next-hop object came, changed or went: routes that use it may have changed, and of those the kernel says nothing. */
  readonly onNextHop?: () => void;
  /** Bytes of the socket's receive buffer; small only to provoke a resync in a test. */
  readonly receiveBuffer?: number;
}

const { MessageType } = rt;

export class KernelWatch {
  readonly #callback: (event: KernelEvent) => void;
  readonly #socket: EventSocket;
  readonly #readLinks: () => Promise<KernelLink[]>;
  readonly #names = new Map<number, string>();
  /** Holds messages back while the names of the links are being read; null when they are known. */
  #held: (() => void)[] | null = [];
  #reading: Promise<void>;
  #closed = false;
  onClose: () => void = () => {};

  constructor(callback: (event: KernelEvent) => void, readLinks: () => Promise<KernelLink[]>, options: WatchOptions) {
    this.#callback = callback;
    this.#readLinks = readLinks;
    this.#socket = new EventSocket(
      {
        message: (type, message) => this.#inOrder(() => this.#deliver(type, message)),
        nextHop: () => options.onNextHop?.(),
        lost: (code) => this.#lost(code),
      },
      options.receiveBuffer,
    );
    this.#reading = this.#learnNames();
  }

  /** Resolves when every later change will be reported. */
  ready(): Promise<void> {
    return this.#reading;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    this.onClose();
  }

  #inOrder(deliver: () => void): void {
    if (this.#held === null) deliver();
    else this.#held.push(deliver);
  }

  async #learnNames(): Promise<void> {
    const links = await this.#readLinks();
    for (const { index, name } of links) this.#names.set(index, name);
    const held = this.#held ?? [];
    this.#held = null;
    for (const deliver of held) deliver();
  }

  #lost(code: string): void {
    if (this.#closed) return;
    this.#held ??= [];
    this.#held.push(() => this.#emit({ kind: 'resync', code }));
    // The names may be old as well. If even reading them fails, the next change or loss tries again.
    this.#reading = this.#learnNames().catch(() => {
      this.#held = null;
      this.#emit({ kind: 'resync', code });
    });
  }

  #deliver(type: number, message: rt.Message): void {
    const nameOf = (index: number): string | null => this.#names.get(index) ?? null;
    if (message.kind === 'link') {
      // A bridge port is announced once more for its bridge (AF_BRIDGE = 7); leaving a bridge is no removal of the link.
      if (message.data.family === 7) return;
      const link = decodeLink(message);
      const removed = type === MessageType.DELLINK;
      if (removed) this.#names.delete(link.index);
      else this.#names.set(link.index, link.name);
      this.#emit({ kind: 'link', change: removed ? 'removed' : 'set', link });
    } else if (message.kind === 'address') {
      const address = decodeAddress(message, nameOf);
      const change = type === MessageType.DELADDR ? 'removed' : 'added';
      if (address !== null) this.#emit({ kind: 'address', change, address });
    } else if (message.kind === 'route') {
      const route = decodeRoute(message, nameOf);
      const change = type === MessageType.DELROUTE ? 'removed' : 'added';
      if (route !== null) this.#emit({ kind: 'route', change, route });
    }
  }

  #emit(event: KernelEvent): void {
    if (!this.#closed) this.#callback(event);
  }
}
