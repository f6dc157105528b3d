// One header to bytes, given the bytes that follow it and the headers around it.
import { be16, be32, concat, parseIp4, parseIp6, parseMac } from './bytes.js';
import { internetChecksum, pseudoHeader } from './checksum.js';
import { type Checksum, EtherType, encodeTcpFlags, type IcmpSpec, IpProtocol, type Layer } from './headers.js';
import { encodeTcpOptions } from './tcp-options.js';

type Of<L extends Layer['layer']> = Extract<Layer, { layer: L }>;

/** What a layer needs to know of its surroundings. */
export interface Surroundings {
  readonly next: Layer | undefined;
  /** The innermost IP header outside of this layer. */
  readonly ip: Of<'ip4'> | Of<'ip6'> | undefined;
}

const wrong = (right: number): number => right ^ 0x5555;
const chosen = (given: Checksum | undefined, right: number): number =>
  given === 'bad' ? wrong(right) : (given ?? right);

const etherTypes: Partial<Record<Layer['layer'], number>> = {
  ip4: EtherType.ip4,
  ip6: EtherType.ip6,
  arp: EtherType.arp,
  vlan: EtherType.vlan,
};
const protocols: Partial<Record<Layer['layer'], number>> = IpProtocol;

/** An unnamed payload gets a value reserved for experiments: 0x88b5 (IEEE 802) and 253 (RFC 3692). */
const etherTypeOf = (next: Layer | undefined): number =>
  next?.layer === 'vlan' ? (next.tpid ?? EtherType.vlan) : (etherTypes[next?.layer ?? 'payload'] ?? 0x88b5);
const protocolOf = (next: Layer | undefined): number => protocols[next?.layer ?? 'payload'] ?? 253;

export function encodeLayer(layer: Layer, body: Uint8Array, around: Surroundings): Uint8Array {
  switch (layer.layer) {
    case 'payload':
      return concat(layer.bytes, body);
    case 'eth':
      return concat(parseMac(layer.dst), parseMac(layer.src), be16(layer.type ?? etherTypeOf(around.next)), body);
    case 'vlan': {
      const control = ((layer.priority ?? 0) << 13) | (layer.dropEligible === true ? 0x1000 : 0) | layer.id;
      return concat(be16(control), be16(layer.type ?? etherTypeOf(around.next)), body);
    }
    case 'arp':
      return concat(encodeArp(layer), body);
    case 'ip4':
      return encodeIp4(layer, body, around);
    case 'ip6':
      return encodeIp6(layer, body, around);
    case 'tcp':
      return encodeTcp(layer, body, around);
    case 'udp':
      return encodeUdp(layer, body, around);
    case 'icmp':
    case 'icmp6':
      return encodeIcmp(layer, body, around);
  }
}

function encodeArp(arp: Of<'arp'>): Uint8Array {
  const op = arp.op === 'request' ? 1 : arp.op === 'reply' ? 2 : arp.op;
  return concat(
    be16(arp.hardwareType ?? 1),
    be16(arp.protocolType ?? EtherType.ip4),
    [arp.hardwareLength ?? 6, arp.protocolLength ?? 4],
    be16(op),
    parseMac(arp.senderMac),
    parseIp4(arp.senderIp),
    parseMac(arp.targetMac ?? '00:00:00:00:00:00'),
    parseIp4(arp.targetIp),
  );
}

