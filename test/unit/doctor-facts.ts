// Facts of sound nodes, for the checks of doctor: one port, one neighbour that is Full, one VIP that is announced; by OSPF, by OSPFv3 as
// well, and by BGP.
import type { BgpSession } from '../../routing/doctor/bgp-state.js';
import type { HeardPacket, HeardPacket6 } from '../../routing/doctor/capture.js';
import type { BgpFacts, Facts, Ospf6Facts, OspfFacts, PortFacts } from '../../routing/doctor/facts.js';
import type { InterfaceConfig } from '../../routing/doctor/interface-config.js';
import { noDrops } from '../../routing/doctor/kernel-files.js';
import type { Hello, OspfPacket } from '../../routing/doctor/ospf-packet.js';
import type { OspfInterface } from '../../routing/doctor/ospf-state.js';
import type { Hello6, Ospf6Packet } from '../../routing/doctor/ospf6-packet.js';
import type { Ospf6Interface } from '../../routing/doctor/ospf6-state.js';

export const vip = '123.1.2.3';
const kni = 'dpdk1.kni';

export const address = (text: string, prefixLength: number, device = kni): PortFacts['addresses'][number] => ({
  ...{ device, address: text, prefixLength },
  ...{ family: text.includes(':') ? 'inet6' : 'inet', scope: text.startsWith('fe80') ? 'link' : 'global' },
});

export const hello: Hello = {
  ...{ mask: '255.255.255.252', helloInterval: 1, deadInterval: 4, external: true, nssa: false, priority: 1 },
  ...{ designated: '172.31.7.2', backup: '172.31.7.1', neighbours: ['172.31.7.2'] },
};

/** A hello of the switch, or what differs from it. */
export const heard = (
  changes: { hello?: Partial<Hello>; packet?: Partial<OspfPacket>; source?: string; own?: boolean } = {},
): HeardPacket => ({
  source: changes.source ?? '172.31.7.1',
  destination: '224.0.0.5',
  own: changes.own ?? false,
  packet: {
    ...{ type: 'hello', routerId: '10.0.0.1', area: '0.0.0.0', authentication: { kind: 'none' }, description: null },
    hello: { ...hello, ...changes.hello },
    ...changes.packet,
  },
});

export const ospfInterface: OspfInterface = {
  ...{ area: '0.0.0.0', areaKind: 'normal', pointToPoint: false, state: 'DR', mtu: 1500, cost: 10, bandwidthMbit: 10 },
  ...{ hello: 1, dead: 4 },
};

const config: InterfaceConfig = { authentication: { kind: 'none' }, cost: 10, passive: false, mtuIgnore: false };
const stats = { ipackets: 0, opackets: 0, ibytes: 0, obytes: 0, ierrors: 0, oerrors: 0, imissed: 0, rxNombuf: 0 };

export const ospf: OspfFacts = {
  routerId: '172.31.7.2',
  withoutOpaque: [],
  config: {
    ...{
      routerOspf: true,
      redistribute: { routeMap: 'DPVS-ANNOUNCE', metric: 20 },
      ownMetric: true,
      prefixList: true,
      routeMaps: new Set<string>(),
      drained: new Set<string>(),
      drainList: false,
      drainRouteMap: false,
      gracePeriod: null,
      alsoRedistributed: [],
      maximumPaths: null,
      costs: new Map<string, number>(),
    },
    ...{
      permitted: new Set([vip]),
      permittedRanges: [],
      networks: [{ prefix: '172.31.7.0/30', area: '0.0.0.0' }],
      passive: new Set<string>(),
    },
  },
  neighbours: [
    {
      ...{ routerId: '10.0.0.1', address: '172.31.7.1', interface: kni, state: 'Full/Backup', full: true },
      ...{ unacknowledged: 0, age: 600 },
    },
  ],
  announced: new Set([vip]),
  routerLsas: [{ area: '0.0.0.0', length: 36, links: 1, stubs: 0 }],
};

export const port: PortFacts = {
  ...{ device: 'dpdk1', kni, focus: true, ospf: ospfInterface, config, rpFilter: 0 },
  ...{ addresses6: [], ospf6: null },
  link: { up: true, mtu: 1500, speedMbps: 10_000, stats },
  kernel: { index: 2, name: kni, mac: '02:00:00:00:00:01', mtu: 1500, up: true, carrier: true },
  addresses: [address('172.31.7.2', 30), address(vip, 32)],
  groups: ['224.0.0.1', '224.0.0.5'],
  wire: { listened: true, seconds: 3, packets: [heard(), heard({ own: true, source: '172.31.7.2' })], packets6: [] },
};

const kniRoute = (text: string) => ({ destination: `${text}/32`, device: 'dpdk1', scope: 'kni_host' as const });

export const defaultRoute = (device = kni): Facts['kernel']['routes'][number] => ({
  ...{
    family: 'inet',
    destination: '0.0.0.0/0',
    nextHops: [{ gateway: '172.31.7.1', device, weight: 1, dead: false }],
    metric: 0,
  },
  ...{ source: null, protocol: 'static', scope: 'global', type: 'unicast', table: 254 },
});

export const notRunning = { kind: 'down', said: 'it does not run' } as const;

export const wish = (address: string): Facts['wanted'][number] => ({
  ...{ vip: address, ports: [{ device: 'dpdk1', kni }], wanted: true, drain: null },
});

