// A kernel address or route → the dataplane's route for it, or none where it has no counterpart here.
import type { KernelRoute, KniAddressEvent } from '../../kni/index.js';
import type { DesiredRoute, RouteHop } from '../control/index.js';

/** A port with a kni, as the mirror needs it. */
export interface MirroredPort {
  readonly name: string;
  readonly kniName: string;
}

/** More than switches install; a group is walked for each new connection. */
const MAX_HOPS = 64;

type Address = Pick<KniAddressEvent, 'address' | 'family' | 'port'>;

/** The kernel's own address: packets to it are the kernel's. null for a link-local one, which every link has and no packet is routed to. */
export function mirroredAddress({ address, family, port }: Address): DesiredRoute | null {
  if (family === 'inet6' && isLinkLocal(address)) return null;
  const common = { gateway: null, source: null, mtu: 0, metric: 0, origin: 'kernel' } as const;
  return { ...common, destination: `${address}/${hostLength[family]}`, device: port, scope: 'kni_host' };
}

const hostLength = { inet: 32, inet6: 128 } as const;
/** fe80::/10 */
const isLinkLocal = (address: string): boolean => /^fe[89ab]/i.test(address);

/** Groups, loopback, and what is on every link alike. */
function neverOurs(family: 'inet' | 'inet6', network: string): boolean {
  if (family === 'inet6') return isLinkLocal(network) || /^ff/i.test(network) || network === '::1';
  const first = Number(network.split('.')[0]);
  return first >= 224 || first === 127;
}

/** Only what leads through a kni. Routes the kernel treats as one (same destination and metric) come out as one. */
export function mirroredRoutes(routes: readonly KernelRoute[], ports: readonly MirroredPort[]): DesiredRoute[] {
  const byKni = new Map(ports.map((port) => [port.kniName, port]));
  return routes.map((route) => mirroredRoute(route, byKni)).filter((route) => route !== null);
}

function mirroredRoute(route: KernelRoute, ports: ReadonlyMap<string, MirroredPort>): DesiredRoute | null {
  if (route.type !== 'unicast') return null;
  const [network = '', length] = route.destination.split('/');
  // Groups and loopback never leave by a route of ours; the kernel's own hosts come with its addresses.
  const host = length === String(hostLength[route.family]);
  if (neverOurs(route.family, network) || (route.protocol === 'kernel' && host)) return null;
  const hops: RouteHop[] = [];
  for (const { gateway, device, weight, dead } of route.nextHops) {
    const port = ports.get(device);
    if (port === undefined || dead === true) continue;
    // The kernel's way of saying "on the link" for one host; here the route without a gateway says it.
    const via = host && gateway === network ? null : gateway;
    if (via !== null && via.includes(':') !== (route.family === 'inet6')) continue; // of the other family (RFC 5549)
    hops.push({ gateway: via, device: port.name, weight });
  }
  const [best] = hops;
  if (best === undefined) return null;
  return {
    destination: route.destination,
    gateway: best.gateway,
    source: route.source,
    device: best.device,
    scope: best.gateway === null ? 'link' : 'global',
    mtu: 0,
    metric: route.metric,
    origin: 'kernel',
    ...(hops.length > 1 ? { hops: hops.slice(0, MAX_HOPS) } : {}),
  };
}
