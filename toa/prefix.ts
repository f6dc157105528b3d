// Address prefixes of the trust list, as text and as keys of the BPF trie: u32 length in host order, then 16 bytes with
// IPv4 as ::ffff:a.b.c.d.
import { isIPv4, isIPv6 } from 'node:net';
import { endianness } from 'node:os';
import { ToaError } from './errors.js';

const mappedPrefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const mappedBits = 96;
export const keyBytes = 20;

function ipv6Bytes(text: string): number[] {
  // The URL parser writes every form of an IPv6 address, a dotted tail too, as groups of hex with one `::`.
  const canonical = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const [head, tail] = canonical.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const groups =
    tail === undefined ? head : [...head, ...new Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  return groups.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff]);
}

function ipv6Text(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] << 8) | bytes[2 * i + 1]).toString(16));
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}

/** One key of the trie; `any` is the empty prefix, which every peer matches. Bits beyond the length are cleared. */
export function prefixKey(text: string): Uint8Array {
  const [address, bits, ...rest] = (text === 'any' ? '::/0' : text).split('/');
  const v4 = isIPv4(address);
  // A zone (fe80::1%eth0) is no part of what the trie compares.
  if (rest.length > 0 || (!v4 && !isIPv6(address)) || address.includes('%')) throw new ToaError('bad_prefix', text);
  const width = v4 ? 32 : 128;
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) throw new ToaError('bad_prefix', text);
  const length = bits === undefined ? width : Number(bits);
  if (length > width) throw new ToaError('bad_prefix', text);
  const total = v4 ? length + mappedBits : length;
  const bytes = v4 ? [...mappedPrefix, ...address.split('.').map(Number)] : ipv6Bytes(address);

  const key = new Uint8Array(keyBytes);
  new DataView(key.buffer).setUint32(0, total, endianness() === 'LE');
  bytes.forEach((byte, i) => {
    const kept = Math.max(0, Math.min(8, total - 8 * i));
    key[4 + i] = byte & (0xff << (8 - kept));
  });
  return key;
}

export function prefixText(key: Uint8Array): string {
  const length = new DataView(key.buffer, key.byteOffset).getUint32(0, endianness() === 'LE');
  const bytes = [...key.subarray(4, keyBytes)];
  if (length === 0) return 'any';
  if (length >= mappedBits && mappedPrefix.every((byte, i) => bytes[i] === byte)) {
    return `${bytes.slice(12).join('.')}/${length - mappedBits}`;
  }
  return `${ipv6Text(bytes)}/${length}`;
}
