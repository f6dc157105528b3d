// What to do about a netlink socket whose queue overflows. By default the kernel then raises an error on the socket (ENOBUFS), and the
// native half of the `netlink` package (0.3.0) aborts the whole process when poll(2) shows one. So the error is switched off
// (NETLINK_NO_ENOBUFS) and the kernel's own count of dropped messages is watched instead: nothing is lost in silence.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import koffi from 'koffi';
import { KernelError } from './kernel-error.js';

// linux/netlink.h, asm-generic/socket.h
const SOL_NETLINK = 270;
const NETLINK_NO_ENOBUFS = 5;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const NETLINK_ROUTE = 0;

interface SocketEntry {
  readonly inode: string;
  readonly drops: number;
}

/** @param text of /proc/net/netlink: `sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode`. @param port the socket's address */
export function findSocket(text: string, port: number): SocketEntry | null {
  for (const line of text.split('\n').slice(1)) {
    const [, protocol, pid, , , , , , drops, inode] = line.trim().split(/\s+/);
    if (Number(protocol) === NETLINK_ROUTE && pid === String(port >>> 0)) return { inode, drops: Number(drops) };
  }
  return null;
}

const readSocket = (port: number): SocketEntry | null => findSocket(readFileSync('/proc/net/netlink', 'utf8'), port);

/** How many messages for this socket the kernel has dropped so far; null when the socket is gone. */
export const droppedMessages = (port: number): number | null => readSocket(port)?.drops ?? null;

/** @param receiveBuffer bytes, beyond net.core.rmem_max if need be. @throws {KernelError} */
export function tolerateOverrun(port: number, receiveBuffer?: number): void {
  const inode = readSocket(port)?.inode;
  const fd = readdirSync('/proc/self/fd').find((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`) === `socket:[${inode}]`;
    } catch {
      // The descriptor of this very directory, closed by now.
      return false;
    }
  });
  if (fd === undefined) throw new KernelError('find a netlink socket', 'ENOENT', 2, 'no descriptor for its inode');
  const setsockopt = koffi
    .load('libc.so.6')
    .func('int setsockopt(int fd, int level, int name, const int *value, unsigned int length)');
  if (setsockopt(Number(fd), SOL_NETLINK, NETLINK_NO_ENOBUFS, [1], 4) !== 0)
    throw KernelError.fromErrno('set NETLINK_NO_ENOBUFS', koffi.errno());
  // Refused without CAP_NET_ADMIN; then the size that the package asked for (SO_RCVBUF) stays.
  if (receiveBuffer !== undefined) setsockopt(Number(fd), SOL_SOCKET, SO_RCVBUFFORCE, [receiveBuffer], 4);
}
