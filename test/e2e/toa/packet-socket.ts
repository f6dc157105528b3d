// A packet socket on one interface (packet(7)): whole Ethernet frames out and in, past the kernel's own TCP.
import koffi from 'koffi';

const libc = koffi.load('libc.so.6');
const socket = libc.func('int socket(int domain, int type, int protocol)');
const bind = libc.func('int bind(int fd, const uint8_t *address, uint32_t length)');
const setsockopt = libc.func('int setsockopt(int fd, int level, int name, const uint8_t *value, uint32_t length)');
const send = libc.func('long send(int fd, const uint8_t *bytes, size_t length, int flags)');
const recv = libc.func('long recv(int fd, _Out_ uint8_t *bytes, size_t length, int flags)');
const interfaceIndex = libc.func('uint32_t if_nametoindex(const char *name)');

const AF_PACKET = 17;
const SOCK_RAW = 3;
const ETH_P_ALL = 3;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const largestFrame = 65536;

function checked(result: number, call: string): number {
  if (result < 0) throw new Error(`${call}: errno ${koffi.errno()}`);
  return result;
}

export class PacketSocket {
  readonly #fd: number;

  constructor(name: string, timeoutSeconds: number) {
    const protocol = ((ETH_P_ALL & 0xff) << 8) | (ETH_P_ALL >> 8);
    this.#fd = checked(socket(AF_PACKET, SOCK_RAW, protocol), 'socket');
    const timeout = Buffer.alloc(16);
    timeout.writeBigInt64LE(BigInt(timeoutSeconds), 0);
    checked(setsockopt(this.#fd, SOL_SOCKET, SO_RCVTIMEO, timeout, timeout.length), 'SO_RCVTIMEO');
    // struct sockaddr_ll
    const address = Buffer.alloc(20);
    address.writeUInt16LE(AF_PACKET, 0);
    address.writeUInt16BE(ETH_P_ALL, 2);
    address.writeInt32LE(interfaceIndex(name), 4);
    checked(bind(this.#fd, address, address.length), `bind to ${name}`);
  }

  send(frame: Uint8Array): void {
    checked(send(this.#fd, frame, frame.length, 0), 'send');
  }

  /** The next frame in either direction; throws after the timeout. */
  receive(): Uint8Array {
    const bytes = new Uint8Array(largestFrame);
    const length = checked(recv(this.#fd, bytes, bytes.length, 0), 'no frame came in time: recv');
    return bytes.slice(0, length);
  }
}
