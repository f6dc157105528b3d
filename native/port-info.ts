// What the native layer says of a port: struct dp_port_info decoded, and MAC and MTU alone.
import { loadLibrary } from './library.js';

export interface NativePort {
  readonly stats: {
    ipackets: number;
    opackets: number;
    ibytes: number;
    obytes: number;
    ierrors: number;
    oerrors: number;
    imissed: number;
    rxNombuf: number;
  };
  readonly rxOffloads: bigint;
  readonly txOffloads: bigint;
  readonly speedMbps: number;
  readonly fullDuplex: boolean;
  readonly autoneg: boolean;
  /** Carrier, as the driver sees it, and the kernel where the port is made of one of its interfaces. */
  readonly linkUp: boolean;
  readonly promisc: boolean;
  readonly allmulticast: boolean;
  /** Not set down by an operator. */
  readonly adminUp: boolean;
  readonly forward2kni: boolean;
  /** In force. */
  readonly mtu: number;
  /** The largest that the driver takes; the packet buffers may hold less. */
  readonly maxMtu: number;
  readonly rxQueues: number;
  readonly txQueues: number;
  readonly socket: number;
  readonly mac: string;
  readonly driver: string;
}

const record = new Uint8Array(176);
const view = new DataView(record.buffer);

/** What DPDK says of a port now; undefined when the slot is empty. */
export function portInfo(port: number): NativePort | undefined {
  if ((loadLibrary().dp_port_info(port, record) as number) !== 0) return undefined;
  const u64 = (i: number): number => Number(view.getBigUint64(i * 8, true));
  const u32 = (i: number): number => view.getUint32(80 + i * 4, true);
  const speed = u32(0);
  return {
    stats: {
      ipackets: u64(0),
      opackets: u64(1),
      ibytes: u64(2),
      obytes: u64(3),
      ierrors: u64(4),
      oerrors: u64(5),
      imissed: u64(6),
      rxNombuf: u64(7),
    },
    rxOffloads: view.getBigUint64(64, true),
    txOffloads: view.getBigUint64(72, true),
    // DPDK's "unknown" is all ones.
    speedMbps: speed === 0xffffffff ? 0 : speed,
    fullDuplex: u32(1) === 1,
    autoneg: u32(2) === 1,
    linkUp: u32(3) === 1,
    promisc: u32(4) === 1,
    allmulticast: u32(5) === 1,
    adminUp: u32(6) === 1,
    forward2kni: u32(7) === 1,
    mtu: u32(8),
    maxMtu: view.getUint32(168, true),
    rxQueues: u32(9),
    txQueues: u32(10),
    socket: u32(11),
    mac: [...record.subarray(128, 134)].map((b) => b.toString(16).padStart(2, '0')).join(':'),
    driver: Buffer.from(record.subarray(134, 166)).toString('latin1').replace(/\0.*$/s, ''),
  };
}

const mac = new Uint8Array(6);

/** MAC (six bytes, the same array each time) and MTU of a port, in force; undefined when the slot is empty. In any thread. */
export function portOwn(port: number): { readonly mac: Uint8Array; readonly mtu: number } | undefined {
  const mtu = loadLibrary().dp_port_own(port, mac) as number;
  return mtu < 0 ? undefined : { mac, mtu };
}
