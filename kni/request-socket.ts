// One netlink socket for requests: one at a time, each answered or failed with the kernel's errno. Events use another socket,
// because a notification between the parts of a dump would make the package give the dump up.
import {
  createNetlink,
  Flags,
  MessageType,
  type NetlinkMessage,
  type NetlinkSocket,
  Protocol,
  parseError,
} from 'netlink';
import { KernelError } from './kernel-error.js';
import { tolerateOverrun } from './overrun.js';

const timeoutMs = 2_000;
/** A dump that another change interrupted is asked for again this often before its inconsistency is reported. */
const dumpAttempts = 8;

export class RequestSocket {
  readonly #socket: NetlinkSocket;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor() {
    // The kernel runs one dump a socket at a time (EBUSY), hence the queue below.
    this.#socket = createNetlink(Protocol.ROUTE);
    tolerateOverrun(this.#socket.address().port);
    // Without a listener an error here would end the process; the request it belonged to times out instead.
    this.#socket.on('error', () => {});
  }

  /**
   * @param operation what is asked, in words; stands before the kernel's error
   * @throws {KernelError}
   */
  request(operation: string, type: number, data: Uint8Array[], flags = 0): Promise<NetlinkMessage[]> {
    const run = this.#last.then(() => this.#consistent(operation, type, data, flags));
    this.#last = run.catch(() => {});
    return run;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  async #consistent(operation: string, type: number, data: Uint8Array[], flags: number): Promise<NetlinkMessage[]> {
    for (let attempt = 1; ; attempt++) {
      const messages = await this.#once(operation, type, data, flags);
      if (!messages.some((message) => (message.flags & Flags.DUMP_INTR) !== 0)) return messages;
      if (attempt === dumpAttempts) throw KernelError.fromErrno(operation, 4); // EINTR
    }
  }

  async #once(operation: string, type: number, data: Uint8Array[], flags: number): Promise<NetlinkMessage[]> {
    if (this.#closed) throw KernelError.fromErrno(operation, 9); // EBADF
    let messages: NetlinkMessage[];
    try {
      [messages] = await this.#socket.request(type, data, { flags, timeout: timeoutMs, checkError: false });
    } catch (error) {
      const { errno, code, message } = error as NodeJS.ErrnoException;
      if (errno === undefined) throw new KernelError(operation, 'ETIMEDOUT', 110, message);
      throw new KernelError(operation, code ?? `errno ${errno}`, Math.abs(errno), message);
    }
    const [first] = messages;
    if (first?.type !== MessageType.ERROR) return messages;
    const { errno } = parseError(first.data, first.flags);
    if (errno !== 0) throw KernelError.fromErrno(operation, -errno);
    return [];
  }
}
