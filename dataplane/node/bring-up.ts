// From the configuration to running ports and lcores: EAL, context, ports, kni, queues. Nothing forwards before startLcores().
import { existsSync, readFileSync } from 'node:fs';
import { DpvsError } from '../../api/index.js';
import { createContext, loadLibrary, type NativeConfig, portInfo, startEal, startOver } from '../../native/index.js';
import type { DataplaneConfig, PortConfig } from '../config/index.js';
import { bufferRoom, largestMtu } from './buffer-room.js';

/** A configured port and where it lives natively. */
export interface RunningPort {
  readonly config: PortConfig;
  /** Slot in the native port table. */
  readonly index: number;
  /** As it was started. */
  readonly mac: string;
  readonly mtu: number;
  /** The largest MTU it can be given while it runs, and what sets that limit. */
  readonly maxMtu: { readonly mtu: number; readonly why: string };
  /** Slot of its kni; null when kni is off. */
  readonly kniIndex: number | null;
}

/** Mbufs need about this much beside their data: header, private area, headroom, mempool's own. */
const MBUF_OVERHEAD = 128 + 32 + 128 + 128;

/** Packets a second and burst: ARP, local traffic, new connections, strays. The last is what a flood of garbage is. */
const CLASS_RATE = [20_000, 100_000, 1_000_000, 100_000] as const;
const CLASS_BURST = [2_000, 4_000, 16_384, 4_096] as const;

/**
 * Slots of an upcall ring: for each class at most an eighth of the buffers, so that full rings, such as while the slow path
 * restarts under a flood, leave half of them to established connections.
 */
const ringFor = (packets: number): number => Math.min(16_384, 2 ** Math.floor(Math.log2((packets + 1) / 8)));

export function nativeConfig(config: DataplaneConfig): NativeConfig {
  return {
    flowCapacity: config.pools.flows,
    connCapacity: config.pools.connections,
    spin: config.polling.mode === 'spin',
    idleSleepUs: config.polling.idleSleepUs,
    classRate: CLASS_RATE,
    classBurst: CLASS_BURST,
    upcallRing: ringFor(config.pools.packets),
    mbufs: config.pools.packets,
    mbufRoom: bufferRoom(config.ports),
    mbufCache: config.pools.packetCache,
  };
}

function hugepagesFree(): number {
  const match = /HugePages_Free:\s+(\d+)[\s\S]*Hugepagesize:\s+(\d+) kB/.exec(readFileSync('/proc/meminfo', 'utf8'));
  return match === null ? 0 : Math.floor((Number(match[1]) * Number(match[2])) / 1024);
}

const HUGE_PAGE = 2 ** 21;
const ORDINARY_PAGE = 4096;

/** Set for our own second start: why the hugepages that were counted are not there. */
const NO_HUGEPAGES = 'DPVS_NO_HUGEPAGES';

/** DPDK lets no packet buffer lie across two pages: of ordinary ones each buffer has one to itself, or several. */
function megabytesFor(config: DataplaneConfig, page: number): number {
  const buffer = nativeConfig(config).mbufRoom + MBUF_OVERHEAD;
  const { packets } = config.pools;
  const pages = buffer > page ? packets * Math.ceil(buffer / page) : packets / Math.floor(page / buffer);
  return Math.ceil((pages * page) / 2 ** 20) + 64;
}

/** Whether hugepages are used, and why. @throws {DpvsError} config when they must be and cannot */
export function chooseMemory(config: DataplaneConfig): { huge: boolean; megabytes: number; why: string } {
  const needed = (page: number): number => Math.max(config.memory.megabytes ?? 0, megabytesFor(config, page));
  const ordinary = (why: string) => ({ huge: false, megabytes: needed(ORDINARY_PAGE), why });
  const megabytes = needed(HUGE_PAGE);
  const free = hugepagesFree();
  if (config.memory.huge === 'off') return ordinary('dataplane_defs { huge off }');
  const taken = process.env[NO_HUGEPAGES];
  if (config.memory.huge === 'auto' && taken !== undefined) return ordinary(taken);
  if (free >= megabytes) return { huge: true, megabytes, why: `${free} MB of hugepages are free` };
  const why = `${free} MB of hugepages are free, ${megabytes} MB are needed`;
  if (config.memory.huge === 'auto') return ordinary(why);
  throw new DpvsError(
    'config',
    `${why}: sysctl vm.nr_hugepages=${Math.ceil(megabytes / 2)}, or dataplane_defs { huge auto }`,
  );
}

export function bringUpEal(config: DataplaneConfig, name: string): { huge: boolean; why: string } {
  const { huge, megabytes, why } = chooseMemory(config);
  const master = config.workers.find((w) => w.role === 'master');
  const slaves = config.workers.filter((w) => w.role === 'slave');
  const lcores = [`0@${master?.cpu ?? 0}`, ...slaves.map((w, i) => `${i + 1}@${w.cpu}`)].join(',');
  try {
    startEal({
      lcores,
      huge,
      memoryMb: megabytes,
      pci: config.ports.some((p) => p.hardware.kind !== 'vdev'),
      filePrefix: `dpvs-${name}`,
    });
  } catch (error) {
    // Two nodes that start together count the same free pages, and one of them gets none.
    if (!huge || config.memory.huge !== 'auto') throw error;
    startOver(NO_HUGEPAGES, `${why}, but DPDK did not get them: another process took them meanwhile`);
  }
  createContext(nativeConfig(config));
  const library = loadLibrary();
  slaves.forEach((_, i) => {
    if ((library.dp_lcore_add(i + 1) as number) < 0)
      throw new DpvsError('config', `lcore: ${library.dp_error() as string}`);
  });
  return { huge, why };
}

