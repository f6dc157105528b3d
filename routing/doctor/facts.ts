// Everything the checks look at, collected before the first of them is asked: they are pure functions of it.
import type { LinkInfo, Result } from '../../api/index.js';
import type { KernelAddress, KernelLink, KernelRoute } from '../../kni/index.js';
import type { Neighbour, OspfConfig } from '../frr-output.js';
import type { JournalEntry } from '../journal.js';
import type { VipStatus } from '../schema.js';
import type { HeardPacket, Wire } from './capture.js';
import type { InterfaceConfig } from './interface-config.js';
import type { Hello, OspfPacket } from './ospf-packet.js';
import type { OspfInterface, RouterLsa } from './ospf-state.js';

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
  /** Multicast groups the kernel has joined there; null when it cannot be read. */
  readonly groups: readonly string[] | null;
  /** The stricter of `all` and this interface's; null when there is none. */
  readonly rpFilter: number | null;
  readonly wire: Wire;
}

export interface Facts {
  readonly bridge: { readonly trouble: string | null; readonly vips: readonly VipStatus[] };
  /** What the bridge is to announce, read from its file. */
  readonly wanted: readonly Pick<JournalEntry, 'vip' | 'device' | 'kni'>[];
  readonly dataplane: {
    /** Why it cannot be asked. */
    readonly trouble: string | null;
    readonly status: Pick<Result<'node.status'>, 'serving' | 'problems'> | null;
    /** Addresses that have a service. */
    readonly services: ReadonlySet<string>;
    readonly routes: readonly Pick<Result<'route.list'>[number], 'destination' | 'device' | 'scope'>[];
  };
  readonly kernel: { readonly addresses: readonly KernelAddress[]; readonly routes: readonly KernelRoute[] };
  /** Why a daemon cannot be asked; null when it answers. */
  readonly daemons: { readonly zebra: string | null; readonly ospfd: string | null };
  /** null: ospfd does not answer. */
  readonly ospf: OspfFacts | null;
  readonly ports: readonly PortFacts[];
}

export interface OspfFacts {
  readonly routerId: string;
  readonly config: OspfConfig;
  readonly neighbours: readonly Neighbour[];
  /** Router ids of those that are Full and take no opaque LSAs. */
  readonly withoutOpaque: readonly string[];
  /** Host routes this ospfd announces now. */
  readonly announced: ReadonlySet<string>;
  readonly routerLsas: readonly RouterLsa[];
}

/** Ports on which ospfd is to have a neighbour. */
export const ospfPorts = (facts: Facts): (PortFacts & { ospf: OspfInterface })[] =>
  facts.ports.filter((port): port is PortFacts & { ospf: OspfInterface } => port.ospf !== null);

export const neighboursOn = (facts: Facts, { kni }: PortFacts): Neighbour[] =>
  (facts.ospf?.neighbours ?? []).filter((each) => each.interface === kni);

export interface HeardHello {
  readonly source: string;
  readonly packet: OspfPacket;
  readonly hello: Hello;
}

export const foreign = ({ wire }: PortFacts): HeardPacket[] =>
  wire.listened ? wire.packets.filter(({ own }) => !own) : [];

/** The last hello of each other router on the link. */
export function foreignHellos(port: PortFacts): HeardHello[] {
  const last = new Map<string, HeardHello>();
  for (const { source, packet } of foreign(port))
    if (packet.hello !== null) last.set(source, { source, packet, hello: packet.hello });
  return [...last.values()];
}

export const isHostAddress = ({ prefixLength }: KernelAddress): boolean => prefixLength === 32;
