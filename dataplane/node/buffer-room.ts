// How large packet buffers are, which is fixed at the start, and the largest MTU that leaves a running port.
import type { NativePort } from '../../native/index.js';
import type { PortConfig } from '../config/index.js';

type Wire = Pick<PortConfig, 'name' | 'mtu' | 'hardware'>;

/** Ethernet and two VLAN tags, and room for the client address option. DP_FRAME_OVERHEAD of native/src/port.h. */
const OVERHEAD = 14 + 8 + 64;
/** The kernel keeps this much of an AF_XDP buffer for itself (XDP_PACKET_HEADROOM). */
const AF_XDP_HEADROOM = 256;
const SMALLEST = 2048;
/** As in dpvs.conf. */
const LARGEST = 9000;

const overheadOf = ({ hardware }: Wire): number =>
  OVERHEAD + (hardware.kind === 'vdev' && hardware.spec.startsWith('net_af_xdp') ? AF_XDP_HEADROOM : 0);

/** Bytes of frame that one buffer holds: those of the largest MTU in dpvs.conf. */
export function bufferRoom(ports: readonly Wire[]): number {
  const needed = ports.map((port) => Math.max(1500, port.mtu) + overheadOf(port));
  return Math.max(SMALLEST, Math.ceil(Math.max(0, ...needed) / 64) * 64);
}

/** @param kni of the port, when there is one */
export function largestMtu(
  ports: readonly Wire[],
  port: Wire,
  { driver, maxMtu }: Pick<NativePort, 'driver' | 'maxMtu'>,
  kni?: Pick<NativePort, 'driver' | 'maxMtu'>,
): { mtu: number; why: string } {
  const limits = [
    { mtu: LARGEST, why: 'dpvs.conf allows no more either' },
    {
      mtu: bufferRoom(ports) - overheadOf(port),
      why: 'its packet buffers hold no more: give it that mtu in dpvs.conf, and start dpvs',
    },
    { mtu: maxMtu, why: `its driver ${driver} takes no more` },
    ...(kni === undefined ? [] : [{ mtu: kni.maxMtu, why: `the driver of its kni, ${kni.driver}, takes no more` }]),
  ];
  return limits.reduce((least, limit) => (limit.mtu < least.mtu ? limit : least));
}
