// Words shared by the judges: what makes a value of a request wrong, said with the field's name.
import { isIPv4 } from 'node:net';
import { DpvsError } from '../../api/index.js';
import { isIp4, isLinkLocalIpv6, notUnicast, parseIp } from '../inet/index.js';

export function invalid(field: string, why: string): DpvsError {
  return new DpvsError('invalid_parameter', `${field}: ${why}`, field);
}

/** @throws {DpvsError} */
export function mustBeIpv4(address: string, field: string): void {
  if (!isIPv4(address)) throw invalid(field, `${address} is not an IPv4 address`);
}

/** RFC 8200, 5. */
export const MIN_IPV6_MTU = 1280;

/** Neither a group's nor none. @throws {DpvsError} */
export function mustBeHostMac(mac: string, field: string): void {
  if (mac === '00:00:00:00:00:00' || Number.parseInt(mac.slice(0, 2), 16) & 1)
    throw invalid(field, `${mac} is not the MAC address of one host`);
}

/** @throws {DpvsError} */
export function mustBeHostAddress(address: string, field: string): void {
  const why = notUnicast(parseIp(address));
  if (why !== null) throw invalid(field, `${address} is ${why}`);
}

/** As above, for one that is to be this node's or a server's. @throws {DpvsError} */
export function mustBeRoutable(address: string, field: string): void {
  mustBeHostAddress(address, field);
  const ip = parseIp(address);
  if (!isIp4(ip) && isLinkLocalIpv6(ip)) throw invalid(field, `${address} is link-local: those are the kernel's`);
}

/** @throws {DpvsError} */
export function mustBeOfFamily(address: string, of: string, field: string): void {
  if (isIPv4(address) !== isIPv4(of)) throw invalid(field, `${address} is not of the family of ${of}`);
}

/** Translation between the families is not built. @throws {DpvsError} not_support */
export function mustNotBeNat64(service: string, address: string, field: string): void {
  if (isIPv4(service) !== isIPv4(address))
    throw new DpvsError(
      'not_support',
      `${field}: NAT64 is not built yet (${address} for a service of ${service})`,
      field,
    );
}

/** @throws {DpvsError} no_room */
export function mustHaveRoom(size: number, limit: number, what: string): void {
  if (size >= limit) throw new DpvsError('no_room', `${limit} ${what}`);
}
