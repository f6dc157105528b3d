// One FullNATed UDP exchange: sends as the client or as the server and learns the translation.
import type { Host } from './hosts.js';
import { type Dissection, type Ip4Spec, type PacketBuilder, packet, type UdpSpec } from './packet/index.js';
import { only, type Scene } from './scene.js';
import { client, servers, udpPort, vip } from './two-arm.js';

export interface Datagram extends Partial<Omit<UdpSpec, 'sport' | 'dport'>> {
  readonly data?: Uint8Array | string | number;
  readonly ip?: Partial<Ip4Spec>;
}

export class UdpFlow {
  lip = '';
  lport = 0;
  server: Host = servers[0];
  serverPort = udpPort;

  constructor(
    readonly scene: Scene,
    readonly sport = 40_000,
    readonly from: Host = client,
  ) {}

  clientFrame({ data = 'query', ip = {}, ...udp }: Datagram = {}): PacketBuilder {
    return packet()
      .eth({ src: this.from.mac, dst: this.scene.mac('dpdk1') })
      .ip4({ src: this.from.address, dst: vip, id: 0x1234, ...ip })
      .udp({ sport: this.sport, dport: udpPort, ...udp })
      .payload(data);
  }

  serverFrame({ data = 'answer', ip = {}, ...udp }: Datagram = {}): PacketBuilder {
    return packet()
      .eth({ src: this.server.mac, dst: this.scene.mac('dpdk0') })
      .ip4({ src: this.server.address, dst: this.lip, id: 0x4321, ...ip })
      .udp({ sport: this.serverPort, dport: this.lport, ...udp })
      .payload(data);
  }

  /** What must reach the server when clientFrame(datagram) was sent. */
  translatedIn({ data = 'query', ip = {}, ...udp }: Datagram = {}): PacketBuilder {
    return packet()
      .eth({ src: this.scene.mac('dpdk0'), dst: this.server.mac })
      .ip4({ id: 0x1234, ...ip, src: this.lip, dst: this.server.address })
      .udp({ ...udp, sport: this.lport, dport: this.serverPort })
      .payload(data);
  }

  /** What must reach the client when serverFrame(datagram) was sent. */
  translatedOut({ data = 'answer', ip = {}, ...udp }: Datagram = {}): PacketBuilder {
    return packet()
      .eth({ src: this.scene.mac('dpdk1'), dst: this.from.mac })
      .ip4({ id: 0x4321, ...ip, src: vip, dst: this.from.address })
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

  #learn({ ip4, udp }: Dissection): void {
    const server = servers.find(({ address }) => address === ip4?.dst);
    if (ip4 === undefined || udp === undefined || server === undefined) throw new Error('no UDP came out to a server');
    this.lip = ip4.src;
    this.lport = udp.sport;
    this.server = server;
    this.serverPort = udp.dport;
  }
}
