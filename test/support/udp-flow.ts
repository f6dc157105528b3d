// One FullNATed UDP exchange: sends as the client or as the server and learns the translation.
import type { Host } from './hosts.js';
import {
  type Dissection,
  type Ip4Spec,
  type Ip6Spec,
  type PacketBuilder,
  packet,
  type UdpSpec,
} from './packet/index.js';
import { only, type Scene } from './scene.js';
import { addressed } from './tcp-flow.js';
import { client, servers, udpPort, vip } from './two-arm.js';

export interface Datagram extends Partial<Omit<UdpSpec, 'sport' | 'dport'>> {
  readonly data?: Uint8Array | string | number;
  readonly ip?: Partial<Ip4Spec>;
  /** The same of an IPv6 flow. */
  readonly ip6?: Partial<Ip6Spec>;
}

/** Where it goes to and who may serve it; the scene's IPv4 service unless told. */
export interface UdpEnds {
  readonly vip: string;
  readonly servers: readonly Host[];
}

export class UdpFlow {
  lip = '';
  lport = 0;
  server: Host;
  serverPort = udpPort;

  constructor(
    readonly scene: Scene,
    readonly sport = 40_000,
    readonly from: Host = client,
    readonly ends: UdpEnds = { vip, servers },
  ) {
    this.server = ends.servers[0];
  }

  clientFrame({ data = 'query', ip = {}, ip6 = {}, ...udp }: Datagram = {}): PacketBuilder {
    const eth = packet().eth({ src: this.from.mac, dst: this.scene.mac('dpdk1') });
    return addressed(eth, this.from.address, this.ends.vip, { id: 0x1234, ...ip }, ip6)
      .udp({ sport: this.sport, dport: udpPort, ...udp })
      .payload(data);
  }

  serverFrame({ data = 'answer', ip = {}, ip6 = {}, ...udp }: Datagram = {}): PacketBuilder {
    const eth = packet().eth({ src: this.server.mac, dst: this.scene.mac('dpdk0') });
    return addressed(eth, this.server.address, this.lip, { id: 0x4321, ...ip }, ip6)
      .udp({ sport: this.serverPort, dport: this.lport, ...udp })
      .payload(data);
  }

  /** What must reach the server when clientFrame(datagram) was sent. */
  translatedIn({ data = 'query', ip = {}, ip6 = {}, ...udp }: Datagram = {}): PacketBuilder {
    const eth = packet().eth({ src: this.scene.mac('dpdk0'), dst: this.server.mac });
    return addressed(eth, this.lip, this.server.address, { id: 0x1234, ...ip }, ip6)
      .udp({ ...udp, sport: this.lport, dport: this.serverPort })
      .payload(data);
  }

  /** What must reach the client when serverFrame(datagram) was sent. */
  translatedOut({ data = 'answer', ip = {}, ip6 = {}, ...udp }: Datagram = {}): PacketBuilder {
    const eth = packet().eth({ src: this.scene.mac('dpdk1'), dst: this.from.mac });
    return addressed(eth, this.ends.vip, this.from.address, { id: 0x4321, ...ip }, ip6)
      .udp({ ...udp, sport: udpPort, dport: this.sport })
      .payload(data);
  }

  async fromClient(datagram: Datagram = {}): Promise<Dissection> {
    const arrived = only(await this.scene.exchange('dpdk1', this.clientFrame(datagram).build()), 'dpdk0');
    if (this.lip === '') this.#learn(arrived);
    return arrived;
  }

  async fromServer(datagram: Datagram = {}): Promise<Dissection> {
    return only(await this.scene.exchange('dpdk0', this.serverFrame(datagram).build()), 'dpdk1');
  }

  async entry() {
    const all = await this.scene.harness.connections();
    return all.find(({ client: at, protocol }) => {
      return protocol === 'udp' && at.address === this.from.address && at.port === this.sport;
    });
  }

  #learn({ ip4, ip6, udp }: Dissection): void {
    const ip = ip4 ?? ip6;
    const server = this.ends.servers.find(({ address }) => address === ip?.dst);
    if (ip === undefined || udp === undefined || server === undefined) throw new Error('no UDP came out to a server');
    this.lip = ip.src;
    this.lport = udp.sport;
    this.server = server;
    this.serverPort = udp.dport;
  }
}
