// The tutorial's SNAT script as a scene: hosts on the LAN (dpdk0), the Internet behind a gateway (dpdk1). UDP has a match service too.
import type { Test } from 'tap';
import type { ConnectionInfo, MatchKey } from '../../api/index.js';
import { parseLine as dpip } from '../../cli/dpip/parse.js';
import { parseLine as ipvsadm } from '../../cli/ipvsadm/index.js';
import type { HarnessOptions, PortName } from './harness.js';
import { type Host, Hosts } from './hosts.js';
import { loadCreateHarness } from './load-harness.js';
import { type Dissection, type Ip4Spec, type PacketBuilder, packet, type TcpSpec } from './packet/index.js';
import { only, Scene } from './scene.js';
import { snatScript } from './tutorial.js';
import { sceneTest } from './two-arm.js';

const host = (address: string, last: string): Host => ({ address, mac: `02:00:00:00:01:${last}` });

export const inside = host('192.168.100.7', '07');
export const otherInside = host('192.168.100.8', '08');
/** Not within the script's range, but on the LAN. */
export const outsider = host('192.168.100.255', 'ff');
/** A router on the LAN. */
export const lanRouter = host('192.168.100.253', 'fd');
export const gateway = host('123.1.2.1', '01');
/** On the WAN's own network. */
export const neighbour = host('123.1.2.9', '09');
export const remote = '198.51.100.80';
export const wan = '123.1.2.3';
export const lanIp = '192.168.100.1';

const lan = { from: '192.168.100.0', to: '192.168.100.254', fromPort: 0, toPort: 0 };
export const matchOf = (protocol: MatchKey['match']['protocol']): MatchKey => ({
  protocol: 'match',
  match: { protocol, source: lan, outDevice: 'dpdk1' },
});

const udpLines = snatScript.filter((line) => line.includes('proto=tcp')).map((line) => line.replace('tcp', 'udp'));

/** Through the command lines' own parsers, so that the script is taken as it stands. */
async function run(scene: Scene, line: string): Promise<void> {
  const [program, ...words] = line.split(' ');
  const { action } = program === './dpip' ? dpip(words) : ipvsadm(words);
  if (action.do !== 'change') throw new Error(`${line} changes nothing`);
  await scene.harness.configure(action.call.method, action.call.params as never);
}

export async function snatScene(options: HarnessOptions = {}): Promise<Scene> {
  const createHarness = await loadCreateHarness();
  const hosts = new Hosts().add('dpdk0', inside, otherInside, outsider, lanRouter).add('dpdk1', gateway, neighbour);
  const scene = new Scene(await createHarness(options), hosts);
  for (const line of [...snatScript, ...udpLines]) await run(scene, line);
  return scene;
}

type Body = (t: Test, scene: Scene) => Promise<void>;
export const snatTest = (name: string, body: Body, options: HarnessOptions = {}): void =>
  sceneTest(name, () => snatScene(options), body);

/** What can be said of a packet of either direction; the rest follows from the flow. */
export interface Said {
  readonly tcp?: Partial<Omit<TcpSpec, 'sport' | 'dport'>>;
  readonly ip?: Partial<Omit<Ip4Spec, 'src' | 'dst'>>;
  readonly data?: string | number | Uint8Array;
  readonly checksum?: number | 'bad';
  readonly seq?: number;
}

/** One exchange of a host behind the node with a remote end: ports of ICMP are the echo's identifier. */
export class SnatFlow {
  /** The port or identifier of the WAN address; 0 until the first packet went out. */
  wport = 0;
  wan = wan;

  constructor(
    readonly scene: Scene,
    readonly protocol: 'tcp' | 'udp' | 'icmp' = 'udp',
    readonly sport = 40_000,
    readonly from: Host = inside,
    readonly to = remote,
    readonly dport = protocol === 'icmp' ? 0 : 80,
    readonly hop: Host = gateway,
  ) {}

  /** From the host, as it sends it. */
  sent(said: Said = {}): PacketBuilder {
    return this.#frame(this.from.mac, this.scene.mac('dpdk0'), this.from.address, this.to, this.sport, true, said);
  }
  /** What must leave for the Internet when that was sent. */
  left(said: Said = {}): PacketBuilder {
    return this.#frame(this.scene.mac('dpdk1'), this.hop.mac, this.wan, this.to, this.wport, true, routed(said));
  }
  /** From the remote end, as it arrives. */
  came(said: Said = {}): PacketBuilder {
    return this.#frame(this.hop.mac, this.scene.mac('dpdk1'), this.to, this.wan, this.wport, false, said);
  }
  /** What must reach the host when that came. */
  arrived(said: Said = {}): PacketBuilder {
    const { mac, address } = this.from;
    return this.#frame(this.scene.mac('dpdk0'), mac, this.to, address, this.sport, false, routed(said));
  }

  async goOut(said: Said = {}): Promise<Dissection> {
    const left = only(await this.scene.exchange('dpdk0', this.sent(said).build()), 'dpdk1');
    if (this.wport === 0) {
      this.wport = left.tcp?.sport ?? left.udp?.sport ?? left.icmp?.id ?? 0;
      this.wan = left.ip4?.src ?? '';
    }
    return left;
  }
  async comeBack(said: Said = {}): Promise<Dissection> {
    return only(await this.scene.exchange('dpdk1', this.came(said).build()), 'dpdk0');
  }

  /** SYN, SYN-ACK, ACK. */
  async establish(): Promise<this> {
    await this.goOut({ tcp: { flags: 'S', seq: 1000, ack: 0 } });
    await this.comeBack({ tcp: { flags: 'SA', seq: 5000, ack: 1001 } });
    await this.goOut({ tcp: { flags: 'A', seq: 1001, ack: 5001 } });
    return this;
  }

  async entry(): Promise<ConnectionInfo | undefined> {
    const all = await this.scene.harness.connections();
    return all.find(
      ({ rip, protocol, client }) =>
        protocol === this.protocol &&
        rip.address === this.from.address &&
        rip.port === this.sport &&
        client.address === this.to,
    );
  }
  async state(): Promise<string | undefined> {
    return (await this.entry())?.state;
  }

  #frame(srcMac: string, dstMac: string, src: string, dst: string, port: number, out: boolean, said: Said) {
    const { ip = {}, data = 'data', checksum, seq = 1, tcp = {} } = said;
    const frame = packet()
      .eth({ src: srcMac, dst: dstMac })
      .ip4({ src, dst, ttl: 64, id: 0x1234, ...ip });
    const ends = out ? { sport: port, dport: this.dport } : { sport: this.dport, dport: port };
    const sum = checksum === undefined ? {} : { checksum };
    if (this.protocol === 'icmp') return frame.icmp({ type: out ? 8 : 0, id: port, seq, ...sum }).payload(data);
    if (this.protocol === 'udp') return frame.udp({ ...ends, ...sum }).payload(data);
    const syn = tcp.flags?.includes('S') ?? false;
    return frame.tcp({ ...ends, flags: 'A', ...sum, ...tcp }).payload(syn ? '' : data);
  }
}

/** As a router leaves it. */
const routed = (said: Said): Said => ({ ...said, ip: { ...said.ip, ttl: (said.ip?.ttl ?? 64) - 1 } });

export const wires: readonly PortName[] = ['dpdk0', 'dpdk1'];
