// Everything the checks look at, collected before the first of them is asked: they are pure functions of it.
import type { LinkInfo, Result } from '../../api/index.js';
import type { KernelAddress, KernelLink, KernelRoute } from '../../kni/index.js';
import { type AddressFamily, hostLength } from '../address.js';
import type { Protocol } from '../drivers/driver.js';
import type { OspfConfig } from '../frr-output.js';
import type { JournalEntry } from '../journal.js';
import type { VipStatus } from '../schema.js';
import type { VtyshError } from '../vtysh.js';
import type { ZebraClient } from '../zebra-output.js';
import type { Failed } from './attempts.js';
import type { BgpSession } from './bgp-state.js';
import type { Heard, HeardPacket, HeardPacket6, Wire } from './capture.js';
import type { InterfaceConfig } from './interface-config.js';
import type { TcpDrops } from './kernel-files.js';
import type { Hello, OspfPacket } from './ospf-packet.js';
import type { OspfInterface, RouterLsa } from './ospf-state.js';
import type { Hello6, Ospf6Packet } from './ospf6-packet.js';
import type { Ospf6Interface } from './ospf6-state.js';
import type { SeenNeighbour } from './seen-neighbour.js';

export interface PortFacts {
  readonly device: string;
  readonly kni: string;
  /** OSPF runs here, or is to: what is broken here breaks announcing. */
  readonly focus: boolean;
  /** The dataplane's side; null while it does not answer. */
  readonly link: Pick<LinkInfo, 'up' | 'mtu' | 'speedMbps' | 'stats'> | null;
  /** The kernel's side. */
  readonly kernel: KernelLink | null;
  /** IPv4 ones. */
  readonly addresses: readonly KernelAddress[];
  /** null: OSPF is not enabled there, or ospfd does not answer. */
  readonly ospf: OspfInterface | null;
  readonly config: InterfaceConfig | null;
  /** IPv6 ones. */
  readonly addresses6: readonly KernelAddress[];
  /** null: OSPFv3 is not enabled there, or ospf6d does not answer. */
  readonly ospf6: Ospf6Interface | null;
  /** Multicast groups the kernel has joined there; null when it cannot be read. */
  readonly groups: readonly string[] | null;
  /** The stricter of `all` and this interface's; null when there is none. */
  readonly rpFilter: number | null;
  readonly wire: Wire;
}

export interface Facts {
  /** What could not be collected, and why; what it was to tell is empty. */
  readonly failed: Failed;
  readonly bridge: {
    /** Why it cannot be asked. */
    readonly trouble: string | null;
    readonly vips: readonly Pick<VipStatus, 'vip' | 'reason'>[];
    /** Why it cannot write its journal. */
    readonly unwritten: string | null;
    /** Why its journal cannot be read here; no bridge starts with it. */
    readonly unread: string | null;
    /** VIPs that are announced here and that it does not know. */
    readonly strays: readonly { readonly vip: string; readonly device: string }[];
  };
  /** What the bridge is to announce, read from its file. */
  readonly wanted: readonly Pick<JournalEntry, 'vip' | 'ports' | 'wanted' | 'drain'>[];
  readonly dataplane: {
    /** Why it cannot be asked. */
    readonly trouble: string | null;
    readonly status: Pick<Result<'node.status'>, 'serving' | 'problems'> | null;
    /** Addresses that have a service. */
    readonly services: ReadonlySet<string>;
    readonly routes: readonly Pick<Result<'route.list'>[number], 'destination' | 'device' | 'scope'>[];
  };
  readonly kernel: { readonly addresses: readonly KernelAddress[]; readonly routes: readonly KernelRoute[] };
  /** Who announces the VIPs of a family; null: nobody is to. */
  readonly speakers: Readonly<Record<AddressFamily, Protocol | null>>;
  /** Why a daemon cannot be asked; null when it answers. */
  readonly daemons: Readonly<Record<'zebra' | 'ospfd' | 'ospf6d' | 'bgpd', Trouble | null>>;
  /** The daemons that zebra serves; null: it does not answer. */
  readonly zebraClients: ReadonlyMap<string, ZebraClient> | null;
  /** null: ospfd does not answer. */
  readonly ospf: OspfFacts | null;
  /** null: ospf6d does not answer. */
  readonly ospf6: Ospf6Facts | null;
  /** null: bgpd does not answer. */
  readonly bgp: BgpFacts | null;
  /** Those that are examined. */
  readonly ports: readonly PortFacts[];
  /** The kni of every port. */
  readonly knis: readonly string[];
}

