// A TAP device held open by this process, as DPDK's net_tap holds one: its carrier can only be set while somebody has it open.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const koffi = require('koffi') as typeof import('koffi');

// linux/if_tun.h
const TUNSETIFF = 0x400454ca;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
const O_RDWR = 2;

export interface TapDevice {
  /** The device goes with it. */
  close(): void;
}

/** @throws {Error} without /dev/net/tun or the right to use it */
export function openTap(name: string): TapDevice {
  const libc = koffi.load('libc.so.6');
  const open = libc.func('int open(const char *path, int flags)');
  const ioctl = libc.func('int ioctl(int fd, unsigned long request, void *argument)');
  const close = libc.func('int close(int fd)');
  const fd = open('/dev/net/tun', O_RDWR) as number;
  if (fd < 0) throw new Error('cannot open /dev/net/tun');
  // struct ifreq: the name in 16 bytes, then a union of 24.
  const request = Buffer.alloc(40);
  request.write(name, 'latin1');
  request.writeInt16LE(IFF_TAP | IFF_NO_PI, 16);
  if ((ioctl(fd, TUNSETIFF, request) as number) < 0) {
    close(fd);
    throw new Error(`cannot make TAP ${name}`);
  }
  return { close: () => void close(fd) };
}
