// The L3 switch: the kernel forwards, FRR speaks OSPF, equal-cost next hops are spread by the 5-tuple.

import { must } from './exec.js';
import { Frr, isFull, type Neighbour } from './frr.js';
import { clientNetwork, type NodePlan, ospfTimers, switchName } from './plan.js';
import type { RunState } from './run-state.js';

export type OspfNetwork = 'broadcast' | 'point-to-point';

/** FRR's own intervals, 3 x 300 ms. */
const bfddConf = 'hostname switch\n';

/**
 * Next hops in the routes themselves: of a next-hop group, the kernel drops the members of a link that loses its carrier, and FRR
 * (8.4.4), which keeps the group for three minutes, believes them to be there still when the link is back.
 */
const zebraConf = 'hostname switch\nno zebra nexthop kernel enable\n';

export interface SwitchOptions {
  readonly ospfNetwork: OspfNetwork;
  readonly bfd: boolean;
  /** Its neighbours. */
  readonly nodes: readonly NodePlan[];
}

export class L3Switch {
  readonly frr: Frr;
  readonly namespace: string;

  constructor(
    readonly state: RunState,
    readonly options: SwitchOptions,
  ) {
    this.frr = new Frr(state, switchName);
    this.namespace = state.namespace(switchName);
  }

  async start(): Promise<void> {
    const files = { 'zebra.conf': zebraConf, 'ospfd.conf': this.#ospfdConf() };
    await this.frr.writeConfig(this.options.bfd ? { ...files, 'bfdd.conf': bfddConf } : files);
    await this.frr.start();
  }

  /** The kernel's own next hops towards an address, in order; what the packets will do, not what ospfd believes. */
  async nextHops(address: string): Promise<string[]> {
    const text = await must(['ip', '-json', 'route', 'show', `${address}/32`], { namespace: this.namespace });
    const routes = JSON.parse(text === '' ? '[]' : text) as { gateway?: string; nexthops?: { gateway?: string }[] }[];
    return routes
      .flatMap((route) => [route.gateway, ...(route.nexthops ?? []).map((hop) => hop.gateway)])
      .filter((gateway) => gateway !== undefined)
      .sort();
  }

  async routeText(address: string): Promise<string> {
    return must(['ip', 'route', 'show', `${address}/32`], { namespace: this.namespace });
  }

  async fullNeighbours(): Promise<Neighbour[]> {
    return (await this.frr.neighbours()).filter(isFull);
  }

  #ospfdConf(): string {
    const { helloSeconds, deadSeconds } = ospfTimers;
    const { nodes } = this.options;
    return [
      'hostname switch',
      ...nodes.flatMap(({ switchInterface }) => [
        `interface ${switchInterface}`,
        ` ip ospf network ${this.options.ospfNetwork}`,
        ` ip ospf hello-interval ${helloSeconds}`,
        ` ip ospf dead-interval ${deadSeconds}`,
        // Both ways to the VIP cost the same, whatever speed the interfaces claim to have.
        ' ip ospf cost 10',
        ...(this.options.bfd ? [' ip ospf bfd'] : []),
      ]),
      'interface to-client',
      // On a broadcast link its state changes 40 s after the start (the wait timer), and a router-LSA that the switch originates anew while a
      // node returns from a graceful restart leaves that node out (FRR 8.4.4, measured).
      ' ip ospf network point-to-point',
      'router ospf',
      ' ospf router-id 10.0.0.1',
      ' log-adjacency-changes',
      ' maximum-paths 8',
      // A node originates its router-LSA twice within a millisecond when its adjacency comes up. With the default of
      // one second the second one is thrown away and comes again after the retransmit interval, five seconds later.
      ' timers lsa min-arrival 0',
      // A node that restarts its ospfd on purpose keeps its routes, also while another node announces or withdraws.
      ' capability opaque',
      ' graceful-restart helper enable',
      ' no graceful-restart helper strict-lsa-checking',
      ' passive-interface to-client',
      ...nodes.map(({ wanPrefix }) => ` network ${wanPrefix} area 0.0.0.0`),
      ` network ${clientNetwork} area 0.0.0.0`,
      '',
    ].join('\n');
  }
}
