// Map keys of the desired state's records, and how a record is named to the user.
export { endText as serverText, serviceText } from '../../api/index.js';

export interface OnDevice {
  readonly address: string;
  readonly device: string;
}

export const addressKey = ({ address, device }: OnDevice): string => `${address} ${device}`;
