// OSPFv2 packets as they arrive: header, hello and database description (RFC 2328 A.3.1-A.3.3), and whether a key signed them (D.3, D.4).
import { createHash } from 'node:crypto';
import { dotted, neighboursOf, type PacketType, parseHeader } from './ospf-header.js';

export interface Hello {
  readonly mask: string;
  /** Seconds, as the dead interval. */
  readonly helloInterval: number;
  readonly deadInterval: number;
  /** The E bit: the area takes type-5 LSAs, it is no stub. */
  readonly external: boolean;
  /** The N bit: the area is an NSSA (RFC 3101 section 2.4). */
  readonly nssa: boolean;
  readonly priority: number;
  readonly designated: string;
  readonly backup: string;
  /** Router ids it has heard. */
  readonly neighbours: readonly string[];
}

export interface DatabaseDescription {
  /** The largest IP packet the sender takes unfragmented; 0 on virtual links. */
  readonly mtu: number;
}

export type PacketAuthentication =
  | { readonly kind: 'none' }
  | { readonly kind: 'plain'; readonly key: string }
  | { readonly kind: 'md5'; readonly keyId: number; readonly signed: Uint8Array; readonly digest: Uint8Array }
  | { readonly kind: 'unknown'; readonly type: number };

export interface OspfPacket {
  readonly type: PacketType;
  readonly routerId: string;
  readonly area: string;
  readonly authentication: PacketAuthentication;
  readonly hello: Hello | null;
  readonly description: DatabaseDescription | null;
}

const headerBytes = 24;
const digestBytes = 16;

/** @param bytes what follows the IP header, to the end of the IP packet. @returns null: not OSPFv2, or cut off */
export function parseOspf(bytes: Buffer): OspfPacket | null {
  const header = parseHeader(bytes, 2, headerBytes);
  if (header === null) return null;
  const { type, length, routerId, area, body } = header;
  return {
    type,
    routerId,
    area,
    authentication: parseAuthentication(bytes, length),
    hello: type === 'hello' ? parseHello(body) : null,
    // A.3.3: the interface MTU stands first.
    description: type === 'database-description' && body.length >= 8 ? { mtu: body.readUInt16BE(0) } : null,
  };
}

function parseHello(body: Buffer): Hello | null {
  if (body.length < 20) return null;
  return {
    mask: dotted(body, 0),
    helloInterval: body.readUInt16BE(4),
    external: (body[6] & 0x02) !== 0,
    nssa: (body[6] & 0x08) !== 0,
    priority: body[7],
    deadInterval: body.readUInt32BE(8),
    designated: dotted(body, 12),
    backup: dotted(body, 16),
    neighbours: neighboursOf(body),
  };
}

function parseAuthentication(bytes: Buffer, length: number): PacketAuthentication {
  const type = bytes.readUInt16BE(14);
  if (type === 0) return { kind: 'none' };
  if (type === 1) return { kind: 'plain', key: trimmed(bytes.subarray(16, 24)) };
  if (type !== 2) return { kind: 'unknown', type };
  // D.3: key id and digest length stand in the authentication field; the digest follows the packet and is not in its length.
  const digest = bytes.subarray(length, length + bytes[19]);
  return { kind: 'md5', keyId: bytes[18], signed: bytes.subarray(0, length), digest };
}

const trimmed = (bytes: Buffer): string => bytes.toString('latin1').replace(/\0+$/, '');

/** Whether the digest is that of the packet under the key (D.4.3: MD5 over the packet and the key, padded with zeros to 16 bytes). */
export function isSignedBy(packet: { signed: Uint8Array; digest: Uint8Array }, key: string): boolean {
  const padded = Buffer.alloc(digestBytes);
  padded.write(key.slice(0, digestBytes), 'latin1');
  const wanted = createHash('md5').update(packet.signed).update(padded).digest();
  return wanted.equals(packet.digest);
}
