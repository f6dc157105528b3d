// Words shared by the judges: what makes a value of a request wrong, said with the field's name.
import { isIPv4 } from 'node:net';
import { DpvsError } from '../../api/index.js';
import { notUnicast } from './ipv4.js';

export function invalid(field: string, why: string): DpvsError {
  return new DpvsError('invalid_parameter', `${field}: ${why}`, field);
}

/** Only IPv4 is built; IPv6 is refused by name instead of being accepted and not served. @throws {DpvsError} not_support */
export function mustBeIpv4(address: string, field: string): void {
  if (!isIPv4(address)) throw new DpvsError('not_support', `${field}: IPv6 is not built yet (${address})`, field);
}

/** @throws {DpvsError} */
export function mustBeHostAddress(address: string, field: string): void {
  mustBeIpv4(address, field);
  const why = notUnicast(address);
  if (why !== null) throw invalid(field, `${address} is ${why}`);
}

/** @throws {DpvsError} no_room */
export function mustHaveRoom(size: number, limit: number, what: string): void {
  if (size >= limit) throw new DpvsError('no_room', `${limit} ${what}`);
}
