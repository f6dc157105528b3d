// What FRR's bgpd prints (8.4's JSON, and its running configuration) → what the bridge wants to know.
import { isIP } from 'node:net';
import type { KernelAddress } from '../kni/index.js';
import { bgpDrainRouteMap, drainMetric } from '../quagga-conf/index.js';
import type { AddressFamily } from './address.js';
import { covers } from './drivers/covers.js';
import { hostOf, isObject, type Json, object, objects, string } from './frr-json.js';
import type { Neighbour } from './frr-output.js';

export interface BgpNeighbour extends Neighbour {
  /** As bgpd names it: its address, or the interface of an unnumbered session. */
  readonly key: string;
  /** It is sent nothing, because RFC 8212 wants a policy and there is none. */
  readonly lacksPolicy: boolean;
}

type Place = Pick<KernelAddress, 'device' | 'address' | 'prefixLength' | 'family'>;

/** Of `show bgp neighbors json`: those of one address family. @param places the kernel's addresses: bgpd does not name the interface */
export function parseBgpNeighbours(json: unknown, family: AddressFamily, places: readonly Place[]): BgpNeighbour[] {
  const key = family === 'inet' ? 'ipv4Unicast' : 'ipv6Unicast';
  return Object.entries(object(json)).flatMap(([name, value]) => {
    const activated = object(object(value).addressFamilyInfo)[key];
    if (!isObject(value) || !isObject(activated)) return [];
    const state = string(value.bgpState);
    const routerId = string(value.remoteRouterId);
    return {
      key: name,
      routerId: routerId === '' || routerId === '0.0.0.0' ? name : routerId,
      address: isIP(string(value.hostForeign)) === 0 ? name : string(value.hostForeign),
      interface: interfaceOf(value, name, places),
      state,
      full: state === 'Established',
      unacknowledged: Number(object(value.messageStats).depthOutq ?? 0) + Number(activated.packetQueueLength ?? 0),
      lacksPolicy: activated.outboundEbgpRequiresPolicy !== undefined,
    };
  });
}

/** Where the session's own address is, or, before there is one, the network that the neighbour is in. */
function interfaceOf(neighbour: Json, name: string, places: readonly Place[]): string {
  if (places.some(({ device }) => device === name)) return name;
  const own = places.find(({ address }) => address === neighbour.hostLocal);
  return (
    own?.device ?? places.find(({ address, prefixLength }) => covers(`${address}/${prefixLength}`, name))?.device ?? ''
  );
}

/** A host route as a neighbour is told it. */
export interface Advertised {
  readonly metric: number;
  readonly path: string;
}

/** Host routes of `show bgp ipv4 unicast neighbors X advertised-routes json`. */
export function parseAdvertised(json: unknown): Map<string, Advertised> {
  const found = new Map<string, Advertised>();
  for (const [prefix, value] of Object.entries(object(object(json).advertisedRoutes))) {
    const vip = hostOf(prefix);
    const { metric, path } = object(value);
    if (vip !== null) found.set(vip, { metric: Number(metric ?? 0), path: string(path) });
  }
  return found;
}

/** By the MED or, where the administrator's own policy replaces that, by the path. */
export const isWorse = ({ metric, path }: Advertised, asn: string): boolean =>
  metric === drainMetric || path.split(' ').filter((each) => each === asn).length > 1;

/** Host routes of this node itself, of `show bgp ipv4 unicast json`. */
export function parseOwnRoutes(json: unknown): Set<string> {
  const found = new Set<string>();
  for (const [prefix, paths] of Object.entries(object(object(json).routes))) {
    const vip = hostOf(prefix);
    // A path that no peer has sent.
    const own = objects(paths).some(({ peerId, valid }) => peerId === '(unspec)' && valid === true);
    if (vip !== null && own) found.add(vip);
  }
  return found;
}

export interface BgpConfig {
  /** Of `router bgp`; null: there is none. */
  readonly asn: string | null;
  /** Host routes of `network`, with their route-map. */
  readonly networks: ReadonlyMap<string, string | null>;
  readonly drainRouteMap: boolean;
}

/** Of `show running-config` of bgpd, of one address family. */
export function parseBgpConfig(text: string, family: AddressFamily): BgpConfig {
  let asn: string | null = null;
  let inRouter = false;
  let block = '';
  let drainRouteMap = false;
  const networks = new Map<string, string | null>();
  for (const raw of text.split('\n')) {
    const words = raw.trim().split(/\s+/);
    if (!raw.startsWith(' ')) {
      // Other VRFs' instances are `router bgp N vrf NAME`.
      inRouter = words[0] === 'router' && words[1] === 'bgp' && words[3] !== 'vrf' && words[3] !== 'view';
      if (inRouter) asn = words[2] ?? null;
      if (words[0] === 'route-map' && words[1] === bgpDrainRouteMap) drainRouteMap = true;
      block = '';
    } else if (words[0] === 'address-family') {
      block = `${words[1]} ${words[2]}`;
    } else if (words[0] === 'exit-address-family') {
      block = '';
    } else if (inRouter && words[0] === 'network' && block === blockOf(family)) {
      const vip = hostOf(words[1]);
      if (vip !== null) networks.set(vip, words[2] === 'route-map' ? words[3] : null);
    }
  }
  return { asn, networks, drainRouteMap };
}

export const blockOf = (family: AddressFamily): string => `${family === 'inet' ? 'ipv4' : 'ipv6'} unicast`;
