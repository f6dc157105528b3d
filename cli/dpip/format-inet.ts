// Addresses, routes and neighbours as text: the reference's lines, with its trailing blanks.
import { isIPv4 } from 'node:net';
import { type AddressInfo, left, type NeighbourInfo, plain, type RouteInfo, type Terminal } from '../common/index.js';

type Paint = Terminal['paint'];

const familyWord = (ip: string): string => (isIPv4(ip) ? 'inet' : 'inet6');

/** Two lines an address; the second tells of its pool when it has one. */
export function formatAddresses(addresses: readonly AddressInfo[]): string[] {
  return addresses.flatMap((info) => {
    const broadcast = info.broadcast === null ? '' : `broadcast ${info.broadcast}`;
    const pool =
      info.sapool === null
        ? ''
        : ` sa_used ${info.sapool.used} sa_free ${info.sapool.free} sa_miss ${info.sapool.miss}`;
    return [
      `${familyWord(info.address)} ${info.address}/${info.prefixLength} scope ${info.scope} ${info.device} `,
      `    ${broadcast} valid_lft ${info.validLifetime} preferred_lft ${info.preferredLifetime}${pool}`,
    ];
  });
}

function formatRoute6(info: RouteInfo): string {
  const destination = info.destination === '::/0' ? 'default' : info.destination;
  const via = info.gateway === '::' ? '' : ` via ${info.gateway}`;
  const source = info.source === '::' ? '' : ` src ${info.source}`;
  const mtu = info.mtu === 0 ? '' : ` mtu ${info.mtu}`;
  return `inet6 ${destination}${via}${source} dev ${info.device}${mtu} scope ${info.scope}`;
}

export function formatRoutes(routes: readonly RouteInfo[]): string[] {
  return routes.map((info) => {
    if (info.destination.includes(':')) return formatRoute6(info);
    return (
      `inet ${info.destination} via ${info.gateway} src ${info.source} dev ${info.device} mtu ${info.mtu} tos ${info.tos}` +
      ` scope ${info.scope} metric ${info.metric} proto ${info.proto} ${info.onlink ? 'onlink ' : ''}`
    );
  });
}

/** An unresolved entry says so in the reference's own word. */
export function formatNeighbours(neighbours: readonly NeighbourInfo[], paint: Paint = plain): string[] {
  return neighbours.map((info) => {
    // Both forms are as wide, so that the columns behind them stay.
    const mac = info.mac === null ? left('mac:incomplate', 22) : `mac: ${info.mac}`;
    const state = left(info.state, 12);
    const shown = info.mac === null ? paint('red', state) : state;
    const end = info.static ? '  static' : '';
    return `ip: ${left(info.address, 48)} ${mac}   state: ${shown}  dev: ${info.device}  core: ${info.core}${end}`;
  });
}
