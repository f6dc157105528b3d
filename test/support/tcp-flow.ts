// One FullNATed TCP connection seen from both ends: sends as the client or as the server, follows the sequence numbers, learns the translation.

import type { Host } from './hosts.js';
import type { Dissection } from './packet/index.js';
import { type Ip4Spec, type PacketBuilder, packet, seqAdd, seqSub, type TcpSpec } from './packet/index.js';
import { type Exchange, only, type Scene } from './scene.js';
import { client, servers, vip, vport } from './two-arm.js';

export interface Segment extends Partial<Omit<TcpSpec, 'sport' | 'dport'>> {
  readonly data?: Uint8Array | string | number;
  readonly ip?: Partial<Ip4Spec>;
  /** Fills the frame up to Ethernet's minimum. */
  readonly pad?: boolean;
}

export interface FlowOptions {
  readonly sport?: number;
  readonly from?: Host;
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
  server: Host = servers[0];
  serverPort = vport;
  from: Host;
  readonly sport: number;

  constructor(
    readonly scene: Scene,
    readonly options: FlowOptions = {},
  ) {
    this.from = options.from ?? client;
    this.sport = options.sport ?? 37177;
    this.clientNext = options.iss ?? 1_000_000;
    this.serverNext = options.irs ?? 9_000_000;
  }

  /** Client → VIP, ready to be sent; acknowledges everything the server sent unless told otherwise. */
  clientFrame({ data = '', ip = {}, pad = false, ...tcp }: Segment): PacketBuilder {
    const frame = packet()
      .eth({ src: this.from.mac, dst: this.scene.mac('dpdk1') })
      .ip4({ src: this.from.address, dst: vip, id: 0x1234, df: true, ...ip })
      .tcp({ sport: this.sport, dport: vport, seq: this.clientNext, ack: this.serverNext, ...tcp })
      .payload(data);
    return pad ? frame.pad() : frame;
  }

  /** Real server → LIP, in the server's counting. */
  serverFrame({ data = '', ip = {}, pad = false, ...tcp }: Segment): PacketBuilder {
    const frame = packet()
      .eth({ src: this.server.mac, dst: this.scene.mac('dpdk0') })
      .ip4({ src: this.server.address, dst: this.lip, id: 0x4321, df: true, ...ip })
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
    if (arrived.ip4 === undefined || arrived.tcp === undefined) throw new Error('the SYN did not come out as TCP');
    const at = arrived.ip4.dst;
    const server = servers.find(({ address }) => address === at);
    if (server === undefined) throw new Error(`the SYN went to ${at}`);
    this.lip = arrived.ip4.src;
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

function sequenceLength({ data = '', flags = 'A' }: Segment): number {
  const bytes = typeof data === 'number' ? data : typeof data === 'string' ? Buffer.byteLength(data) : data.length;
  return bytes + (flags.includes('S') ? 1 : 0) + (flags.includes('F') ? 1 : 0);
}
