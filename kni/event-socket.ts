// Notifications of the kernel about links, addresses and routes, and the honest admission when some were lost.
import { createRtNetlink, type RtNetlinkSocket, rt } from 'netlink';
import { droppedMessages, tolerateOverrun } from './overrun.js';

/** Bytes of the receive buffer, of which the kernel makes double: some thousand notifications. */
const defaultReceiveBuffer = 1 << 20;
const groups = ['LINK', 'IPV4_IFADDR', 'IPV6_IFADDR', 'IPV4_ROUTE', 'IPV6_ROUTE'] as const;
/** A full queue is one we are about to read, so a loss shows soon after a message; the slow check is for what nobody thought of. */
const checkAfterMessageMs = 20;
const checkAnywayMs = 2_000;

const { MessageType } = rt;
const followed: ReadonlySet<number> = new Set([
  ...[MessageType.NEWLINK, MessageType.DELLINK, MessageType.NEWADDR, MessageType.DELADDR],
  ...[MessageType.NEWROUTE, MessageType.DELROUTE],
]);

export interface EventHandlers {
  /** RTM_NEWx or RTM_DELx of a link, an address or a route, as it came. */
  message(type: number, data: Buffer): void;
  /** A next-hop object came, changed or went. */
  nextHop(): void;
  /** The queue overflowed (`ENOBUFS`) or could not be read: anything may have changed since the last message. */
  lost(code: string): void;
}

export class EventSocket {
  readonly #handlers: EventHandlers;
  readonly #socket: RtNetlinkSocket;
  readonly #port: number;
  readonly #slowCheck: NodeJS.Timeout;
  #soonCheck: NodeJS.Timeout | null = null;
  #drops = 0;
  #closed = false;

  constructor(handlers: EventHandlers, receiveBuffer = defaultReceiveBuffer) {
    this.#handlers = handlers;
    this.#socket = createRtNetlink({ ref: true, recvBufferSize: receiveBuffer, sendBufferSize: 0 });
    const { socket } = this.#socket;
    this.#port = socket.address().port;
    tolerateOverrun(this.#port, receiveBuffer);
    // The package's own parser drops the message type, and with it whether something came or went.
    socket.on('message', (messages) => {
      for (const { type, data } of messages) this.#receive(type, data);
      this.#soonCheck ??= setTimeout(() => this.#checkDrops(), checkAfterMessageMs);
    });
    socket.on('error', (error) => this.#handlers.lost(error.code ?? 'EIO'));
    this.#socket.on('invalid', () => {});
    for (const group of groups) this.#socket.addMembership(group);
    try {
      this.#socket.addMembership('NEXTHOP');
    } catch {
      // Kernels before 5.3 have neither the objects nor the group.
    }
    this.#slowCheck = setInterval(() => this.#checkDrops(), checkAnywayMs);
    this.#slowCheck.unref();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#slowCheck);
    if (this.#soonCheck !== null) clearTimeout(this.#soonCheck);
    this.#socket.socket.close();
  }

  #receive(type: number, data: Buffer): void {
    if (this.#closed) return;
    if (type === MessageType.NEWNEXTHOP || type === MessageType.DELNEXTHOP) return this.#handlers.nextHop();
    if (followed.has(type)) this.#handlers.message(type, data);
  }

  #checkDrops(): void {
    this.#soonCheck = null;
    if (this.#closed) return;
    const drops = droppedMessages(this.#port) ?? this.#drops;
    if (drops === this.#drops) return;
    this.#drops = drops;
    this.#handlers.lost('ENOBUFS');
  }
}
