// Collects the facts: everybody is asked, then the wire is listened to, then those are asked again who change meanwhile.
import type { LinkInfo } from '../../api/index.js';
import { type KernelLink, Rtnetlink } from '../../kni/index.js';
import { Vtysh } from '../vtysh.js';
import { listen, type Wire } from './capture.js';
import { askBridge, askDaemons, askDataplane, type DaemonFacts } from './collect-node.js';
import type { Facts, PortFacts } from './facts.js';
import { parseInterfaceConfig } from './interface-config.js';
import { type KernelFiles, readKernelFiles } from './kernel-files.js';
import { parseOspfInterface } from './ospf-state.js';

export interface DoctorOptions {
  /** The node's name. */
  readonly name: string;
  /** `-N` of the routing daemons. */
  readonly frrNamespace?: string;
  /** Only this port. */
  readonly device?: string;
  /** How long the wire is listened to; 0: not at all. */
  readonly listenSeconds?: number;
}

/** A neighbour's hellos come every 10 s by default. Where one is Full already, its next hello is near enough. */
const listenByDefault = { full: 3, none: 12 } as const;

interface Port {
  readonly device: string;
  readonly kni: string;
  readonly link: LinkInfo | null;
}

export async function collect(options: DoctorOptions): Promise<Facts> {
  const { name } = options;
  const vtysh = new Vtysh({ namespace: options.frrNamespace });
  const kernel = new Rtnetlink();
  try {
    const [dataplane, bridge, before, links] = await Promise.all([
      askDataplane(name),
      askBridge(name),
      askDaemons(vtysh),
      kernel.links(),
    ]);
    const ports = portsOf(dataplane.links, links, options.device);
    const wires = await listenOn(ports, before, links, options, await ownAddresses(kernel));
    // The adjacency may have come up, or gone, while we listened.
    const daemons = await askDaemons(vtysh);
    const [addresses, routes, now] = await Promise.all([kernel.addresses(), kernel.routes(), kernel.links()]);
    const files = readKernelFiles();
    const facts = ports.map((port) => portFacts({ port, daemons, files, links: now, wire: wires.get(port.kni) }));
    const carried = facts.map((port) => ({
      ...port,
      addresses: addresses.filter(({ device, family }) => device === port.kni && family === 'inet'),
    }));
    return {
      ...bridge,
      dataplane: dataplane.seen,
      kernel: { addresses, routes: routes.filter(({ family }) => family === 'inet') },
      daemons: daemons.daemons,
      ospf: daemons.ospf,
      ports: withFocus(carried, bridge.wanted, options.device !== undefined),
    };
  } finally {
    kernel.close();
  }
}

async function ownAddresses(kernel: Rtnetlink): Promise<ReadonlySet<string>> {
  return new Set((await kernel.addresses()).map(({ address }) => address));
}

/** Of a dataplane that does not answer, what the kernel still shows of it: the interfaces that are named so. */
function portsOf(links: readonly LinkInfo[], kernel: readonly KernelLink[], only: string | undefined): Port[] {
  const known = links.flatMap((link) => (link.kni === null ? [] : [{ device: link.name, kni: link.kni, link }]));
  const guessed = kernel
    .filter(({ name }) => name.endsWith('.kni'))
    .map(({ name }) => ({ device: name.slice(0, -'.kni'.length), kni: name, link: null }));
  const ports = links.length > 0 ? known : guessed;
  return only === undefined ? ports : ports.filter(({ device, kni }) => device === only || kni === only);
}

async function listenOn(
  ports: readonly Port[],
  { interfaces, ospf }: DaemonFacts,
  links: readonly KernelLink[],
  { listenSeconds }: DoctorOptions,
  own: ReadonlySet<string>,
): Promise<Map<string, Wire>> {
  const wires = ports.map(async ({ kni }): Promise<[string, Wire]> => {
    const why = (reason: string): [string, Wire] => [kni, { listened: false, why: reason }];
    if (listenSeconds === 0) return why('not listened: --listen 0');
    if (links.find(({ name }) => name === kni)?.up !== true) return why(`${kni} is not up`);
    if (parseOspfInterface(interfaces, kni) === null) return why(`OSPF does not run on ${kni}`);
    const full = ospf?.neighbours.some((each) => each.interface === kni && each.full) === true;
    const seconds = listenSeconds ?? listenByDefault[full ? 'full' : 'none'];
    return [kni, await listen(kni, { seconds, ownAddresses: own })];
  });
  return new Map(await Promise.all(wires));
}

interface PortSources {
  readonly port: Port;
  readonly daemons: DaemonFacts;
  readonly files: KernelFiles;
  readonly links: readonly KernelLink[];
  readonly wire: Wire | undefined;
}

function portFacts({ port, daemons, files, links, wire }: PortSources): Omit<PortFacts, 'addresses' | 'focus'> {
  const ospf = parseOspfInterface(daemons.interfaces, port.kni);
  return {
    ...port,
    kernel: links.find(({ name }) => name === port.kni) ?? null,
    ospf,
    config: ospf === null ? null : parseInterfaceConfig(daemons.running, port.kni, ospf.area),
    groups: files.groups === null ? null : (files.groups.get(port.kni) ?? []),
    rpFilter: files.rpFilter(port.kni),
    wire: wire ?? { listened: false, why: 'not listened' },
  };
}

/** OSPF runs there, or a VIP belongs there; when that is so nowhere, every port counts. */
function withFocus(ports: readonly Omit<PortFacts, 'focus'>[], wanted: Facts['wanted'], chosen: boolean): PortFacts[] {
  const inUse = ({ ospf, kni }: Omit<PortFacts, 'focus'>): boolean =>
    ospf !== null || wanted.some((each) => each.kni === kni);
  const anywhere = ports.some(inUse);
  return ports.map((port) => ({ ...port, focus: chosen || !anywhere || inUse(port) }));
}
