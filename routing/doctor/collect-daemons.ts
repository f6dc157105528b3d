// Facts of zebra and the routing daemons. Whoever does not answer is a fact, too.
import type { KernelAddress } from '../../kni/index.js';
import { parseBgpConfig } from '../bgp-output.js';
import { Bgp } from '../drivers/bgp.js';
import { Ospf6, parseConfig6 } from '../drivers/ospf6.js';
import { type Origination, parseRunningConfig } from '../frr-output.js';
import { parseRouterId6 } from '../ospf6-output.js';
import { Ospfd } from '../ospfd.js';
import { type RoutingDaemon, type Vtysh, VtyshError } from '../vtysh.js';
import { parseZebraClients } from '../zebra-output.js';
import { parseBgpSessions } from './bgp-state.js';
import type { BgpFacts, Facts, Ospf6Facts, OspfFacts, Trouble } from './facts.js';
import { parseRouterId, parseRouterLsas, parseWithoutOpaque } from './ospf-state.js';
import type { Ospf6Sources } from './ospf6-state.js';
import { parseSeenNeighbours, parseSeenNeighbours6 } from './seen-neighbour.js';

export interface DaemonFacts {
  readonly daemons: Facts['daemons'];
  readonly zebraClients: Facts['zebraClients'];
  readonly ospf: OspfFacts | null;
  readonly ospf6: Ospf6Facts | null;
  /** Without what TCP dropped. */
  readonly bgp: Omit<BgpFacts, 'drops'> | null;
  /** `show ip ospf interface json` and `show running-config`, to be read port by port. */
  readonly interfaces: unknown;
  readonly running: string;
  readonly sources6: Ospf6Sources;
}

const nothing6: Ospf6Sources = { interfaces: {}, instance: {}, running: '' };

/** Of daemons whose answers cannot be read. */
export const noDaemons: DaemonFacts = {
  daemons: { zebra: null, ospfd: null, ospf6d: null, bgpd: null },
  zebraClients: null,
  ...{ ospf: null, ospf6: null, bgp: null, interfaces: {}, running: '', sources6: nothing6 },
};

/** @throws {Error} an answer that cannot be read */
export async function askDaemons(vtysh: Vtysh, addresses: readonly KernelAddress[]): Promise<DaemonFacts> {
  const [zebra, ospfd, ospf6d, bgpd] = await Promise.all([
    answerOf(vtysh.run('zebra', ['show zebra client']).then(parseZebraClients)),
    answerOf(askOspf(vtysh)),
    answerOf(askOspf6(vtysh)),
    answerOf(askBgp(vtysh, addresses)),
  ]);
  const why = ({ trouble }: { trouble: Trouble | null }): Trouble | null => trouble;
  return {
    daemons: { zebra: why(zebra), ospfd: why(ospfd), ospf6d: why(ospf6d), bgpd: why(bgpd) },
    zebraClients: zebra.answer,
    ospf: ospfd.answer?.facts ?? null,
    ospf6: ospf6d.answer?.facts ?? null,
    bgp: bgpd.answer,
    interfaces: ospfd.answer?.interfaces ?? {},
    running: ospfd.answer?.running ?? '',
    sources6: ospf6d.answer?.sources ?? nothing6,
  };
}

async function askOspf(vtysh: Vtysh): Promise<{ facts: OspfFacts; interfaces: unknown; running: string }> {
  const ospfd = new Ospfd(vtysh);
  // First, alone: an ospfd that does not answer costs one timeout.
  const running = await vtysh.run('ospfd', ['show running-config']);
  const [instance, interfaces, router, details, originated] = await Promise.all([
    vtysh.json('ospfd', 'show ip ospf'),
    vtysh.json('ospfd', 'show ip ospf interface'),
    vtysh.json('ospfd', 'show ip ospf database router self-originate'),
    vtysh.json('ospfd', 'show ip ospf neighbor detail'),
    ospfd.originated(),
  ]);
  const facts = {
    routerId: parseRouterId(instance),
    config: parseRunningConfig(running),
    neighbours: parseSeenNeighbours(details),
    withoutOpaque: parseWithoutOpaque(details),
    announced: liveOf(originated),
    routerLsas: parseRouterLsas(router),
  };
  return { facts, interfaces, running };
}

