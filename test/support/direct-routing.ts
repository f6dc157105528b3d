// The tutorial's direct-routing script as a scene, for both families: clients, real servers and the VIP behind one port, dpdk0. The
// real servers have the VIP themselves and answer past the node, so a test sends as the client only.
import type { Test } from 'tap';
import type { ConnectionInfo, VipKey } from '../../api/index.js';
import type { HarnessOptions, PortName } from './harness.js';
import { type Host, Hosts } from './hosts.js';
import { loadCreateHarness } from './load-harness.js';
import { type PacketBuilder, packet, type TcpSpec } from './packet/index.js';
import { type Exchange, Scene } from './scene.js';
import { addressed } from './tcp-flow.js';
import { sceneTest, servers } from './two-arm.js';
import { servers6 } from './two-arm6.js';

/** One family's addresses. */
export interface Family {
  readonly name: 'IPv4' | 'IPv6';
  readonly vip: string;
  readonly lanIp: string;
  readonly length: number;
  readonly bits: number;
  readonly network: string;
  readonly client: Host;
  readonly otherClient: Host;
  readonly servers: readonly [Host, Host];
  /** A router on the LAN. */
  readonly router: Host;
}

export const v4: Family = {
  name: 'IPv4',
  vip: '192.168.100.254',
  lanIp: '192.168.100.1',
  length: 24,
  bits: 32,
  network: '192.168.100.0/24',
  client: { address: '192.168.100.46', mac: '02:00:c0:a8:64:2e' },
  otherClient: { address: '192.168.100.47', mac: '02:00:c0:a8:64:2f' },
  servers,
  router: { address: '192.168.100.9', mac: '02:00:c0:a8:64:09' },
};
export const v6: Family = {
  name: 'IPv6',
  vip: '2001:db8:b::fe',
  lanIp: '2001:db8:b::1',
  length: 64,
  bits: 128,
  network: '2001:db8:b::/64',
  client: { address: '2001:db8:b::46', mac: v4.client.mac },
  otherClient: { address: '2001:db8:b::47', mac: v4.otherClient.mac },
  servers: servers6,
  router: { address: '2001:db8:b::9', mac: v4.router.mac },
};
export const families = [v4, v6] as const;

export const port = 80;
export type Protocol = 'tcp' | 'udp';
export const serviceOf = ({ vip }: Family, protocol: Protocol = 'tcp'): VipKey => ({
  protocol,
  address: vip,
  port,
});
export const serverOf = ({ servers }: Family, index = 0) => ({ address: servers[index].address, port });

export interface DirectOptions extends HarnessOptions {
  /** Default 1, so that a test knows where packets go. */
  readonly realServers?: number;
  readonly scheduler?: 'rr' | 'wrr' | 'wlc';
  /** Where the VIP is: dpdk1 for two-arm. */
  readonly vipPort?: 'dpdk0' | 'dpdk1';
}

export async function addService(scene: Scene, family: Family, protocol: Protocol, options: DirectOptions) {
  const { harness } = scene;
  const service = serviceOf(family, protocol);
  await harness.configure('service.add', { service, scheduler: options.scheduler ?? 'rr' });
  for (let i = 0; i < (options.realServers ?? 1); i++)
    await harness.configure('server.add', { service, server: serverOf(family, i), forwarding: 'Route' });
}

export async function directScene(options: DirectOptions = {}): Promise<Scene> {
  const createHarness = await loadCreateHarness();
  const hosts = new Hosts();
  const scene = new Scene(await createHarness(options), hosts);
  const vipPort = options.vipPort ?? 'dpdk0';
  for (const family of families) {
    hosts.add('dpdk0', ...family.servers, family.router);
    hosts.add(vipPort, family.client, family.otherClient);
    const { harness } = scene;
    await harness.configure('addr.add', {
      address: family.lanIp,
      prefixLength: family.length,
      device: 'dpdk0',
    });
    await harness.configure('addr.add', { address: family.vip, prefixLength: family.bits, device: vipPort });
    for (const protocol of ['tcp', 'udp'] as const) await addService(scene, family, protocol, options);
  }
  return scene;
}

type Body = (t: Test, scene: Scene) => Promise<void>;
export const directTest = (name: string, body: Body, options: DirectOptions = {}): void =>
  sceneTest(name, () => directScene(options), body);

export interface Sent extends Partial<Omit<TcpSpec, 'sport' | 'dport'>> {
  readonly data?: string | number;
  readonly ttl?: number;
  readonly df?: boolean;
}

/** What one client sends to the VIP. */
export class DirectFlow {
  constructor(
    readonly scene: Scene,
    readonly family: Family,
    readonly protocol: Protocol = 'tcp',
    readonly sport = 37_177,
    readonly from: Host = family.client,
    readonly entry: PortName = 'dpdk0',
  ) {}

  frame({ data = '', ttl = 64, df = true, ...tcp }: Sent = {}): PacketBuilder {
    const eth = packet().eth({ src: this.from.mac, dst: this.scene.mac(this.entry) });
    const ip = addressed(eth, this.from.address, this.family.vip, { id: 0x1234, df, ttl }, { hopLimit: ttl });
    const ends = { sport: this.sport, dport: port };
    const l4 = this.protocol === 'tcp' ? ip.tcp({ ...ends, seq: 1000, ack: 5000, ...tcp }) : ip.udp(ends);
    return l4.payload(data);
  }

  send(sent: Sent = {}): Promise<Exchange> {
    return this.scene.exchange(this.entry, this.frame(sent).build());
  }

  async syn(): Promise<Exchange> {
    return this.send({ flags: 'S', ack: 0 });
  }

  async establish(): Promise<this> {
    await this.syn();
    await this.send({ flags: 'A' });
    return this;
  }

  /** Its line of the connection list; undefined when there is none. */
  async connection(): Promise<ConnectionInfo | undefined> {
    const all = await this.scene.harness.connections();
    return all.find(
      ({ client, protocol }) =>
        protocol === this.protocol && client.address === this.from.address && client.port === this.sport,
    );
  }
}
