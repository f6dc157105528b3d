// EAL arguments and the context record.
import { DpvsError } from '../api/errors.js';
import { layout } from './layout.js';
import { loadLibrary } from './library.js';

export interface EalOptions {
  /** "0@0,1@1": EAL lcore @ CPU; lcore 0 is the control thread and forwards nothing. */
  readonly lcores: string;
  readonly huge: boolean;
  readonly memoryMb: number;
  /** PCI scanning is only wanted when a port has a PCI address. */
  readonly pci: boolean;
  readonly filePrefix: string;
  readonly extra?: readonly string[];
}

export interface NativeConfig {
  readonly flowCapacity: number;
  readonly connCapacity: number;
  readonly spin: boolean;
  /** The longest nap of an idle lcore, microseconds. */
  readonly idleSleepUs: number;
  /** Packets a second and burst for the classes ARP, local, new connections, strays. */
  readonly classRate: readonly [number, number, number, number];
  readonly classBurst: readonly [number, number, number, number];
  /** Slots of each upcall ring, a power of two. */
  readonly upcallRing: number;
  readonly mbufs: number;
  /** Bytes of frame a buffer holds. */
  readonly mbufRoom: number;
  readonly mbufCache: number;
}

/** @throws {DpvsError} config, with EAL's reason. */
export function startEal(options: EalOptions): void {
  const argv = ['dpvs', '--lcores', options.lcores, '--iova-mode=va', '--no-telemetry', '--log-level', 'error'];
  argv.push('-m', String(options.memoryMb), '--file-prefix', options.filePrefix);
  // Nothing in files: two nodes on one machine never meet there, and SIGKILL leaves nothing behind.
  if (options.huge) argv.push('--in-memory');
  else argv.push('--no-huge', '--no-shconf');
  if (!options.pci) argv.push('--no-pci');
  argv.push(...(options.extra ?? []));
  const library = loadLibrary();
  if ((library.dp_eal_init(argv.length, argv) as number) !== 0)
    throw new DpvsError(
      'config',
      `DPDK did not start (${library.dp_error() as string}); its own lines above say more. Memory asked for: ${options.memoryMb} MB of ${options.huge ? 'hugepages (see HugePages_Free in /proc/meminfo, or dataplane_defs { huge off })' : 'ordinary pages'}`,
    );
}

/**
 * Starts this program over with one more variable in its environment; same PID, same arguments. For what EAL allows once in a
 * process. @throws {DpvsError} config when it could not
 */
export function startOver(variable: string, value: string): never {
  process.env[variable] = value;
  const library = loadLibrary();
  library.dp_exec([process.execPath, ...process.execArgv, ...process.argv.slice(1), null]);
  throw new DpvsError('config', `dpvs could not start itself again: ${library.dp_error() as string}`);
}

/** @throws {DpvsError} config, naming what could not be allocated. */
export function createContext(config: NativeConfig): void {
  const words = new Uint32Array(layout('config.size') / 4);
  words.set([
    config.flowCapacity,
    config.connCapacity,
    config.spin ? 1 : 0,
    config.idleSleepUs,
    ...config.classRate,
    ...config.classBurst,
    config.upcallRing,
    config.mbufs,
    config.mbufRoom,
    config.mbufCache,
  ]);
  const library = loadLibrary();
  if ((library.dp_create(words, words.length) as number) !== 0)
    throw new DpvsError('config', `the dataplane's tables: ${library.dp_error() as string}`);
}
