// The -4 / -6 of the line against the addresses on it.
import { isIPv4 } from 'node:net';
import { quote, UsageError } from '../common/index.js';
import type { Family } from './action.js';

export const familyOfAddress = (ip: string): 'inet' | 'inet6' => (isIPv4(ip) ? 'inet' : 'inet6');

/** @throws {UsageError} an address of the other family than the option asks for */
export function checkFamily(family: Family, ip: string): void {
  if (family !== undefined && family !== familyOfAddress(ip))
    throw new UsageError(`${quote(ip)} is not of family ${family}`);
}
