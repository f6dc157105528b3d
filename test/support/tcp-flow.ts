// One FullNATed TCP connection seen from both ends: sends as the client or as the server, follows the sequence numbers, learns the translation.

import type { Host } from './hosts.js';
import type { Dissection } from './packet/index.js';
import {
  type Ip4Spec,
  type Ip6Spec,
  type PacketBuilder,
  packet,
  seqAdd,
  seqSub,
  type TcpSpec,
} from './packet/index.js';
import { type Exchange, only, type Scene } from './scene.js';
import { client, servers, vip, vport } from './two-arm.js';

export interface Segment extends Partial<Omit<TcpSpec, 'sport' | 'dport'>> {
  readonly data?: Uint8Array | string | number;
  readonly ip?: Partial<Ip4Spec>;
  /** The same of an IPv6 flow. */
  readonly ip6?: Partial<Ip6Spec>;
  /** Fills the frame up to Ethernet's minimum. */
  readonly pad?: boolean;
}

export interface FlowOptions {
  readonly sport?: number;
  readonly from?: Host;
  /** Where it goes to and who may serve it; the scene's IPv4 service unless told. The family is that of the addresses. */
  readonly vip?: string;
  readonly servers?: readonly Host[];
  /** The client's initial sequence number. */
  readonly iss?: number;
  /** The server's. */
  readonly irs?: number;
  readonly synOptions?: TcpSpec['options'];
  readonly synAckOptions?: TcpSpec['options'];
}

export class TcpFlow {
  /** The next sequence number each end sends, in its own counting. */
  clientNext: number;
  serverNext: number;
  /** Server-side counting minus client-side counting of the client's bytes; learned from the SYN. */
  delta = 0;
  lip = '';
  lport = 0;
  server: Host;
  serverPort = vport;
  readonly vip: string;
  from: Host;
  readonly sport: number;

  constructor(
    readonly scene: Scene,
    readonly options: FlowOptions = {},
  ) {
    this.from = options.from ?? client;
    this.vip = options.vip ?? vip;
    this.server = this.#servers[0];
    this.sport = options.sport ?? 37177;
    this.clientNext = options.iss ?? 1_000_000;
    this.serverNext = options.irs ?? 9_000_000;
  }

  /** Client → VIP, ready to be sent; acknowledges everything the server sent unless told otherwise. */
  clientFrame({ data = '', ip = {}, ip6 = {}, pad = false, ...tcp }: Segment): PacketBuilder {
    const eth = packet().eth({ src: this.from.mac, dst: this.scene.mac('dpdk1') });
    const frame = addressed(eth, this.from.address, this.vip, { id: 0x1234, df: true, ...ip }, ip6)
      .tcp({ sport: this.sport, dport: vport, seq: this.clientNext, ack: this.serverNext, ...tcp })
      .payload(data);
    return pad ? frame.pad() : frame;
  }

  /** Real server → LIP, in the server's counting. */
  serverFrame({ data = '', ip = {}, ip6 = {}, pad = false, ...tcp }: Segment): PacketBuilder {
    const eth = packet().eth({ src: this.server.mac, dst: this.scene.mac('dpdk0') });
    const frame = addressed(eth, this.server.address, this.lip, { id: 0x4321, df: true, ...ip }, ip6)
      .tcp({
        sport: this.serverPort,
        dport: this.lport,
        seq: this.serverNext,
        ack: seqAdd(this.clientNext, this.delta),
        ...tcp,
      })
      .payload(data);
    return pad ? frame.pad() : frame;
  }

  get #servers(): readonly Host[] {
    return this.options.servers ?? servers;
  }

  sendClient(segment: Segment): Promise<Exchange> {
    return this.scene.exchange('dpdk1', this.clientFrame(segment).build());
  }
  sendServer(segment: Segment): Promise<Exchange> {
    return this.scene.exchange('dpdk0', this.serverFrame(segment).build());
  }

  /** Sends as the client; @returns what reached the server. @throws unless exactly that happened. */
  async fromClient(segment: Segment): Promise<Dissection> {
    const arrived = only(await this.sendClient(segment), 'dpdk0');
    if (segment.seq === undefined) this.clientNext = seqAdd(this.clientNext, sequenceLength(segment));
    return arrived;
  }

  /** Sends as the server; @returns what reached the client. @throws unless exactly that happened. */
  async fromServer(segment: Segment): Promise<Dissection> {
    const arrived = only(await this.sendServer(segment), 'dpdk1');
    if (segment.seq === undefined) this.serverNext = seqAdd(this.serverNext, sequenceLength(segment));
    return arrived;
  }

  /** The client's SYN; learns LIP port, real server and delta from what reaches the LAN. */
  async syn(): Promise<Dissection> {
    const sent = this.clientNext;
    const arrived = await this.fromClient({ flags: 'S', ack: 0, options: this.options.synOptions });
    const ip = arrived.ip4 ?? arrived.ip6;
    if (ip === undefined || arrived.tcp === undefined) throw new Error('the SYN did not come out as TCP');
    const server = this.#servers.find(({ address }) => address === ip.dst);
    if (server === undefined) throw new Error(`the SYN went to ${ip.dst}`);
    this.lip = ip.src;
    this.lport = arrived.tcp.sport;
    this.server = server;
    this.serverPort = arrived.tcp.dport;
    this.delta = seqSub(arrived.tcp.seq, sent);
    return arrived;
  }

  synAck(): Promise<Dissection> {
    return this.fromServer({ flags: 'SA', options: this.options.synAckOptions });
  }

  /** All three packets. */
  async establish(): Promise<this> {
    await this.syn();
    await this.synAck();
    await this.fromClient({ flags: 'A' });
    return this;
  }

  /** The server's first data, acknowledged: from here on the client's address is known and nothing is inserted any more. */
  async serverSpeaks(data = 'welcome'): Promise<this> {
    await this.fromServer({ flags: 'PA', data });
    await this.fromClient({ flags: 'A' });
    return this;
  }

  /** Its line of the connection list, as the state only; undefined when there is none. */
  async state(): Promise<string | undefined> {
    return (await this.entry())?.state;
  }

  async entry() {
    const all = await this.scene.harness.connections();
    return all.find(({ client: at, protocol }) => {
      return protocol === 'tcp' && at.address === this.from.address && at.port === this.sport;
    });
  }
}

/** The IP layer of the addresses' family. */
export function addressed(
  frame: PacketBuilder,
  src: string,
  dst: string,
  ip: Partial<Ip4Spec>,
  ip6: Partial<Ip6Spec>,
): PacketBuilder {
  return src.includes(':') ? frame.ip6({ src, dst, ...ip6 }) : frame.ip4({ src, dst, ...ip });
}

function sequenceLength({ data = '', flags = 'A' }: Segment): number {
  const bytes = typeof data === 'number' ? data : typeof data === 'string' ? Buffer.byteLength(data) : data.length;
  return bytes + (flags.includes('S') ? 1 : 0) + (flags.includes('F') ? 1 : 0);
}
