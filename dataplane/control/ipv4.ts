// IPv4 addresses and prefixes as text: the little arithmetic that judging requests needs.

/** The address as an unsigned 32-bit number; the text must be a valid dotted quad. */
export function ipv4Number(text: string): number {
  let value = 0;
  for (const octet of text.split('.')) value = value * 256 + Number(octet);
  return value;
}

export function ipv4Text(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

export function maskOf(length: number): number {
  return length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
}

/** `10.0.0.100`, 16 → `10.0.0.0/16`. */
export function networkOf(address: string, length: number): string {
  return `${ipv4Text((ipv4Number(address) & maskOf(length)) >>> 0)}/${length}`;
}

export function splitPrefix(prefix: string): { address: string; length: number } {
  const [address = '', length = ''] = prefix.split('/');
  return { address, length: Number(length) };
}

/** Why the address cannot belong to a host (RFC 1122 section 3.2.1.3); null when it can. */
export function notUnicast(address: string): string | null {
  const value = ipv4Number(address);
  const first = value >>> 24;
  if (first === 0) return 'an address of "this network"';
  if (first === 127) return 'a loopback address';
  if (first >= 224 && first <= 239) return 'a multicast address';
  if (value === 0xffffffff) return 'the limited broadcast address';
  return null;
}
