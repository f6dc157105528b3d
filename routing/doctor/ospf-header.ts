// What OSPFv2 and OSPFv3 packets have in common: the first fields of the header (RFC 2328 A.3.1, RFC 5340 A.3.1), and how ids are written.

const packetTypes = ['hello', 'database-description', 'request', 'update', 'acknowledgment'] as const;
export type PacketType = (typeof packetTypes)[number];

export interface OspfHeader {
  readonly type: PacketType;
  /** Of the packet, header included; an authentication trailer or digest follows it and is not in it. */
  readonly length: number;
  readonly routerId: string;
  readonly area: string;
  /** What follows the header. */
  readonly body: Buffer;
}

/** @param headerBytes of this version. @returns null: another version, no packet type, or cut off */
export function parseHeader(bytes: Buffer, version: 2 | 3, headerBytes: number): OspfHeader | null {
  if (bytes.length < headerBytes || bytes[0] !== version) return null;
  const type = packetTypes[bytes[1] - 1];
  const length = bytes.readUInt16BE(2);
  if (type === undefined || length < headerBytes || length > bytes.length) return null;
  return {
    type,
    length,
    routerId: dotted(bytes, 4),
    area: dotted(bytes, 8),
    body: bytes.subarray(headerBytes, length),
  };
}

/** The neighbours that a hello lists from byte 20 of its body on, in both versions. */
export function neighboursOf(body: Buffer): string[] {
  const neighbours: string[] = [];
  for (let at = 20; at + 4 <= body.length; at += 4) neighbours.push(dotted(body, at));
  return neighbours;
}

export const dotted = (bytes: Buffer, at: number): string => [...bytes.subarray(at, at + 4)].join('.');
