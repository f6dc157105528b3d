// OSPFv3 packets as they arrive: header, hello and database description (RFC 5340 A.3.1-A.3.3).
import { dotted, neighboursOf, type PacketType, parseHeader } from './ospf-header.js';

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
  const header = parseHeader(bytes, 3, headerBytes);
  if (header === null) return null;
  const { type, routerId, area, body } = header;
  return {
    type,
    routerId,
    area,
    instance: bytes[14],
    hello: type === 'hello' ? parseHello(body) : null,
    description: type === 'database-description' && body.length >= 12 ? { mtu: body.readUInt16BE(4) } : null,
  };
}

/** A.3.2: interface id, priority, three bytes of options, intervals of two bytes each, DR, Backup, neighbours. */
function parseHello(body: Buffer): Hello6 | null {
  if (body.length < 20) return null;
  return {
    external: (body[7] & 0x02) !== 0,
    nssa: (body[7] & 0x08) !== 0,
    authenticated: (body[6] & 0x04) !== 0,
    helloInterval: body.readUInt16BE(8),
    deadInterval: body.readUInt16BE(10),
    designated: dotted(body, 12),
    backup: dotted(body, 16),
    neighbours: neighboursOf(body),
  };
}
