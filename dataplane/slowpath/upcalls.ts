// Reads the upcall batch that C fills: plain words in shared memory, no object per packet.
import { layout, loadLibrary, memory, reasonNumber } from '../../native/index.js';
import type { Ip, Ipv4 } from '../inet/index.js';
import { ETH_HEADER, type Packets } from './packets.js';

export const UpcallClass = { arp: 0, local: 1, new: 2, stray: 3 } as const;

/** Fields of upcall `i`; ports, addresses, sequence numbers in host order. */
export class UpcallBatch {
  readonly #words: Uint32Array;
  readonly #halves: Uint16Array;
  readonly #bytes: Uint8Array;
  readonly #size = layout('upcall.size');
  readonly #at = {
    handle: layout('upcall.handle') / 4,
    data: layout('upcall.data') / 4,
    length: layout('upcall.length') / 4,
    port: layout('upcall.port') / 2,
    cls: layout('upcall.cls'),
    reason: layout('upcall.reason'),
    l3: layout('upcall.l3') / 2,
    l4: layout('upcall.l4') / 2,
    proto: layout('upcall.proto'),
    tcpFlags: layout('upcall.tcp_flags'),
    src: layout('upcall.src4') / 4,
    dst: layout('upcall.dst4') / 4,
    sport: layout('upcall.sport') / 2,
    dport: layout('upcall.dport') / 2,
    flow: layout('upcall.flow') / 4,
    family: layout('upcall.family'),
  };

  /** @param packets where IPv6's addresses are read: they do not fit the batch */
  constructor(readonly packets: Packets) {
    const shared = memory('upcalls');
    this.#words = new Uint32Array(shared);
    this.#halves = new Uint16Array(shared);
    this.#bytes = new Uint8Array(shared);
  }

  /** Takes up to `max` upcalls, urgent classes first; the packets are the slow path's until answered. */
  take(max: number): number {
    return loadLibrary().dp_upcall_burst(max) as number;
  }

  handle(i: number): number {
    return this.#words[(i * this.#size) / 4 + this.#at.handle];
  }
  /** Byte offset of the frame in the packet pool. */
  data(i: number): number {
    return this.#words[(i * this.#size) / 4 + this.#at.data];
  }
  length(i: number): number {
    return this.#words[(i * this.#size) / 4 + this.#at.length];
  }
  port(i: number): number {
    return this.#halves[(i * this.#size) / 2 + this.#at.port];
  }
  cls(i: number): number {
    return this.#bytes[i * this.#size + this.#at.cls];
  }
  reason(i: number): number {
    return this.#bytes[i * this.#size + this.#at.reason];
  }
  l3(i: number): number {
    return this.#halves[(i * this.#size) / 2 + this.#at.l3];
  }
  l4(i: number): number {
    return this.#halves[(i * this.#size) / 2 + this.#at.l4];
  }
  proto(i: number): number {
    return this.#bytes[i * this.#size + this.#at.proto];
  }
  tcpFlags(i: number): number {
    return this.#bytes[i * this.#size + this.#at.tcpFlags];
  }
  /** 4 or 6; 0 for ARP. */
  family(i: number): number {
    return this.#bytes[i * this.#size + this.#at.family];
  }
  src(i: number): Ip {
    if (this.family(i) === 6) return this.packets.ip6Address(this.data(i) + ETH_HEADER + 8);
    return this.#words[(i * this.#size) / 4 + this.#at.src] as Ipv4;
  }
  dst(i: number): Ip {
    if (this.family(i) === 6) return this.packets.ip6Address(this.data(i) + ETH_HEADER + 24);
    return this.#words[(i * this.#size) / 4 + this.#at.dst] as Ipv4;
  }
  sport(i: number): number {
    return this.#halves[(i * this.#size) / 2 + this.#at.sport];
  }
  dport(i: number): number {
    return this.#halves[(i * this.#size) / 2 + this.#at.dport];
  }
  /** The flow entry it hit, for no_next_hop, too_big and path_changed; look whether it is live before using it. */
  flow(i: number): number {
    return this.#words[(i * this.#size) / 4 + this.#at.flow];
  }
}

/** Numbers of the punt reasons that decide what is done with an upcall. */
export const punt = () => ({
  arp: reasonNumber('punt', 'arp'),
  icmp: reasonNumber('punt', 'icmp'),
  miss: reasonNumber('punt', 'miss'),
  fragment: reasonNumber('punt', 'fragment'),
  other: reasonNumber('punt', 'other_protocol'),
  noNextHop: reasonNumber('punt', 'no_next_hop'),
  tooBig: reasonNumber('punt', 'too_big'),
  ttl: reasonNumber('punt', 'ttl_expired'),
  pathChanged: reasonNumber('punt', 'path_changed'),
  kniHost: reasonNumber('punt', 'kni_host'),
  local: reasonNumber('punt', 'local'),
  noRoute: reasonNumber('punt', 'no_route_kni'),
  arpKernel: reasonNumber('punt', 'arp_kernel'),
  ndKernel: reasonNumber('punt', 'nd_kernel'),
});

/** Numbers of the drop reasons the slow path uses. */
export const drop = () => ({
  arpMalformed: reasonNumber('drop', 'arp_malformed'),
  fragment: reasonNumber('drop', 'ip4_fragment'),
  ttl: reasonNumber('drop', 'ip4_ttl'),
  hopLimit: reasonNumber('drop', 'ip6_hop_limit'),
  ndMalformed: reasonNumber('drop', 'nd_malformed'),
  icmpTruncated: reasonNumber('drop', 'icmp_truncated'),
  icmpChecksum: reasonNumber('drop', 'icmp_bad_checksum'),
  noConnection: reasonNumber('drop', 'no_connection'),
  noServer: reasonNumber('drop', 'no_server'),
  noLocalPort: reasonNumber('drop', 'no_local_port'),
  noRoute: reasonNumber('drop', 'no_route'),
  serverOffLink: reasonNumber('drop', 'server_off_link'),
  forwardingOff: reasonNumber('drop', 'forwarding_off'),
  mtu: reasonNumber('drop', 'mtu_exceeded'),
  neighbourQueueFull: reasonNumber('drop', 'neighbour_queue_full'),
  neighbourFailed: reasonNumber('drop', 'neighbour_failed'),
  policy: reasonNumber('drop', 'policy'),
});