function probe(port: PortConfig): number {
  const library = loadLibrary();
  const { hardware } = port;
  const index =
    hardware.kind === 'index'
      ? (library.dp_port_probe('', hardware.index) as number)
      : (library.dp_port_probe(hardware.kind === 'vdev' ? hardware.spec : hardware.address, -1) as number);
  if (index >= 0) return index;
  const what =
    hardware.kind === 'vdev'
      ? hardware.spec
      : hardware.kind === 'pci'
        ? hardware.address
        : `DPDK port ${hardware.index}`;
  throw new DpvsError(
    'config',
    `${port.name}: ${what} could not be opened (error ${-index}); DPDK's own lines above say why`,
  );
}

function start(port: PortConfig, index: number, queues: { rx: number; tx: number }): void {
  const { rx, tx, mtu, promisc, allmulticast } = port;
  const flags = [Number(promisc), Number(allmulticast)];
  const rc = loadLibrary().dp_port_start(index, queues.rx, queues.tx, rx.descriptors, tx.descriptors, mtu, ...flags);
  if ((rc as number) !== 0)
    throw new DpvsError('config', `${port.name}: the port could not be started (error ${-(rc as number)})`);
}

/** What DPDK is told to make the kernel's side of a port. */
function kniDevargs(config: DataplaneConfig, port: PortConfig, number: number, mac: string): string {
  if (config.kni.driver === 'tap') return `net_tap${number},iface=${port.kniName},mac=${mac}`;
  if (!existsSync('/dev/vhost-net'))
    throw new DpvsError(
      'config',
      `${port.kniName}: kni_driver virtio_user needs /dev/vhost-net (modprobe vhost_net), or kni_driver tap`,
    );
  return `virtio_user${number},path=/dev/vhost-net,queues=1,queue_size=1024,iface=${port.kniName},mac=${mac}`;
}

function bringUpKni(config: DataplaneConfig, port: PortConfig, index: number, mac: string): number {
  const library = loadLibrary();
  const kni = library.dp_port_probe(kniDevargs(config, port, index, mac), -1) as number;
  if (kni < 0)
    throw new DpvsError(
      'config',
      `${port.kniName}: the kernel interface could not be made (error ${-kni}); it needs /dev/net/tun and CAP_NET_ADMIN`,
    );
  if ((library.dp_port_pair(index, kni) as number) !== 0)
    throw new DpvsError('config', `${port.kniName}: no memory for its queues`);
  // A TAP drops what is longer than DPDK's MTU of it. The kernel's is set by the kni manager, which is not told to DPDK.
  start({ ...port, promisc: false, allmulticast: false, mtu: 0 }, kni, { rx: 1, tx: 1 });
  return kni;
}

export function bringUpPort(config: DataplaneConfig, port: PortConfig): RunningPort {
  const index = probe(port);
  const lcores = config.workers.filter((w) => w.role === 'slave').length;
  // Until the filter knows which groups the kernel joins on the kni (ospfd: 224.0.0.5 and 6).
  const allmulticast = port.allmulticast || config.kni.enabled;
  start({ ...port, allmulticast }, index, { rx: port.rx.queues, tx: Math.max(1, lcores) });
  const info = portInfo(index);
  if (info === undefined) throw new DpvsError('config', `${port.name}: the port is gone`);
  const running = { ...port, mtu: info.mtu };
  const kniIndex = config.kni.enabled ? bringUpKni(config, running, index, info.mac) : null;
  const maxMtu = largestMtu(config.ports, port, info, kniIndex === null ? undefined : portInfo(kniIndex));
  return { config: running, index, mac: info.mac, mtu: info.mtu, maxMtu, kniIndex };
}

/** Which lcore polls what: as configured; a kni belongs to the first lcore. */
export function assignQueues(config: DataplaneConfig, ports: readonly RunningPort[]): void {
  const library = loadLibrary();
  const poll = (lcore: number, port: number, queue: number, what: string): void => {
    if ((library.dp_lcore_poll(lcore, port, queue) as number) !== 0)
      throw new DpvsError(
        'config',
        `${what}: receive queue ${queue} does not exist (the driver offers ${portInfo(port)?.rxQueues ?? 0})`,
      );
  };
  const slaves = config.workers.filter((w) => w.role === 'slave');
  for (const running of ports) {
    const queues = portInfo(running.index)?.rxQueues ?? 0;
    slaves.forEach((worker, lcore) => {
      for (const { port, rx } of worker.queues)
        if (port === running.config.name)
          for (const queue of rx) if (queue < queues) poll(lcore, running.index, queue, running.config.name);
    });
    if (running.kniIndex !== null) poll(0, running.kniIndex, 0, running.config.kniName);
  }
}

export function startLcores(): void {
  const library = loadLibrary();
  if ((library.dp_start() as number) !== 0) throw new DpvsError('config', library.dp_error() as string);
}
