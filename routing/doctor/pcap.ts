// A pcap file (https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/) → the IP packets of protocol 89 in it.
import { canonicalAddress } from '../address.js';

export interface IpPacket {
  readonly version: 4 | 6;
  readonly source: string;
  readonly destination: string;
  /** What follows the IP header. */
  readonly payload: Buffer;
}

const fileHeaderBytes = 24;
const recordHeaderBytes = 16;
const ethernet = 1;
const etherTypes = { ipv4: 0x0800, ipv6: 0x86dd, vlan: 0x8100, serviceVlan: 0x88a8 } as const;
const ospfProtocol = 89;

/** A last record that is cut off is left out: the capture was ended in its midst. */
export function ospfPackets(file: Buffer): IpPacket[] {
  if (file.length < fileHeaderBytes) return [];
  // The magic number is written in the byte order of the machine; 0xa1b23c4d is the one with nanoseconds.
  const little = [0xa1b2c3d4, 0xa1b23c4d].includes(file.readUInt32LE(0));
  const word = (at: number): number => (little ? file.readUInt32LE(at) : file.readUInt32BE(at));
  if (!little && ![0xa1b2c3d4, 0xa1b23c4d].includes(file.readUInt32BE(0))) return [];
  if ((word(20) & 0xffff) !== ethernet) return [];
  const packets: IpPacket[] = [];
  for (let at = fileHeaderBytes; at + recordHeaderBytes <= file.length; ) {
    const from = at + recordHeaderBytes;
    const to = from + word(at + 8);
    if (to > file.length) break;
    const packet = fromFrame(file.subarray(from, to));
    if (packet !== null) packets.push(packet);
    at = to;
  }
  return packets;
}

function fromFrame(frame: Buffer): IpPacket | null {
  let at = 12;
  const typeAt = (): number => (at + 2 <= frame.length ? frame.readUInt16BE(at) : 0);
  while (typeAt() === etherTypes.vlan || typeAt() === etherTypes.serviceVlan) at += 4;
  if (typeAt() === etherTypes.ipv6) return fromIp6(frame.subarray(at + 2));
  return typeAt() === etherTypes.ipv4 ? fromIp(frame.subarray(at + 2)) : null;
}

function fromIp(ip: Buffer): IpPacket | null {
  if (ip.length < 20 || ip[0] >> 4 !== 4 || ip[9] !== ospfProtocol) return null;
  const header = (ip[0] & 0xf) * 4;
  const total = ip.readUInt16BE(2);
  // A later fragment has no OSPF header; a first one has, but its packet is not whole.
  const fragmented = (ip.readUInt16BE(6) & 0x3fff) !== 0;
  if (fragmented || header < 20 || total < header || total > ip.length) return null;
  const address = (from: number): string => [...ip.subarray(from, from + 4)].join('.');
  return { version: 4, source: address(12), destination: address(16), payload: ip.subarray(header, total) };
}

/** OSPFv3 stands right behind the header: with extension headers, or in IPsec (RFC 4552), it is not looked at. */
function fromIp6(ip: Buffer): IpPacket | null {
  if (ip.length < 40 || ip[0] >> 4 !== 6 || ip[6] !== ospfProtocol) return null;
  const end = 40 + ip.readUInt16BE(4);
  if (end > ip.length) return null;
  const address = (from: number): string =>
    canonicalAddress([0, 2, 4, 6, 8, 10, 12, 14].map((at) => ip.readUInt16BE(from + at).toString(16)).join(':'));
  return { version: 6, source: address(8), destination: address(24), payload: ip.subarray(40, end) };
}
