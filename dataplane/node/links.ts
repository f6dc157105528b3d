// Ports and lcores as dpip link shows them.
import type { CpuInfo, LinkInfo } from '../../api/index.js';
import { type Counters, loadLibrary, portInfo, portOwn, usage } from '../../native/index.js';
import type { DataplaneConfig } from '../config/index.js';
import type { RunningPort } from './bring-up.js';

/** DPDK's offload bits that the reference prints, with its words (rte_ethdev.h). */
const RX_OFFLOADS = [[1n << 1n, 'OF_RX_IP_CSUM']] as const;
const TX_OFFLOADS = [
  [1n << 1n, 'OF_TX_IP_CSUM'],
  [1n << 3n, 'OF_TX_TCP_CSUM'],
  [1n << 2n, 'OF_TX_UDP_CSUM'],
  [1n << 16n, 'OF_TX_FAST_FREE'],
] as const;

const words = (bits: bigint, table: readonly (readonly [bigint, string])[]): string[] =>
  table.filter(([bit]) => (bits & bit) !== 0n).map(([, word]) => word);

const hardwareText = ({ config: { hardware } }: RunningPort): string =>
  hardware.kind === 'vdev' ? hardware.spec : hardware.kind === 'pci' ? hardware.address : `port ${hardware.index}`;

/** In force; 0 for no port of this name. */
export function mtuOf(ports: readonly RunningPort[], name: string): number {
  const port = ports.find(({ config }) => config.name === name);
  return port === undefined ? 0 : (portOwn(port.index)?.mtu ?? 0);
}

export function linkInfo(port: RunningPort, ordinal: number): LinkInfo {
  const info = portInfo(port.index);
  if (info === undefined) throw new Error(`port ${port.config.name} is gone`);
  const { buffers } = usage();
  const available = loadLibrary().dp_pool_available() as number;
  return {
    index: ordinal + 1,
    name: port.config.name,
    socket: info.socket,
    mtu: info.mtu,
    rxQueues: info.rxQueues,
    txQueues: info.txQueues,
    up: info.linkUp && info.adminUp,
    speedMbps: info.speedMbps,
    fullDuplex: info.fullDuplex,
    autoneg: info.autoneg,
    promisc: info.promisc,
    allmulticast: info.allmulticast,
    forward2kni: info.forward2kni,
    mac: info.mac,
    offloads: [...words(info.rxOffloads, RX_OFFLOADS), ...words(info.txOffloads, TX_OFFLOADS)],
    driver: info.driver,
    hardware: hardwareText(port),
    kni: port.kniIndex === null ? null : port.config.kniName,
    mbufAvail: available,
    mbufInuse: buffers.total - available,
    stats: info.stats,
  };
}

export function cpuInfo(config: DataplaneConfig, counters: Counters): CpuInfo[] {
  const idle = { loops: 0, bursts: 0, emptyBursts: 0, fullBursts: 0, halfBursts: 0, overHalfBursts: 0, dropped: 0 };
  const nothing = { ...idle, ipackets: 0, ibytes: 0, opackets: 0, obytes: 0 };
  const slaves = config.workers.filter((w) => w.role === 'slave');
  return config.workers.map((worker, id) => {
    const slot = slaves.indexOf(worker);
    const s = slot < 0 ? nothing : counters.lcore(slot);
    return {
      id,
      cpu: worker.cpu,
      socket: 0,
      role: worker.role === 'master' ? 'control' : 'data',
      queues: worker.queues.map(({ port, rx, tx }) => ({ device: port, rx: [...rx], tx: [...tx] })),
      stats: {
        lcoreLoop: s.loops,
        pktburst: s.bursts,
        zpktburst: s.emptyBursts,
        fpktburst: s.fullBursts,
        z2hpktburst: s.halfBursts,
        h2fpktburst: s.overHalfBursts,
        dropped: s.dropped,
        ipackets: s.ipackets,
        ibytes: s.ibytes,
        opackets: s.opackets,
        obytes: s.obytes,
      },
    };
  });
}
