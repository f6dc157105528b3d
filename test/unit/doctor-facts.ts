// Facts of a sound node, for the checks of doctor: one port, one neighbour that is Full, one VIP that is announced.
import type { HeardPacket } from '../../routing/doctor/capture.js';
import type { Facts, OspfFacts, PortFacts } from '../../routing/doctor/facts.js';
import type { InterfaceConfig } from '../../routing/doctor/interface-config.js';
import type { Hello, OspfPacket } from '../../routing/doctor/ospf-packet.js';
import type { OspfInterface } from '../../routing/doctor/ospf-state.js';

export const vip = '123.1.2.3';
const kni = 'dpdk1.kni';

export const address = (text: string, prefixLength: number, device = kni): PortFacts['addresses'][number] => ({
  ...{ device, address: text, prefixLength },
  ...{ family: 'inet', scope: 'global' },
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
      unacknowledged: 0,
    },
  ],
  announced: new Set([vip]),
  routerLsas: [{ area: '0.0.0.0', length: 36, links: 1, stubs: 0 }],
};

export const port: PortFacts = {
  ...{ device: 'dpdk1', kni, focus: true, ospf: ospfInterface, config, rpFilter: 0 },
  link: { up: true, mtu: 1500, speedMbps: 10_000, stats },
  kernel: { index: 2, name: kni, mac: '02:00:00:00:00:01', mtu: 1500, up: true, carrier: true },
  addresses: [address('172.31.7.2', 30), address(vip, 32)],
  groups: ['224.0.0.1', '224.0.0.5'],
  wire: { listened: true, seconds: 3, packets: [heard(), heard({ own: true, source: '172.31.7.2' })] },
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

export const sound: Facts = {
  bridge: { trouble: null, vips: [] },
  wanted: [{ vip, device: 'dpdk1', kni }],
  dataplane: {
    ...{ trouble: null, status: { serving: true, problems: [] }, services: new Set([vip]) },
    routes: [kniRoute('172.31.7.2'), kniRoute(vip)],
  },
  kernel: { addresses: port.addresses, routes: [defaultRoute()] },
  daemons: { zebra: null, ospfd: null },
  ospf,
  ports: [port],
};

export const withPort = (changes: Partial<PortFacts>): Facts => ({ ...sound, ports: [{ ...port, ...changes }] });
export const withInterface = (changes: Partial<OspfInterface>): Facts =>
  withPort({ ospf: { ...ospfInterface, ...changes } });
export const withOspf = (changes: Partial<OspfFacts>, facts = sound): Facts => ({
  ...facts,
  ospf: { ...ospf, ...changes },
});
export const withConfig = (changes: Partial<InterfaceConfig>): Facts => withPort({ config: { ...config, ...changes } });
export const onWire = (...packets: HeardPacket[]): PortFacts['wire'] => ({ listened: true, seconds: 3, packets });
