// OSPFv3 packets as they arrive: header, hello and database description (RFC 5340 A.3.1-A.3.3).
import { type PacketType, packetTypes } from './ospf-packet.js';

export interface Hello6 {
  /** Seconds, as the dead interval. */
  readonly helloInterval: number;
  readonly deadInterval: number;
  /** The E bit: the area takes AS-external LSAs, it is no stub. */
  readonly external: boolean;
  /** The N bit: the area is an NSSA. */
  readonly nssa: boolean;
  /** The AT bit (RFC 7166 section 2.1): its packets have an authentication trailer. */
  readonly authenticated: boolean;
  /** Router ids, not addresses as in OSPFv2. */
  readonly designated: string;
  readonly backup: string;
  /** Router ids it has heard. */
  readonly neighbours: readonly string[];
}

export interface Ospf6Packet {
  readonly type: PacketType;
  readonly routerId: string;
  readonly area: string;
  readonly instance: number;
  readonly hello: Hello6 | null;
  /** The largest IPv6 packet the sender takes unfragmented; 0 on virtual links. */
  readonly description: { readonly mtu: number } | null;
}

const headerBytes = 16;

/** @param bytes what follows the IPv6 header, to the end of the packet. @returns null: not OSPFv3, or cut off */
export function parseOspf6(bytes: Buffer): Ospf6Packet | null {
  if (bytes.length < headerBytes || bytes[0] !== 3) return null;
  const type = packetTypes[bytes[1] - 1];
  const length = bytes.readUInt16BE(2);
  // An authentication trailer follows the packet and is not in its length.
  if (type === undefined || length < headerBytes || length > bytes.length) return null;
  const body = bytes.subarray(headerBytes, length);
  return {
    type,
    routerId: dotted(bytes, 4),
    area: dotted(bytes, 8),
    instance: bytes[14],
    hello: type === 'hello' ? parseHello(body) : null,
    description: type === 'database-description' && body.length >= 12 ? { mtu: body.readUInt16BE(4) } : null,
  };
}

/** A.3.2: interface id, priority, three bytes of options, intervals of two bytes each, DR, Backup, neighbours. */
function parseHello(body: Buffer): Hello6 | null {
  if (body.length < 20) return null;
  const neighbours: string[] = [];
  for (let at = 20; at + 4 <= body.length; at += 4) neighbours.push(dotted(body, at));
  return {
    external: (body[7] & 0x02) !== 0,
    nssa: (body[7] & 0x08) !== 0,
    authenticated: (body[6] & 0x04) !== 0,
    helloInterval: body.readUInt16BE(8),
    deadInterval: body.readUInt16BE(10),
    designated: dotted(body, 12),
    backup: dotted(body, 16),
    neighbours,
  };
}

const dotted = (bytes: Buffer, at: number): string => [...bytes.subarray(at, at + 4)].join('.');