async function askOspf6(vtysh: Vtysh): Promise<{ facts: Ospf6Facts; sources: Ospf6Sources }> {
  const running = await vtysh.run('ospf6d', ['show running-config']);
  const configured = parseConfig6(running).routerOspf;
  // The metric is for what it would write.
  const driver = new Ospf6(vtysh, 0);
  const [instance, interfaces, details, originated] = await Promise.all([
    vtysh.json('ospf6d', 'show ipv6 ospf6'),
    vtysh.json('ospf6d', 'show ipv6 ospf6 interface'),
    vtysh.json('ospf6d', 'show ipv6 ospf6 neighbor detail'),
    driver.originated(),
  ]);
  const neighbours = parseSeenNeighbours6(details);
  const facts = { routerId: parseRouterId6(instance), configured, neighbours, announced: liveOf(originated) };
  return { facts, sources: { interfaces, instance, running } };
}

async function askBgp(vtysh: Vtysh, addresses: readonly KernelAddress[]): Promise<Omit<BgpFacts, 'drops'>> {
  const running = await vtysh.run('bgpd', ['show running-config']);
  const families = ['inet', 'inet6'] as const;
  const configs = families.map((family) => parseBgpConfig(running, family));
  const [{ asn }] = configs;
  if (asn === null) return { asn, sessions: [], networks: new Set(), announced: new Set() };
  const [neighbours, ...originated] = await Promise.all([
    vtysh.json('bgpd', 'show bgp neighbors'),
    ...families.map((family) => new Bgp(family, vtysh, async () => addresses).originated()),
  ]);
  return {
    asn,
    sessions: parseBgpSessions(neighbours, addresses),
    networks: new Set(configs.flatMap(({ networks }) => [...networks.keys()])),
    announced: new Set(originated.flatMap((each) => [...liveOf(each)])),
  };
}

const liveOf = (originated: ReadonlyMap<string, Origination>): Set<string> =>
  new Set([...originated].flatMap(([vip, state]) => (state === 'live' ? [vip] : [])));

/** Where nobody answers, why not. */
async function answerOf<T>(asked: Promise<T>): Promise<{ trouble: Trouble | null; answer: T | null }> {
  try {
    return { trouble: null, answer: await asked };
  } catch (error) {
    if (error instanceof VtyshError) return { trouble: { kind: error.kind, said: error.message }, answer: null };
    throw error;
  }
}

/** What decides how long, and where, the wire is listened to. */
export interface Before {
  readonly interfaces: unknown;
  readonly interfaces6: unknown;
  /** Interfaces with a neighbour that is Full. */
  readonly full: ReadonlySet<string>;
  readonly full6: ReadonlySet<string>;
  /** BGP sessions, and whether all are Established; null: there are none. */
  readonly established: boolean | null;
}

/** Of daemons whose answers cannot be read. */
export const nothingBefore: Before = {
  ...{ interfaces: {}, interfaces6: {}, established: null },
  ...{ full: new Set<string>(), full6: new Set<string>() },
};

/** @throws {Error} an answer that cannot be read */
export async function askBefore(vtysh: Vtysh): Promise<Before> {
  const ask = async (daemon: RoutingDaemon, command: string): Promise<unknown> =>
    (await answerOf(vtysh.json(daemon, command))).answer ?? {};
  const fullOf = async (asked: ReturnType<Ospfd['neighbours']>): Promise<Set<string>> =>
    new Set(((await answerOf(asked)).answer ?? []).flatMap((each) => (each.full ? [each.interface] : [])));
  const [interfaces, interfaces6, full, full6, sessions] = await Promise.all([
    ask('ospfd', 'show ip ospf interface'),
    ask('ospf6d', 'show ipv6 ospf6 interface'),
    fullOf(new Ospfd(vtysh).neighbours()),
    fullOf(new Ospf6(vtysh, 0).neighbours()),
    ask('bgpd', 'show bgp neighbors').then((json) => parseBgpSessions(json, [])),
  ]);
  const established = sessions.length === 0 ? null : sessions.every((each) => each.established);
  return { interfaces, interfaces6, full, full6, established };
}
