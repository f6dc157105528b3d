// Reads the values of both grammars: addresses, prefixes, endpoints, ports, numbers. Every mistake is a UsageError that shows the word.
import { isIP, isIPv4 } from 'node:net';
import type { Endpoint } from './api.js';
import { portNumber } from './service-names.js';
import { UsageError } from './usage.js';

/** Shown in messages: long or unprintable words are made harmless. */
export function quote(word: string): string {
  const shown = JSON.stringify(word.length > 64 ? `${word.slice(0, 64)}…` : word).slice(1, -1);
  return `'${shown.replaceAll('\\"', '"')}'`;
}

export function address(word: string, what = 'address'): string {
  // A zone ("fe80::1%eth0") names an interface of the kernel; ports here have their own words.
  if (isIP(word) === 0 || word.includes('%')) throw new UsageError(`invalid ${what} ${quote(word)}`);
  return word;
}

export function integer(word: string, what: string, min: number, max: number): number {
  const value = /^\d{1,10}$/.test(word) ? Number(word) : Number.NaN;
  if (!(value >= min && value <= max)) throw new UsageError(`invalid ${what} ${quote(word)} (${min}-${max})`);
  return value;
}

export function device(word: string): string {
  if (!/^[A-Za-z][A-Za-z0-9_.-]{0,30}$/.test(word)) throw new UsageError(`invalid device name ${quote(word)}`);
  return word;
}

export function macAddress(word: string): string {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(word)) throw new UsageError(`invalid MAC address ${quote(word)}`);
  return word.toLowerCase();
}

/** `on` or `off`. */
export function onOff(word: string, what: string): boolean {
  if (word !== 'on' && word !== 'off') throw new UsageError(`${what} is on or off, not ${quote(word)}`);
  return word === 'on';
}

export const fullLength = (ip: string): number => (isIPv4(ip) ? 32 : 128);

/** `ADDR/PLEN` or `ADDR`; without a length it is a host's. */
export function addressWithLength(word: string, what = 'address'): { address: string; prefixLength: number } {
  const slash = word.indexOf('/');
  const ip = address(slash < 0 ? word : word.slice(0, slash), what);
  const prefixLength = slash < 0 ? fullLength(ip) : integer(word.slice(slash + 1), 'prefix length', 0, fullLength(ip));
  return { address: ip, prefixLength };
}

/** Splits `HOST[:PORT]` and `[V6][:PORT]`; null where it is neither. A bare IPv6 address has no port. */
export function splitEndpoint(word: string): { host: string; port: string | null } | null {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(word);
  if (bracketed !== null) return { host: bracketed[1], port: bracketed[2] ?? null };
  if (isIP(word) !== 0) return { host: word, port: null };
  const parts = word.split(':');
  if (parts.length > 2) return null;
  return { host: parts[0], port: parts[1] ?? null };
}

/**
 * An address with an optional port, as number or as a name of /etc/services. Host names are not resolved: a load balancer whose
 * configuration depends on DNS cannot come up before it.
 */
export function endpointOf(
  word: string,
  protocol: 'tcp' | 'udp',
  mistake: string,
): { address: string; port: number | null } {
  const split = splitEndpoint(word);
  if (split === null || isIP(split.host) === 0 || split.host.includes('%'))
    throw new UsageError(mistake, `${quote(word)} is not ADDRESS[:PORT]; names of hosts are not resolved`);
  if (split.port === null) return { address: split.host, port: null };
  const port = portNumber(split.port, protocol);
  if (port === null)
    throw new UsageError(mistake, `${quote(split.port)} is no port (0-65535) nor a name in /etc/services`);
  return { address: split.host, port };
}

/** `1.2.3.4:80`, `[2001:db8::1]:80`. */
export function showEndpoint({ address: ip, port }: Endpoint, portText: string = String(port)): string {
  return `${ip.includes(':') ? `[${ip}]` : ip}:${portText}`;
}
