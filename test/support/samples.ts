// Rows of the API for tests of the listings, with everything set that a test does not care about.
import type {
  AddressInfo,
  CpuInfo,
  LinkInfo,
  NodeStatus,
  RouteInfo,
  ServerInfo,
  ServiceInfo,
} from '../../api/index.js';

const zeroStats = { conns: 0, inPkts: 0, outPkts: 0, inBytes: 0, outBytes: 0 };
const zeroRates = { cps: 0, inPps: 0, outPps: 0, inBps: 0, outBps: 0 };

export const sampleAddress = (given: Partial<AddressInfo>): AddressInfo => ({
  address: '10.0.0.100',
  prefixLength: 32,
  device: 'dpdk1',
  scope: 'global',
  broadcast: null,
  validLifetime: 'forever',
  preferredLifetime: 'forever',
  sapool: null,
  ...given,
});

export const sampleRoute = (given: Partial<RouteInfo>): RouteInfo => ({
  destination: '10.0.0.100/32',
  gateway: '0.0.0.0',
  source: '0.0.0.0',
  device: 'dpdk1',
  mtu: 1500,
  tos: 0,
  scope: 'host',
  metric: 0,
  proto: 'auto',
  onlink: false,
  ...given,
});

export const sampleServer = (given: Partial<ServerInfo>): ServerInfo => ({
  address: '192.168.100.2',
  port: 80,
  forwarding: 'FullNat',
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
  activeConns: 0,
  inactiveConns: 0,
  inhibited: false,
  overload: false,
  stats: zeroStats,
  rates: zeroRates,
  ...given,
});

export const sampleService = (given: Partial<ServiceInfo>): ServiceInfo => ({
  service: { protocol: 'tcp', address: '10.0.0.100', port: 80 },
  scheduler: 'rr',
  connTimeout: null,
  servers: [],
  localAddresses: 0,
  stats: zeroStats,
  rates: zeroRates,
  ...given,
});

export const sampleLink = (given: Partial<LinkInfo>): LinkInfo => ({
  index: 1,
  name: 'dpdk0',
  socket: 0,
  mtu: 1500,
  rxQueues: 8,
  txQueues: 8,
  up: true,
  speedMbps: 10000,
  fullDuplex: true,
  autoneg: true,
  promisc: false,
  allmulticast: false,
  forward2kni: false,
  mac: 'a0:36:9f:9d:61:f4',
  offloads: ['OF_RX_IP_CSUM', 'OF_TX_IP_CSUM', 'OF_TX_TCP_CSUM', 'OF_TX_UDP_CSUM'],
  driver: 'net_ixgbe',
  hardware: '0000:06:00.0',
  kni: 'dpdk0.kni',
  mbufAvail: 65535,
  mbufInuse: 0,
  stats: { ipackets: 0, opackets: 0, ibytes: 0, obytes: 0, ierrors: 0, oerrors: 0, imissed: 0, rxNombuf: 0 },
  ...given,
});

export const sampleCpu = (given: Partial<CpuInfo>): CpuInfo => ({
  id: 1,
  cpu: 1,
  socket: 0,
  role: 'data',
  queues: [{ device: 'dpdk0', rx: [0], tx: [0] }],
  stats: {
    lcoreLoop: 0,
    pktburst: 0,
    zpktburst: 0,
    fpktburst: 0,
    z2hpktburst: 0,
    h2fpktburst: 0,
    dropped: 0,
    ipackets: 0,
    ibytes: 0,
    opackets: 0,
    obytes: 0,
  },
  ...given,
});

export const sampleStatus = (given: Partial<NodeStatus>): NodeStatus => ({
  name: 'dpvs',
  version: '0.1.0',
  pid: 4242,
  startedAt: '2024-01-01T00:00:00.000Z',
  serving: true,
  stopping: false,
  problems: [],
  problemPorts: [],
  slowPath: { state: 'running', generation: 1, lastAnswerMs: 3 },
  ports: [{ name: 'dpdk1', up: true, kni: 'dpdk1.kni', kniUp: true }],
  services: 1,
  connections: { used: 2, capacity: 1048576 },
  flows: { used: 4, capacity: 2097152 },
  logLevel: 'info',
  ...given,
});