export const sound: Facts = {
  failed: {},
  bridge: { trouble: null, vips: [], unwritten: null, unread: null, strays: [] },
  wanted: [wish(vip)],
  dataplane: {
    ...{ trouble: null, status: { serving: true, problems: [] }, services: new Set([vip]) },
    routes: [kniRoute('172.31.7.2'), kniRoute(vip)],
  },
  kernel: { addresses: port.addresses, routes: [defaultRoute()] },
  speakers: { inet: 'ospf', inet6: null },
  daemons: { zebra: null, ospfd: null, ospf6d: notRunning, bgpd: notRunning },
  zebraClients: new Map([['ospf', { seconds: 600, routes: 2, redistributed: 2 }]]),
  ...{ ospf, ospf6: null, bgp: null },
  ports: [port],
  knis: [kni],
};

export const withPort = (changes: Partial<PortFacts>): Facts => ({ ...sound, ports: [{ ...port, ...changes }] });
export const withInterface = (changes: Partial<OspfInterface>): Facts =>
  withPort({ ospf: { ...ospfInterface, ...changes } });
export const withOspf = (changes: Partial<OspfFacts>, facts = sound): Facts => ({
  ...facts,
  ospf: { ...ospf, ...changes },
});
export const withConfig = (changes: Partial<InterfaceConfig>): Facts => withPort({ config: { ...config, ...changes } });
export const onWire = (...packets: HeardPacket[]): PortFacts['wire'] => ({
  ...{ listened: true, seconds: 3, packets, packets6: [] },
});

export const vip6 = '2001:db8::100';

export const hello6: Hello6 = {
  ...{ helloInterval: 1, deadInterval: 4, external: true, nssa: false, authenticated: false },
  ...{ designated: '0.0.0.0', backup: '0.0.0.0', neighbours: ['172.31.7.2'] },
};

/** A hello of the switch, or what differs from it. */
export const heard6 = (
  changes: { hello?: Partial<Hello6>; packet?: Partial<Ospf6Packet>; own?: boolean } = {},
): HeardPacket6 => ({
  source: 'fe80::1',
  destination: 'ff02::5',
  own: changes.own ?? false,
  packet: {
    ...{ type: 'hello', routerId: '10.0.0.1', area: '0.0.0.0', instance: 0, description: null },
    hello: { ...hello6, ...changes.hello },
    ...changes.packet,
  },
});

export const ospf6Interface: Ospf6Interface = {
  ...{ area: '0.0.0.0', areaKind: 'normal', instance: 0, pointToPoint: true, state: 'PointToPoint', mtu: 1500 },
  ...{ hello: 1, dead: 4, passive: false, mtuIgnore: false, authenticated: false },
};

export const ospf6: Ospf6Facts = {
  ...{ routerId: '172.31.7.2', configured: true, announced: new Set([vip6]) },
  neighbours: [
    {
      ...{ routerId: '10.0.0.1', address: 'fe80::1', interface: kni, state: 'Full', full: true },
      ...{ unacknowledged: 0, age: 600 },
    },
  ],
};

export const port6: PortFacts = {
  ...port,
  addresses6: [address('fe80::2', 64), address(vip6, 128)],
  ospf6: ospf6Interface,
  wire: { listened: true, seconds: 3, packets: [heard()], packets6: [heard6(), heard6({ own: true })] },
};

/** IPv4 by OSPF, IPv6 by OSPFv3. */
export const sound6: Facts = {
  ...sound,
  wanted: [...sound.wanted, wish(vip6)],
  dataplane: { ...sound.dataplane, services: new Set([vip, vip6]) },
  kernel: { ...sound.kernel, addresses: [...port6.addresses, ...port6.addresses6] },
  speakers: { inet: 'ospf', inet6: 'ospf6' },
  daemons: { ...sound.daemons, ospf6d: null },
  ospf6,
  ports: [port6],
};

export const withPort6 = (changes: Partial<PortFacts>): Facts => ({ ...sound6, ports: [{ ...port6, ...changes }] });
export const withOspf6 = (changes: Partial<Ospf6Facts>, facts = sound6): Facts => ({
  ...facts,
  ospf6: { ...ospf6, ...changes },
});
export const onWire6 = (...packets6: HeardPacket6[]): PortFacts['wire'] => ({
  ...{ listened: true, seconds: 3, packets: [heard()], packets6 },
});

export const session: BgpSession = {
  ...{ key: '172.31.7.1', state: 'Established', established: true, localAs: 65001, remoteAs: 65000, external: true },
  ...{
    maxHops: 1,
    shutdown: false,
    password: false,
    families: ['inet'],
    declined: [],
    withoutPolicy: [],
    lastReset: null,
  },
};

export const bgp: BgpFacts = {
  ...{ asn: '65001', sessions: [session], networks: new Set([vip]), announced: new Set([vip]) },
  drops: { meanwhile: noDrops, ever: noDrops },
};

/** IPv4 by BGP: no ospfd is there. */
export const soundBgp: Facts = {
  ...sound,
  speakers: { inet: 'bgp', inet6: 'bgp' },
  daemons: { ...sound.daemons, ospfd: notRunning, bgpd: null },
  ...{ ospf: null, bgp },
  ports: [{ ...port, ospf: null, config: null }],
};

export const withBgp = (changes: Partial<BgpFacts>): Facts => ({ ...soundBgp, bgp: { ...bgp, ...changes } });
export const withSession = (changes: Partial<BgpSession>, facts: Partial<BgpFacts> = {}): Facts =>
  withBgp({ sessions: [{ ...session, state: 'Active', established: false, ...changes }], ...facts });
