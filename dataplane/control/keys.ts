// Map keys of the desired state's records, and how a record is named to the user.
import type { ServerKey, ServiceKey } from '../../api/index.js';

export interface OnDevice {
  readonly address: string;
  readonly device: string;
}

export const addressKey = ({ address, device }: OnDevice): string => `${address} ${device}`;
export const serverText = ({ address, port }: ServerKey): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port}`;
/** As ipvsadm prints it: `TCP 10.0.0.100:80`, `TCP [2001:db8::1]:80`. */
export const serviceText = ({ protocol, ...at }: ServiceKey): string => `${protocol.toUpperCase()} ${serverText(at)}`;
