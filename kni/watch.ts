// A subscription to the kernel's changes of links, addresses and routes, as plain values with names instead of indexes.
import { rt } from 'netlink';
import type { OnUnreadable, Unreadable } from './attributes.js';
import { EventSocket } from './event-socket.js';
import { decodeAddress, decodeLink, type KernelAddress, type KernelLink } from './kernel-objects.js';
import { decodeRoute, type KernelRoute } from './kernel-routes.js';

export type KernelEvent =
  | { readonly kind: 'link'; readonly change: 'set' | 'removed'; readonly link: KernelLink }
  | { readonly kind: 'address'; readonly change: 'added' | 'removed'; readonly address: KernelAddress }
  | { readonly kind: 'route'; readonly change: 'added' | 'removed'; readonly route: KernelRoute }
  /** Changes were lost (`ENOBUFS`) or could not be read (`EBADMSG`): what the caller knows may be old. */
  | { readonly kind: 'resync'; readonly code: string };

export interface WatchOptions {
  /** A next-hop object came, changed or went: routes that use it may have changed, and of those the kernel says nothing. */
  readonly onNextHop?: () => void;
  /** Bytes of the socket's receive buffer; small only to provoke a resync in a test. */
  readonly receiveBuffer?: number;
}

const { MessageType } = rt;
/** Messages that cannot be read come for each change of one thing: all of a second are one loss. */
const unreadableMs = 1_000;
/** A bridge port is announced once more for its bridge, under this family; leaving a bridge is no removal of the link. */
const AF_BRIDGE = 7;

export class KernelWatch {
  readonly #callback: (event: KernelEvent) => void;
  readonly #socket: EventSocket;
  readonly #readLinks: () => Promise<KernelLink[]>;
  readonly #names = new Map<number, string>();
  /** Holds messages back while the names of the links are being read; null when they are known. */
  #held: (() => void)[] | null = [];
  #reading: Promise<void>;
  readonly #onUnreadable: OnUnreadable;
  #unreadable: NodeJS.Timeout | null = null;
  #closed = false;
  onClose: () => void = () => {};

  constructor(
    callback: (event: KernelEvent) => void,
    readLinks: () => Promise<KernelLink[]>,
    onUnreadable: OnUnreadable,
    options: WatchOptions,
  ) {
    this.#callback = callback;
    this.#readLinks = readLinks;
    this.#onUnreadable = onUnreadable;
    this.#socket = new EventSocket(
      {
        message: (type, data) => this.#inOrder(() => this.#deliver(type, data)),
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
    if (this.#unreadable !== null) clearTimeout(this.#unreadable);
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

  #deliver(type: number, data: Buffer): void {
    let event: KernelEvent | null;
    try {
      event = this.#decode(type, data);
    } catch (error) {
      this.#onUnreadable({ what: whatOf(type), error });
      this.#unreadable ??= setTimeout(() => {
        this.#unreadable = null;
        this.#lost('EBADMSG');
      }, unreadableMs);
      return;
    }
    if (event !== null) this.#emit(event);
  }

  /** null: of no concern. @throws {Error} it cannot be read */
  #decode(type: number, data: Buffer): KernelEvent | null {
    const nameOf = (index: number): string | null => this.#names.get(index) ?? null;
    switch (type) {
      case MessageType.NEWLINK:
      case MessageType.DELLINK: {
        if (data[0] === AF_BRIDGE) return null;
        const link = decodeLink(data);
        const removed = type === MessageType.DELLINK;
        if (removed) this.#names.delete(link.index);
        else this.#names.set(link.index, link.name);
        return { kind: 'link', change: removed ? 'removed' : 'set', link };
      }
      case MessageType.NEWADDR:
      case MessageType.DELADDR: {
        const address = decodeAddress(data, nameOf);
        const change = type === MessageType.DELADDR ? 'removed' : 'added';
        return address === null ? null : { kind: 'address', change, address };
      }
      default: {
        const route = decodeRoute(data, nameOf);
        const change = type === MessageType.DELROUTE ? 'removed' : 'added';
        return route === null ? null : { kind: 'route', change, route };
      }
    }
  }

  #emit(event: KernelEvent): void {
    if (!this.#closed) this.#callback(event);
  }
}

function whatOf(type: number): Unreadable['what'] {
  if (type === MessageType.NEWLINK || type === MessageType.DELLINK) return 'link';
  return type === MessageType.NEWADDR || type === MessageType.DELADDR ? 'address' : 'route';
}
