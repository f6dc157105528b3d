// Collects the facts: everybody is asked, then the wire is listened to, then those are asked again who change meanwhile.
import { setTimeout } from 'node:timers/promises';
import { DpvsError, type LinkInfo } from '../../api/index.js';
import { type Family, type KernelLink, Rtnetlink } from '../../kni/index.js';
import { canonicalAddress } from '../address.js';
import { parseAttached6 } from '../ospf6-output.js';
import { Vtysh } from '../vtysh.js';
import { Attempts } from './attempts.js';
import { listen, type Wire } from './capture.js';
import { askBefore, askDaemons, type Before, type DaemonFacts, noDaemons, nothingBefore } from './collect-daemons.js';
import { askBridge, askDataplane } from './collect-node.js';
import type { Facts, PortFacts } from './facts.js';
import { parseInterfaceConfig } from './interface-config.js';
import { type KernelFiles, readKernelFiles, readTcpDrops, since } from './kernel-files.js';
import { parseOspfInterface } from './ospf-state.js';
import { parseOspf6Interface } from './ospf6-state.js';
import { speakersOf } from './speakers.js';

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
  const attempts = new Attempts();
  let opened: Rtnetlink | null = null;
  const kernel = <T>(ask: (kernel: Rtnetlink) => Promise<T[]>): Promise<T[]> =>
    attempts.ask('kernel', () => {
      opened ??= new Rtnetlink();
      return ask(opened);
    }, []);
  try {
    const [dataplane, { routing, ...bridge }, before, links, own] = await Promise.all([
      askDataplane(name),
      askBridge(name),
      attempts.ask('daemons', () => askBefore(vtysh), nothingBefore),
      kernel((open) => open.links()),
      kernel((open) => open.addresses()),
    ]);
    const all = portsOf(dataplane.links, links);
    const { device: only } = options;
    const ports = only === undefined ? all : all.filter(({ device, kni }) => device === only || kni === only);
    if (only !== undefined && ports.length === 0 && all.length > 0) throw new DpvsError('no_device', only);
    const ear = {
      deaf: attempts.failed.kernel ?? null,
      own: new Set(own.map(({ address }) => canonicalAddress(address))),
    };
    const dropped = readTcpDrops();
    const [wires] = await Promise.all([listenOn(ports, before, links, options, ear), awaitSessions(before, options)]);
    const ever = readTcpDrops();
    // Adjacencies and addresses may have come, or gone, while we listened.
    const [addresses, routes, now] = await Promise.all([
      kernel((open) => open.addresses()),
      kernel((open) => open.routes()),
      kernel((open) => open.links()),
    ]);
    const daemons = await attempts.ask('daemons', () => askDaemons(vtysh, addresses), noDaemons);
    const files = readKernelFiles();
    const facts = ports.map((port) => portFacts({ port, daemons, files, links: now, wire: wires.get(port.kni) }));
    const carried = facts.map((port) => {
      const of = (wanted: Family) => addresses.filter(({ device, family }) => device === port.kni && family === wanted);
      return { ...port, addresses: of('inet'), addresses6: of('inet6') };
    });
    return {
      ...bridge,
      failed: attempts.failed,
      dataplane: dataplane.seen,
      kernel: { addresses, routes },
      speakers: speakersOf({ routing, wanted: bridge.wanted }, daemons),
      daemons: daemons.daemons,
      zebraClients: daemons.zebraClients,
      ospf: daemons.ospf,
      ospf6: daemons.ospf6,
      bgp: daemons.bgp === null ? null : { ...daemons.bgp, drops: { meanwhile: since(dropped, ever), ever } },
      ports: withFocus(carried, bridge.wanted, only !== undefined),
      knis: all.map(({ kni }) => kni),
    };
  } finally {
    (opened as Rtnetlink | null)?.close();
  }
}

/** Of a dataplane that does not answer, what the kernel still shows of it: the interfaces that are named so. */
function portsOf(links: readonly LinkInfo[], kernel: readonly KernelLink[]): Port[] {
  const known = links.flatMap((link) => (link.kni === null ? [] : [{ device: link.name, kni: link.kni, link }]));
  const guessed = kernel
    .filter(({ name }) => name.endsWith('.kni'))
    .map(({ name }) => ({ device: name.slice(0, -'.kni'.length), kni: name, link: null }));
  return links.length > 0 ? known : guessed;
}

interface Ear {
  /** Why nothing can be told of what is heard. */
  readonly deaf: string | null;
  /** This node's addresses: the packets that it sends are heard, too. */
  readonly own: ReadonlySet<string>;
}

async function listenOn(
  ports: readonly Port[],
  { interfaces, interfaces6, full, full6 }: Before,
  links: readonly KernelLink[],
  { listenSeconds }: DoctorOptions,
  { deaf, own }: Ear,
): Promise<Map<string, Wire>> {
  const wires = ports.map(async ({ kni }): Promise<[string, Wire]> => {
    const why = (reason: string): [string, Wire] => [kni, { listened: false, why: reason }];
    if (deaf !== null) return why(deaf);
    if (listenSeconds === 0) return why('not listened: --listen 0');
    if (links.find(({ name }) => name === kni)?.up !== true) return why(`${kni} is not up`);
    const version2 = parseOspfInterface(interfaces, kni) !== null;
    const version3 = parseAttached6(interfaces6, kni);
    if (!version2 && !version3) return why(`OSPF does not run on ${kni}`);
    const allFull = (!version2 || full.has(kni)) && (!version3 || full6.has(kni));
    const seconds = listenSeconds ?? listenByDefault[allFull ? 'full' : 'none'];
    return [kni, await listen(kni, { seconds, ownAddresses: own })];
  });
  return new Map(await Promise.all(wires));
}

/** Of BGP nothing is listened to; but TCP counts, meanwhile, what it drops of a session that does not come up. */
async function awaitSessions({ established }: Before, { listenSeconds }: DoctorOptions): Promise<void> {
  if (established === false) await setTimeout((listenSeconds ?? listenByDefault.none) * 1_000);
}

interface PortSources {
  readonly port: Port;
  readonly daemons: DaemonFacts;
  readonly files: KernelFiles;
  readonly links: readonly KernelLink[];
  readonly wire: Wire | undefined;
}

function portFacts({
  port,
  daemons,
  files,
  links,
  wire,
}: PortSources): Omit<PortFacts, 'addresses' | 'addresses6' | 'focus'> {
  const ospf = parseOspfInterface(daemons.interfaces, port.kni);
  return {
    ...port,
    kernel: links.find(({ name }) => name === port.kni) ?? null,
    ospf,
    config: ospf === null ? null : parseInterfaceConfig(daemons.running, port.kni, ospf.area),
    ospf6: parseOspf6Interface(daemons.sources6, port.kni),
    groups: files.groups === null ? null : (files.groups.get(port.kni) ?? []),
    rpFilter: files.rpFilter(port.kni),
    wire: wire ?? { listened: false, why: 'not listened' },
  };
}

/** OSPF runs there, or a VIP belongs there; when that is so nowhere, every port counts. */
function withFocus(ports: readonly Omit<PortFacts, 'focus'>[], wanted: Facts['wanted'], chosen: boolean): PortFacts[] {
  const inUse = ({ ospf, ospf6, kni }: Omit<PortFacts, 'focus'>): boolean =>
    ospf !== null || ospf6 !== null || wanted.some((each) => each.ports.some((own) => own.kni === kni));
  const anywhere = ports.some(inUse);
  return ports.map((port) => ({ ...port, focus: chosen || !anywhere || inUse(port) }));
}
