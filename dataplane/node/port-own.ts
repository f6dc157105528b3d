// MTU and MAC of a running port, set in its driver; all that has a copy of them is told by others.
import { getSystemErrorName } from 'node:util';
import { DpvsError } from '../../api/index.js';
import { loadLibrary, portInfo } from '../../native/index.js';
import type { DesiredLink } from '../control/index.js';
import type { RunningPort } from './bring-up.js';

export type Own = Pick<DesiredLink, 'mtu' | 'mac'>;

/** Returns what the port had not. @throws {DpvsError} not_support, naming the driver and its reason */
export function applyOwn(port: RunningPort, { mtu, mac }: Own): Own {
  const now = portInfo(port.index);
  if (now === undefined) throw new DpvsError('no_device', port.config.name, 'name');
  const set = (what: string, field: string, rc: number): void => {
    if (rc === 0) return;
    const reason = `${getSystemErrorName(rc)}${HINTS[getSystemErrorName(rc)] ?? ''}`;
    throw new DpvsError('not_support', `${port.config.name}: driver ${now.driver} refused ${what}: ${reason}`, field);
  };
  const changed = {
    ...(mtu === undefined || mtu === now.mtu ? {} : { mtu }),
    ...(mac === undefined || mac === now.mac ? {} : { mac }),
  };
  if (changed.mtu !== undefined)
    set(`mtu ${mtu}`, 'mtu', loadLibrary().dp_port_set_mtu(port.index, changed.mtu) as number);
  if (changed.mac !== undefined)
    set(`addr ${mac}`, 'mac', loadLibrary().dp_port_set_mac(port.index, macBytes(changed.mac)) as number);
  return changed;
}

const HINTS: Readonly<Record<string, string>> = {
  EBUSY: ', not while the port runs',
  ENOTSUP: ', it has no such switch',
};

const macBytes = (mac: string): Uint8Array => Uint8Array.from(mac.split(':'), (octet) => Number.parseInt(octet, 16));
