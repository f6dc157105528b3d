// What FRR's ospf6d says of its interfaces, beyond what the bridge needs.
import { object, string } from '../frr-json.js';
import { linesByContext } from './interface-config.js';
import type { AreaKind } from './ospf-state.js';

export interface Ospf6Interface {
  readonly area: string;
  readonly areaKind: AreaKind;
  readonly instance: number;
  readonly pointToPoint: boolean;
  /** `DR`, `BDR`, `DROther`, `PointToPoint`, `Waiting`, … */
  readonly state: string;
  readonly mtu: number;
  /** Seconds. */
  readonly hello: number;
  readonly dead: number;
  readonly passive: boolean;
  readonly mtuIgnore: boolean;
  /** Its packets carry an authentication trailer (RFC 7166). */
  readonly authenticated: boolean;
}

export interface Ospf6Sources {
  /** `show ipv6 ospf6 interface json` */
  readonly interfaces: unknown;
  /** `show ipv6 ospf6 json` */
  readonly instance: unknown;
  /** `show running-config` of ospf6d */
  readonly running: string;
}

/** @returns null when OSPFv3 is not enabled on it, or it is down */
export function parseOspf6Interface(sources: Ospf6Sources, name: string): Ospf6Interface | null {
  const entry = object(object(sources.interfaces)[name]);
  if (entry.attachedToArea !== true || entry.status === 'down') return null;
  const area = string(entry.areaId);
  const { areaIsStub, areaIsNSSA } = object(object(object(sources.instance).areas)[area]);
  const lines = linesByContext(sources.running).get(`interface ${name}`) ?? [];
  return {
    area,
    areaKind: areaIsNSSA === true ? 'nssa' : areaIsStub === true ? 'stub' : 'normal',
    instance: Number(entry.instanceId ?? 0),
    pointToPoint: string(entry.operatingAsType || entry.type) === 'POINTOPOINT',
    state: string(entry.ospf6InterfaceState),
    mtu: Number(entry.interfaceMtu ?? 0),
    hello: Number(entry.timerIntervalsConfigHello ?? 0),
    dead: Number(entry.timerIntervalsConfigDead ?? 0),
    passive: lines.includes('ipv6 ospf6 passive'),
    mtuIgnore: lines.includes('ipv6 ospf6 mtu-ignore'),
    authenticated: !['', 'NULL'].includes(string(object(entry.authInfo).authType)),
  };
}