function encodeIp4(ip: Of<'ip4'>, body: Uint8Array, around: Surroundings): Uint8Array {
  const given = ip.options ?? [];
  const options = [...given, ...Array<number>((4 - (given.length % 4)) % 4).fill(0)];
  const length = 20 + options.length;
  const flags = (ip.reservedFlag === true ? 0x8000 : 0) | (ip.df === true ? 0x4000 : 0) | (ip.mf === true ? 0x2000 : 0);
  const header = concat(
    [((ip.version ?? 4) << 4) | (ip.ihl ?? length / 4), ip.tos ?? 0],
    be16(ip.totalLength ?? length + body.length),
    be16(ip.id ?? 0),
    be16(flags | ((ip.fragmentOffset ?? 0) >>> 3)),
    [ip.ttl ?? 64, ip.protocol ?? protocolOf(around.next), 0, 0],
    parseIp4(ip.src),
    parseIp4(ip.dst),
    options,
  );
  // A lying ihl does not hide a second fault: the checksum is over the header the receiver would see.
  const claimed = Math.min(Math.max((ip.ihl ?? length / 4) * 4, 20), header.length + body.length);
  header.set(be16(chosen(ip.checksum, internetChecksum(concat(header, body).subarray(0, claimed)))), 10);
  return concat(header, body);
}

function encodeIp6(ip: Of<'ip6'>, body: Uint8Array, around: Surroundings): Uint8Array {
  let next = ip.nextHeader ?? protocolOf(around.next);
  let behind = body;
  for (const { header, rest } of [...(ip.extensions ?? [])].reverse()) {
    behind = concat([next], rest, behind);
    next = header;
  }
  return concat(
    be32((((ip.version ?? 6) << 28) | ((ip.trafficClass ?? 0) << 20) | (ip.flowLabel ?? 0)) >>> 0),
    be16(ip.payloadLength ?? behind.length),
    [next, ip.hopLimit ?? 64],
    parseIp6(ip.src),
    parseIp6(ip.dst),
    behind,
  );
}

function pseudo(around: Surroundings, protocol: number, length: number): Uint8Array {
  if (around.ip === undefined) throw new RangeError('a TCP, UDP or ICMPv6 layer needs an IP layer outside of it');
  return pseudoHeader(around.ip.src, around.ip.dst, protocol, length);
}

function encodeTcp(tcp: Of<'tcp'>, body: Uint8Array, around: Surroundings): Uint8Array {
  const options = encodeTcpOptions(tcp.options ?? []);
  const segment = concat(
    be16(tcp.sport),
    be16(tcp.dport),
    be32(tcp.seq ?? 0),
    be32(tcp.ack ?? 0),
    [((tcp.dataOffset ?? 5 + options.length / 4) & 0xf) << 4, encodeTcpFlags(tcp.flags ?? 'A')],
    be16(tcp.window ?? 65535),
    [0, 0],
    be16(tcp.urgent ?? 0),
    options,
    body,
  );
  const right = internetChecksum(concat(pseudo(around, IpProtocol.tcp, segment.length), segment));
  segment.set(be16(chosen(tcp.checksum, right)), 16);
  return segment;
}

function encodeUdp(udp: Of<'udp'>, body: Uint8Array, around: Surroundings): Uint8Array {
  const length = udp.length ?? 8 + body.length;
  const datagram = concat(be16(udp.sport), be16(udp.dport), be16(length), [0, 0], body);
  const covered = datagram.subarray(0, Math.max(length, 8));
  const sum = internetChecksum(concat(pseudo(around, IpProtocol.udp, length), covered));
  // RFC 768: a computed zero is sent as all ones, because zero means "none".
  const right = sum === 0 ? 0xffff : sum;
  datagram.set(be16(udp.checksum === 'none' ? 0 : chosen(udp.checksum, right)), 6);
  return datagram;
}

function encodeIcmp(icmp: IcmpSpec & { layer: 'icmp' | 'icmp6' }, body: Uint8Array, around: Surroundings): Uint8Array {
  const rest = [...be16(icmp.id ?? 0), ...be16(icmp.mtu ?? icmp.seq ?? 0)];
  const message = concat([icmp.type, icmp.code ?? 0, 0, 0], rest, body);
  const cover = icmp.layer === 'icmp' ? [] : pseudo(around, IpProtocol.icmp6, message.length);
  message.set(be16(chosen(icmp.checksum, internetChecksum(concat(cover, message)))), 2);
  return message;
}
