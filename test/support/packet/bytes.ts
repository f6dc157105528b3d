// Bytes, numbers and the text forms of addresses. Everything on the wire is big endian.

export const u16 = (bytes: Uint8Array, at: number): number => (bytes[at] << 8) | bytes[at + 1];

export const u32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;

export const be16 = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff];

export const be32 = (value: number): number[] => [
  (value >>> 24) & 0xff,
  (value >>> 16) & 0xff,
  (value >>> 8) & 0xff,
  value & 0xff,
];

/** Sequence numbers: sum and difference modulo 2^32, always unsigned. */
export const seqAdd = (a: number, b: number): number => (a + b) >>> 0;
export const seqSub = (a: number, b: number): number => (a - b) >>> 0;

export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** "45 00 00 1c" or "4500001c" to bytes. */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new RangeError(`not hex: ${text}`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export function parseMac(text: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) throw new RangeError(`not a MAC address: ${text}`);
  return fromHex(text.replaceAll(':', ''));
}

export const formatMac = (bytes: Uint8Array): string => toHex(bytes).replace(/(..)(?=.)/g, '$1:');

export function parseIp4(text: string): Uint8Array {
  const octets = text.split('.').map(Number);
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text) || octets.some((octet) => octet > 255))
    throw new RangeError(`not an IPv4 address: ${text}`);
  return Uint8Array.from(octets);
}

export const formatIp4 = (bytes: Uint8Array): string => bytes.join('.');

/** RFC 4291, section 2.2, without the embedded IPv4 form. */
export function parseIp6(text: string): Uint8Array {
  const [head, tail, ...more] = text.split('::');
  const groups = (part: string | undefined): string[] => (part === undefined || part === '' ? [] : part.split(':'));
  const left = groups(head);
  const right = groups(tail);
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const all = [...left, ...Array<string>(Math.max(zeros, 0)).fill('0'), ...right];
  if (more.length > 0 || all.length !== 8 || !all.every((group) => /^[0-9a-f]{1,4}$/i.test(group)))
    throw new RangeError(`not an IPv6 address: ${text}`);
  return Uint8Array.from(all.flatMap((group) => be16(Number.parseInt(group, 16))));
}

/** RFC 5952: the longest run of two or more zero groups becomes "::", the first one if equal. */
export function formatIp6(bytes: Uint8Array): string {
  const text = Array.from({ length: 8 }, (_, i) => u16(bytes, i * 2).toString(16)).join(':');
  const runs = [...text.matchAll(/(?<![0-9a-f])0(:0)+(?![0-9a-f])/g)];
  if (runs.length === 0) return text;
  const run = runs.reduce((best, next) => (next[0].length > best[0].length ? next : best));
  const before = text.slice(0, run.index).replace(/:$/, '');
  const after = text.slice(run.index + run[0].length).replace(/^:/, '');
  return `${before}::${after}`;
}

/** Either family, by the colon. */
export const parseIp = (text: string): Uint8Array => (text.includes(':') ? parseIp6(text) : parseIp4(text));
