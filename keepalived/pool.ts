// A virtual server while it runs: which servers are alive, whether there is a quorum, and what the dataplane should have of it. Pure.
import type { Forwarding, RealServer, VipService, VirtualServer } from './model.js';
import { type DesiredServer, type DesiredService, endpointText } from './services.js';

export interface ServerHealth {
  readonly alive: boolean;
  readonly weight: number;
}

export type PoolEvent =
  | { readonly kind: 'server_up' | 'server_down'; readonly server: RealServer }
  | { readonly kind: 'weight'; readonly server: RealServer; readonly from: number; readonly to: number }
  | { readonly kind: 'quorum_gained' | 'quorum_lost'; readonly weight: number; readonly needed: number };

/** A real server within its virtual server. */
export const serverId = ({ address, port }: Pick<RealServer, 'address' | 'port'>): string =>
  `${address.includes(':') ? `[${address}]` : address}${port === null ? '' : `:${port}`}`;

export class Pool {
  #quorumUp = false;
  #health = new Map<string, ServerHealth>();
  /** It has been settled once: from then on changes are events. */
  #begun = false;

  constructor(readonly virtualServer: VirtualServer) {}

  /** Of the pool that it replaces at a reload: what has not changed is no event. */
  inherit(before: Pool): void {
    this.#quorumUp = before.#quorumUp;
    this.#health = new Map(before.#health);
    this.#begun = before.#begun;
  }

  get quorumUp(): boolean {
    return this.#quorumUp;
  }

  /** The sorry server stands in for all others. */
  get sorry(): boolean {
    return this.virtualServer.sorryServer !== null && !this.#quorumUp;
  }

  health(server: RealServer): ServerHealth {
    return this.#health.get(serverId(server)) ?? { alive: false, weight: server.weight };
  }

  /** Weights of the servers that are alive. */
  get aliveWeight(): number {
    const { realServers } = this.virtualServer;
    return realServers.reduce((sum, server) => sum + (this.health(server).alive ? this.health(server).weight : 0), 0);
  }

  /** Takes in what the checks say now. @returns what has changed, servers first */
  settle(healthOf: (server: RealServer) => ServerHealth): PoolEvent[] {
    const events: PoolEvent[] = [];
    const health = new Map<string, ServerHealth>();
    for (const server of this.virtualServer.realServers) {
      const id = serverId(server);
      const [before, now] = [this.#health.get(id), healthOf(server)];
      health.set(id, now);
      if (before === undefined) continue;
      if (before.alive !== now.alive) events.push({ kind: now.alive ? 'server_up' : 'server_down', server });
      if (before.weight !== now.weight) events.push({ kind: 'weight', server, from: before.weight, to: now.weight });
    }
    this.#health = health;
    return [...events, ...this.#judgeQuorum()];
  }

  #judgeQuorum(): PoolEvent[] {
    const { quorum, hysteresis, sorryServer } = this.virtualServer;
    const weight = this.aliveWeight;
    const [begun, was] = [this.#begun, this.#quorumUp];
    this.#begun = true;
    if (!was && weight >= quorum + hysteresis) {
      this.#quorumUp = true;
      return [{ kind: 'quorum_gained', weight, needed: quorum + hysteresis }];
    }
    const needed = quorum - hysteresis;
    const lost = was && (weight === 0 || weight < needed);
    this.#quorumUp = was && !lost;
    // Starting without a quorum is told of only where a sorry server stands in, as keepalived does.
    return lost || (!begun && !was && sorryServer !== null) ? [{ kind: 'quorum_lost', weight, needed }] : [];
  }

  desired(): DesiredService[] {
    const { at, name, scheduler, connTimeout, localAddresses } = this.virtualServer;
    const laddrs =
      localAddresses === null ? null : new Map(localAddresses.map(({ address, device }) => [address, device]));
    return this.virtualServer.services.map((service) => ({
      ...{ at, name, service, scheduler, connTimeout, laddrs },
      servers: new Map(this.#servers(service).map((server) => [endpointText(server.server), server])),
    }));
  }

  #servers(service: VipService): DesiredServer[] {
    const { realServers, sorryServer } = this.virtualServer;
    const servers = realServers.flatMap((server): DesiredServer[] => {
      const { alive, weight } = this.health(server);
      const working = alive && !this.sorry;
      if (!working && !server.inhibit) return [];
      const { forwarding, upperThreshold, lowerThreshold } = server;
      const of = keyOf(server, service);
      return [{ server: of, forwarding, weight: working ? weight : 0, upperThreshold, lowerThreshold }];
    });
    if (sorryServer === null || !(this.sorry || sorryServer.inhibit)) return servers;
    const { forwarding } = sorryServer;
    const sorry = { server: keyOf(sorryServer, service), forwarding, weight: this.sorry ? 1 : 0 };
    return [...servers, { ...sorry, upperThreshold: 0, lowerThreshold: 0 }];
  }
}

/** Direct routing and tunnels deliver the packet as it came, so the server's port is the service's. */
function keyOf(
  { address, port, forwarding }: { address: string; port: number | null; forwarding: Forwarding },
  service: VipService,
): DesiredServer['server'] {
  const asItCame = forwarding === 'Route' || forwarding === 'Tunnel';
  return { address, port: asItCame ? service.port : (port ?? service.port) };
}
