// What FRR's bgpd says of its sessions, beyond what the bridge needs: why one is not there.
import type { KernelAddress } from '../../kni/index.js';
import type { AddressFamily } from '../address.js';
import { parseBgpNeighbours } from '../bgp-output.js';
import { isObject, object, string } from '../frr-json.js';

export interface BgpSession {
  /** As bgpd names it: its address, or the interface of an unnumbered session. */
  readonly key: string;
  readonly state: string;
  readonly established: boolean;
  readonly localAs: number;
  /** That is configured, and expected of the peer. */
  readonly remoteAs: number;
  /** eBGP: the peer has to be on the link unless `ebgp-multihop` is there. */
  readonly external: boolean;
  readonly maxHops: number;
  /** `neighbor … shutdown` here. */
  readonly shutdown: boolean;
  readonly password: boolean;
  /** Address families it is activated for. */
  readonly families: readonly AddressFamily[];
  /** Of those, the ones that the peer's OPEN does not name, though it names others (RFC 4760 section 8): it is told nothing of them. */
  readonly declined: readonly AddressFamily[];
  /** Of those, the ones it is sent nothing of (RFC 8212). */
  readonly withoutPolicy: readonly AddressFamily[];
  readonly lastReset: LastReset | null;
}

/** Without its time: the one that bgpd shows beside it is when the session was lost, which a NOTIFICATION of a later attempt leaves as it is. */
export interface LastReset {
  /** `Waiting for NHT`, `BGP Notification received`, … */
  readonly dueTo: string;
  /** Code and subcode of a NOTIFICATION as four hexadecimal digits (RFC 4271 section 4.5); null: there was none. */
  readonly code: string | null;
  readonly reason: string;
  /** Who sent it. */
  readonly by: 'us' | 'peer';
}

/** Of `show bgp neighbors json`. */
export function parseBgpSessions(json: unknown, places: readonly KernelAddress[]): BgpSession[] {
  const activated = {
    inet: parseBgpNeighbours(json, 'inet', places),
    inet6: parseBgpNeighbours(json, 'inet6', places),
  };
  const families = ['inet', 'inet6'] as const;
  return Object.entries(object(json)).flatMap(([key, value]) => {
    if (!isObject(value) || typeof value.bgpState !== 'string') return [];
    const inFamily = (family: AddressFamily) => activated[family].find((each) => each.key === key);
    return {
      key,
      state: value.bgpState,
      established: value.bgpState === 'Established',
      localAs: Number(value.localAs ?? 0),
      remoteAs: Number(value.remoteAs ?? 0),
      external: value.nbrExternalLink === true,
      maxHops: Number(value.externalBgpNbrMaxHopsAway ?? 1),
      shutdown: value.adminShutDown === true,
      password: value.authenticationEnabled !== undefined,
      families: families.filter((family) => inFamily(family) !== undefined),
      declined: declinedBy(value).filter((family) => inFamily(family) !== undefined),
      withoutPolicy: families.filter((family) => inFamily(family)?.lacksPolicy === true),
      lastReset: lastReset(value),
    };
  });
}

function declinedBy({ bgpState, neighborCapabilities }: Record<string, unknown>): AddressFamily[] {
  const extensions = object(object(neighborCapabilities).multiprotocolExtensions);
  const named = (key: string): boolean => {
    const { received, advertisedAndReceived } = object(extensions[key]);
    return received === true || advertisedAndReceived === true;
  };
  // Without a session they are those of the last one. A peer that names no family at all is taken to have them all.
  if (bgpState !== 'Established' || !Object.keys(extensions).some(named)) return [];
  const keys = { inet: 'ipv4Unicast', inet6: 'ipv6Unicast' } as const;
  return (['inet', 'inet6'] as const).filter((family) => !named(keys[family]));
}

function lastReset(value: Record<string, unknown>): LastReset | null {
  if (typeof value.lastResetDueTo !== 'string') return null;
  const code = string(value.lastErrorCodeSubcode);
  return {
    dueTo: value.lastResetDueTo,
    code: code === '' ? null : code,
    reason: string(value.lastNotificationReason),
    by: value.lastResetDueTo === 'BGP Notification received' ? 'peer' : 'us',
  };
}
