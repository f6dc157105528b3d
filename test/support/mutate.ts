// Mutations of frames for fuzzing: blind ones, and ones that know where headers keep their lengths.
import { concat, encodeTcpOption, type TcpOption, tcpOption, u16 } from './packet/index.js';
import type { Random } from './random.js';
import { repair } from './repair.js';

type Mutation = (frame: Uint8Array, random: Random, corpus: readonly Uint8Array[]) => Uint8Array;

/** Byte offsets in an untagged frame without IP options where a wrong value hurts most. */
const tender4 = [12, 13, 14, 15, 16, 17, 20, 21, 22, 23, 26, 30, 33, 34, 36, 37, 38, 39, 46, 47, 54, 55];
const tender6 = [
  ...[12, 13, 14, 18, 19, 20, 21, 22, 37, 38, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 66, 67, 74, 75],
  ...[78, 79, 80, 87, 88, 94, 95],
];
const interesting = [0, 1, 2, 4, 5, 0x0f, 0x14, 0x20, 0x40, 0x45, 0x46, 0x4f, 0x50, 0x60, 0x7f, 0x80, 0xf0, 0xfe, 0xff];

const at = (frame: Uint8Array, index: number, value: number): Uint8Array => {
  const bytes = Uint8Array.from(frame);
  if (index < bytes.length) bytes[index] = value;
  return bytes;
};

const flipBit: Mutation = (frame, random) => {
  const index = random.below(Math.max(frame.length, 1));
  return at(frame, index, (frame[index] ?? 0) ^ (1 << random.below(8)));
};
const setByte: Mutation = (frame, random) => at(frame, random.below(Math.max(frame.length, 1)), random.bits() & 0xff);
const isIp6 = (frame: Uint8Array): boolean => frame[12] === 0x86 && frame[13] === 0xdd;
const hurt: Mutation = (frame, random) =>
  at(frame, random.pick(isIp6(frame) ? tender6 : tender4), random.pick(interesting));
const truncate: Mutation = (frame, random) => frame.slice(0, random.below(frame.length + 1));
const extend: Mutation = (frame, random) => concat(frame, random.bytes(random.below(64))).slice(0, 1514);
const splice: Mutation = (frame, random, corpus) => {
  const other = random.pick(corpus);
  const cut = random.below(Math.min(frame.length, other.length) + 1);
  return concat(frame.subarray(0, cut), other.subarray(cut));
};
const noise: Mutation = (_frame, random) => random.bytes(random.below(200));
const noiseAsIp: Mutation = (frame, random) => concat(frame.subarray(0, 34), random.bytes(random.below(120)));

const randomOption = (random: Random): TcpOption =>
  random.pick<() => TcpOption>([
    () => tcpOption.nop,
    () => tcpOption.eol,
    () => tcpOption.mss(random.below(65536)),
    () => tcpOption.wscale(random.below(256)),
    () => tcpOption.sackPermitted,
    () => tcpOption.sack(...Array.from({ length: random.below(5) }, () => [random.bits(), random.bits()] as const)),
    () => tcpOption.timestamp(random.bits(), random.bits()),
    () => tcpOption.toa('203.0.113.66', random.below(65536)),
    () => tcpOption.toa('2001:db8:bad::1', random.below(65536)),
    () => tcpOption.raw(254, ...random.bytes(random.below(20))),
    () => tcpOption.raw(random.below(256), ...random.bytes(random.below(8))),
  ])();

const optionArea = (random: Random): Uint8Array => {
  const soup: number[] = [];
  while (soup.length < 40 && random.chance(0.85)) soup.push(...encodeTcpOption(randomOption(random)));
  const words = Math.min(Math.ceil(soup.length / 4), 10);
  const area = Uint8Array.from({ length: words * 4 }, (_, i) => soup[i] ?? 0);
  if (random.chance(0.2) && area.length > 0) area[random.below(area.length)] = random.pick(interesting);
  return area;
};

/** A soup of options in the place of a TCP frame's own, with lengths that fit it; sometimes one byte of it is broken afterwards. */
const optionSoup: Mutation = (frame, random) => {
  if (isIp6(frame)) return optionSoup6(frame, random);
  if (frame.length < 54 || frame[23] !== 6 || frame[14] !== 0x45) return flipBit(frame, random, []);
  const area = optionArea(random);
  const payload = frame.subarray(14 + 20 + (frame[46] >>> 4) * 4, 14 + u16(frame, 16));
  const bytes = concat(frame.subarray(0, 54), area, payload);
  bytes[46] = (5 + area.length / 4) << 4;
  bytes[16] = (bytes.length - 14) >>> 8;
  bytes[17] = (bytes.length - 14) & 0xff;
  return repair(bytes);
};
function optionSoup6(frame: Uint8Array, random: Random): Uint8Array {
  if (frame.length < 74 || frame[20] !== 6) return flipBit(frame, random, []);
  const area = optionArea(random);
  const bytes = concat(frame.subarray(0, 74), area, frame.subarray(54 + (frame[66] >>> 4) * 4));
  bytes[66] = (5 + area.length / 4) << 4;
  bytes[18] = (bytes.length - 54) >>> 8;
  bytes[19] = (bytes.length - 54) & 0xff;
  return repair(bytes);
}
/** A soup of extension headers between an IPv6 header and what was behind it, mostly of lengths that fit. */
const extensionSoup: Mutation = (frame, random) => {
  if (frame.length < 54 || !isIp6(frame)) return flipBit(frame, random, []);
  const headers: number[] = [];
  let last = frame[20];
  for (let n = random.below(10); n > 0; n--) {
    const words = random.chance(0.9) ? random.below(3) : random.below(256);
    const body = random.bytes(random.chance(0.9) ? 6 + words * 8 : random.below(20));
    headers.unshift(last, words, ...body);
    last = random.pick([0, 43, 44, 60]);
    // A fragment header says nothing of its length, and the whole packet in one is a common guest.
    if (last === 44) headers.splice(1, 3, 0, 0, random.pick([0, 0, 1, 8]));
  }
  const bytes = concat(frame.subarray(0, 54), headers, frame.subarray(54)).slice(0, 1514);
  bytes[20] = last;
  const payload = Math.max(bytes.length - 54, 0);
  bytes[18] = payload >>> 8;
  bytes[19] = payload & 0xff;
  return repair(bytes);
};
const flagsSoup: Mutation = (frame, random) => repair(at(frame, 47, random.bits() & 0xff));

const mutations: readonly Mutation[] = [
  ...[flipBit, setByte, hurt, hurt, truncate, extend, splice, noise, noiseAsIp],
  ...[optionSoup, optionSoup, flagsSoup, extensionSoup, extensionSoup],
];

/** A frame of the corpus with no to three mutations, its checksums more often right than not. */
export function mutant(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  let frame = random.pick(corpus);
  for (let i = random.below(4); i > 0; i--) frame = random.pick(mutations)(frame, random, corpus);
  return random.chance(0.7) ? repair(frame) : frame;
}
