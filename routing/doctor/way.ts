// How the kernel gets to an address.
import { covers } from '../drivers/covers.js';
import type { Facts } from './facts.js';

/** `link`: it is on a link of ours, or the name of an interface; `default`: only a default route leads there. */
export type Way = 'link' | 'route' | 'default' | 'none';

export function wayTo({ addresses, routes }: Facts['kernel'], address: string): Way {
  const onLink = addresses.some(
    (own) => own.device === address || covers(`${own.address}/${own.prefixLength}`, address),
  );
  if (onLink) return 'link';
  const usable = routes.filter(
    ({ destination, type, nextHops }) =>
      type === 'unicast' && nextHops.some(({ dead }) => !dead) && covers(destination, address),
  );
  if (usable.some(({ destination }) => !destination.endsWith('/0'))) return 'route';
  return usable.length > 0 ? 'default' : 'none';
}