export interface Trouble {
  readonly kind: VtyshError['kind'];
  readonly said: string;
}

export interface OspfFacts {
  readonly routerId: string;
  readonly config: OspfConfig;
  readonly neighbours: readonly SeenNeighbour[];
  /** Router ids of those that are Full and take no opaque LSAs. */
  readonly withoutOpaque: readonly string[];
  /** Host routes this ospfd announces now. */
  readonly announced: ReadonlySet<string>;
  readonly routerLsas: readonly RouterLsa[];
}

export interface Ospf6Facts {
  readonly routerId: string;
  /** `router ospf6` is there. */
  readonly configured: boolean;
  readonly neighbours: readonly SeenNeighbour[];
  /** Host routes this ospf6d announces now. */
  readonly announced: ReadonlySet<string>;
}

export interface BgpFacts {
  /** Of `router bgp`; null: there is none. */
  readonly asn: string | null;
  readonly sessions: readonly BgpSession[];
  /** VIPs that have a `network` line. */
  readonly networks: ReadonlySet<string>;
  /** Host routes some neighbour is told; without any session, what would be told. */
  readonly announced: ReadonlySet<string>;
  /** What TCP dropped while the wire was listened to, and since the kernel's start. */
  readonly drops: { readonly meanwhile: TcpDrops; readonly ever: TcpDrops };
}

export const speaks = ({ speakers }: Facts, protocol: Protocol): boolean =>
  speakers.inet === protocol || speakers.inet6 === protocol;

/** What is announced of a family; null: by nobody, or the daemon does not answer or is not configured. */
export function announcedOf({ speakers, ospf, ospf6, bgp }: Facts, family: AddressFamily): ReadonlySet<string> | null {
  switch (speakers[family]) {
    case 'ospf':
      return ospf?.config.routerOspf === true ? ospf.announced : null;
    case 'ospf6':
      return ospf6?.configured === true ? ospf6.announced : null;
    case 'bgp':
      return bgp !== null && bgp.asn !== null ? bgp.announced : null;
    case null:
      return null;
  }
}

/** Ports on which ospfd is to have a neighbour. */
export const ospfPorts = (facts: Facts): (PortFacts & { ospf: OspfInterface })[] =>
  facts.ports.filter((port): port is PortFacts & { ospf: OspfInterface } => port.ospf !== null);

export const neighboursOn = (facts: Facts, { kni }: PortFacts): SeenNeighbour[] =>
  (facts.ospf?.neighbours ?? []).filter((each) => each.interface === kni);

export const ospf6Ports = (facts: Facts): (PortFacts & { ospf6: Ospf6Interface })[] =>
  facts.ports.filter((port): port is PortFacts & { ospf6: Ospf6Interface } => port.ospf6 !== null);

export const neighbours6On = (facts: Facts, { kni }: PortFacts): SeenNeighbour[] =>
  (facts.ospf6?.neighbours ?? []).filter((each) => each.interface === kni);

export interface HeardHello {
  readonly source: string;
  readonly packet: OspfPacket;
  readonly hello: Hello;
}

export const foreign = ({ wire }: PortFacts): HeardPacket[] =>
  wire.listened ? wire.packets.filter(({ own }) => !own) : [];

export interface HeardHello6 {
  readonly source: string;
  readonly packet: Ospf6Packet;
  readonly hello: Hello6;
}

export const foreign6 = ({ wire }: PortFacts): HeardPacket6[] =>
  wire.listened ? wire.packets6.filter(({ own }) => !own) : [];

/** The last hello of each other router on the link. */
export const foreignHellos = (port: PortFacts): HeardHello[] => lastHellos(foreign(port));
export const foreignHellos6 = (port: PortFacts): HeardHello6[] => lastHellos(foreign6(port));

function lastHellos<Hello, Packet extends { readonly hello: Hello | null }>(heard: readonly Heard<Packet>[]) {
  const last = new Map<string, { source: string; packet: Packet; hello: Hello }>();
  for (const { source, packet } of heard)
    if (packet.hello !== null) last.set(source, { source, packet, hello: packet.hello });
  return [...last.values()];
}

export const isHostAddress = ({ prefixLength, family }: KernelAddress): boolean => prefixLength === hostLength(family);
