// TCP options: typed values to bytes and back, including TOA (kind 254, the reference's client-address option).
import { be16, be32, concat, formatIp4, formatIp6, parseIp, u16, u32 } from './bytes.js';

export type TcpOption =
  | { readonly kind: 'eol' }
  | { readonly kind: 'nop' }
  | { readonly kind: 'mss'; readonly value: number }
  | { readonly kind: 'wscale'; readonly shift: number }
  | { readonly kind: 'sackPermitted' }
  | { readonly kind: 'sack'; readonly blocks: readonly (readonly [left: number, right: number])[] }
  | { readonly kind: 'timestamp'; readonly value: number; readonly echo: number }
  | { readonly kind: 'toa'; readonly address: string; readonly port: number }
  /** Anything else, or a known kind with a length that is not its own. */
  | { readonly kind: 'raw'; readonly code: number; readonly data: readonly number[] };

/** IANA "TCP Option Kind Numbers"; 254 is RFC 3692's second experimental kind, which TOA uses without RFC 6994's identifier. */
export const TcpOptionKind = { eol: 0, nop: 1, mss: 2, wscale: 3, sackPermitted: 4, sack: 5, timestamp: 8, toa: 254 };
/** 60 bytes of header less the 20 every segment has. */
export const TCP_OPTION_SPACE = 40;

export const tcpOption = {
  eol: { kind: 'eol' },
  nop: { kind: 'nop' },
  sackPermitted: { kind: 'sackPermitted' },
  mss: (value: number): TcpOption => ({ kind: 'mss', value }),
  wscale: (shift: number): TcpOption => ({ kind: 'wscale', shift }),
  sack: (...blocks: (readonly [number, number])[]): TcpOption => ({ kind: 'sack', blocks }),
  timestamp: (value: number, echo: number): TcpOption => ({ kind: 'timestamp', value, echo }),
  toa: (address: string, port: number): TcpOption => ({ kind: 'toa', address, port }),
  raw: (code: number, ...data: number[]): TcpOption => ({ kind: 'raw', code, data }),
} as const;

const withLength = (code: number, data: Iterable<number>): number[] => {
  const body = [...data];
  return [code, body.length + 2, ...body];
};

export function encodeTcpOption(option: TcpOption): number[] {
  switch (option.kind) {
    case 'eol':
      return [TcpOptionKind.eol];
    case 'nop':
      return [TcpOptionKind.nop];
    case 'mss':
      return withLength(TcpOptionKind.mss, be16(option.value));
    case 'wscale':
      return withLength(TcpOptionKind.wscale, [option.shift]);
    case 'sackPermitted':
      return withLength(TcpOptionKind.sackPermitted, []);
    case 'sack':
      return withLength(TcpOptionKind.sack, option.blocks.flat().flatMap(be32));
    case 'timestamp':
      return withLength(TcpOptionKind.timestamp, [...be32(option.value), ...be32(option.echo)]);
    case 'toa':
      return withLength(TcpOptionKind.toa, [...be16(option.port), ...parseIp(option.address)]);
    case 'raw':
      return withLength(option.code, option.data);
  }
}

/** All options, filled up with EOL to a multiple of four bytes. Longer than 40 bytes is allowed: the caller may want it wrong. */
export function encodeTcpOptions(options: readonly TcpOption[]): Uint8Array {
  const bytes = options.flatMap(encodeTcpOption);
  return concat(bytes, Array<number>((4 - (bytes.length % 4)) % 4).fill(TcpOptionKind.eol));
}

export interface DecodedTcpOptions {
  readonly options: readonly TcpOption[];
  /** Empty when the area is well formed up to its end or its EOL. */
  readonly problems: readonly string[];
}

/** Walks the option area of a TCP header. What follows an EOL is padding and is not reported. */
export function decodeTcpOptions(area: Uint8Array): DecodedTcpOptions {
  const options: TcpOption[] = [];
  for (let at = 0; at < area.length; ) {
    const code = area[at];
    if (code === TcpOptionKind.eol) return { options: [...options, tcpOption.eol], problems: [] };
    if (code === TcpOptionKind.nop) {
      options.push(tcpOption.nop);
      at += 1;
      continue;
    }
    const length = area[at + 1];
    if (length === undefined) return { options, problems: [`option ${code} has no length`] };
    if (length < 2) return { options, problems: [`option ${code} has length ${length}`] };
    if (at + length > area.length) return { options, problems: [`option ${code} runs over the header`] };
    options.push(decodeOne(code, area.subarray(at + 2, at + length)));
    at += length;
  }
  return { options, problems: [] };
}

function decodeOne(code: number, data: Uint8Array): TcpOption {
  const is = (kind: number, ...lengths: number[]): boolean => code === kind && lengths.includes(data.length);
  if (is(TcpOptionKind.mss, 2)) return tcpOption.mss(u16(data, 0));
  if (is(TcpOptionKind.wscale, 1)) return tcpOption.wscale(data[0]);
  if (is(TcpOptionKind.sackPermitted, 0)) return tcpOption.sackPermitted;
  if (is(TcpOptionKind.timestamp, 8)) return tcpOption.timestamp(u32(data, 0), u32(data, 4));
  if (is(TcpOptionKind.sack, 8, 16, 24, 32)) {
    const block = (_: unknown, i: number) => [u32(data, i * 8), u32(data, i * 8 + 4)] as const;
    return tcpOption.sack(...Array.from({ length: data.length / 8 }, block));
  }
  if (is(TcpOptionKind.toa, 6)) return tcpOption.toa(formatIp4(data.subarray(2)), u16(data, 0));
  if (is(TcpOptionKind.toa, 18)) return tcpOption.toa(formatIp6(data.subarray(2)), u16(data, 0));
  return tcpOption.raw(code, ...data);
}

export function describeTcpOption(option: TcpOption): string {
  switch (option.kind) {
    case 'mss':
      return `mss ${option.value}`;
    case 'wscale':
      return `wscale ${option.shift}`;
    case 'sackPermitted':
      return 'sackOK';
    case 'sack':
      return `sack ${option.blocks.map(([left, right]) => `{${left}:${right}}`).join('')}`;
    case 'timestamp':
      return `TS val ${option.value} ecr ${option.echo}`;
    case 'toa':
      return `toa ${option.address}:${option.port}`;
    case 'raw':
      return `opt-${option.code} ${Buffer.from(option.data).toString('hex')}`;
    default:
      return option.kind;
  }
}
